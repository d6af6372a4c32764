import { screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { fault } from '../src/bridge/fake/world';
import { NO_ACCESS } from '../src/features/keys/draft.svelte';
import { asked, at, edit, gone, hold, open, press, row, user } from './support';

describe('editing a key', () => {
  it('sends only what was changed, and the row shows it', async () => {
    const bridge = await open();
    const key = bridge.world.keys.find(({ status }) => status === 'active');
    if (!key) throw new Error('no key that works');
    await edit(key.name);
    await user.clear(at('edit-name'));
    await user.type(at('edit-name'), 'renamed');
    await press('uptime-read_write');
    await press('save-key');
    await waitFor(() => {
      expect(row('renamed')).toBeTruthy();
    });
    gone('edit-key');
    expect(asked(bridge, 'update_key')).toEqual([
      { id: key.id, patch: { name: 'renamed', products: { ...key.products, uptime: 'read_write' } } },
    ]);
  });

  it('sends nothing when nothing was changed, and refuses a key without any access', async () => {
    const bridge = await open();
    const name = screen.getAllByTestId('key-row')[0]?.dataset['keyName'] ?? '';
    await edit(name);
    await press('save-key');
    gone('edit-key');
    await edit(name);
    await press('platform-none');
    await press('uptime-none');
    await press('save-key');
    expect(at('products-problem').textContent).toContain(NO_ACCESS);
    expect(asked(bridge, 'update_key')).toEqual([]);
  });

  it('blames no name for what another was refused for', async () => {
    const bridge = await open();
    const name = screen.getAllByTestId('key-row')[0]?.dataset['keyName'] ?? '';
    await edit(name);
    await user.clear(at('edit-name'));
    await user.type(at('edit-name'), 'taken');
    const fields = { name: ['Another key has this name.'] };
    bridge.world.failing.set('update_key', fault('invalid', 'Some fields need a look.', fields));
    const answer = hold(bridge, 'update_key');
    await press('save-key');
    await user.type(at('edit-name'), ' too');
    answer();
    await waitFor(() => {
      expect(asked(bridge, 'update_key')).toHaveLength(1);
      expect(at('save-key').getAttribute('aria-busy')).not.toBe('true');
    });
    gone('edit-name-problem');
    await user.type(at('edit-name'), '{Backspace>4/}');
    expect(at('edit-name-problem').textContent).toContain('Another key has this name.');
  });

  it('asks once before what was changed is lost', async () => {
    const bridge = await open();
    const name = screen.getAllByTestId('key-row')[0]?.dataset['keyName'] ?? '';
    await edit(name);
    await user.type(at('edit-name'), ' too');
    await user.keyboard('{Escape}');
    expect(at('leave-draft').textContent).toContain('without saving');
    await press('draft-stay');
    expect(document.activeElement).toBe(at('edit-name'));
    await press('cancel');
    await press('draft-discard');
    gone('edit-key');
    expect(asked(bridge, 'update_key')).toEqual([]);
  });
});

describe('Enter', () => {
  it('rotates from the choice of how long the old secret works, and the result says until when', async () => {
    const bridge = await open();
    await user.keyboard('jr');
    await screen.findByTestId('rotate-dialog');
    await user.keyboard('{Enter}');
    expect((await screen.findByTestId('fresh-sheet')).textContent).toMatch(/works until .* \(in (1 day|23 hours)\)/);
    expect(asked(bridge, 'rotate_key')).toHaveLength(1);
  });

  it('revokes what was chosen together', async () => {
    const bridge = await open();
    await user.keyboard('jx');
    await user.keyboard('{Delete}');
    await screen.findByTestId('revoke-dialog');
    await waitFor(() => {
      expect(document.activeElement).toBe(at('confirm-revoke'));
    });
    await user.keyboard('{Enter}');
    await waitFor(() => {
      expect(asked(bridge, 'revoke_key')).toHaveLength(1);
    });
  });
});
