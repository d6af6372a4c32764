import { fireEvent, screen, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { asked, at, gone, open, press, row, user } from './support';

const words = () => screen.getAllByTestId('why-not').map((each) => each.textContent);

describe('a Member', () => {
  it('sees the keys, and in place of each action why not and whom to ask', async () => {
    const bridge = await open({ role: 'member', keys: 9 });
    expect(words()).toEqual(['Only Owners and Admins can create API keys. Ask ada@example.com.']);
    gone('new-key');
    const first = bridge.world.keys[0]?.name ?? '';
    for (const action of ['row-revoke', 'row-menu', 'row-select']) {
      expect(within(row(first)).queryByTestId(action)).toBeNull();
    }
    await user.click(row(first));
    expect(words()).toContain('Only Owners and Admins can rotate or revoke API keys. Ask ada@example.com.');
    gone('drawer-revoke');
    await fireEvent.click(row(first), { ctrlKey: true });
    gone('bulk-bar');

    await user.keyboard('n');
    gone('new-key-sheet');
    row(first).focus();
    await user.keyboard('{Delete}');
    expect(asked(bridge, 'revoke_key')).toEqual([]);
    expect((await screen.findByTestId('toast')).textContent).toContain('Only Owners and Admins can revoke API keys');
  });

  it('may create projects but neither rename nor delete them', async () => {
    await open({ role: 'member' });
    await press('nav-projects');
    await screen.findAllByTestId('project-row');
    expect(at('new-project')).toBeTruthy();
    gone('rename-project');
    gone('delete-project');
    expect(words()).toEqual(['Only Owners and Admins can rename or delete projects. Ask ada@example.com.']);
  });

  it('is told why there is no audit trail and no limit to change', async () => {
    const bridge = await open({ role: 'member' });
    await press('nav-activity');
    expect(words()).toEqual(['Only Owners and Admins can read the audit trail. Ask ada@example.com.']);
    gone('verify');
    expect(asked(bridge, 'list_audit')).toEqual([]);
    await press('nav-settings');
    expect(await screen.findByText('Only Owners and Admins can change the limit. Ask ada@example.com.')).toBeTruthy();
    gone('calls-per-minute');
  });
});

describe('an Admin', () => {
  it('may all that the Owner may with keys and projects', async () => {
    await open({ role: 'admin' });
    gone('why-not');
    expect(at('new-key')).toBeTruthy();
    await press('nav-projects');
    expect((await screen.findAllByTestId('delete-project')).length).toBe(3);
  });
});
