import { screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import type { WorldOptions } from '../src/bridge/fake/world';
import { asked, at, everything, fill, gone, open, press, row, user } from './support';

const NAME = 'Status page of the ferry company, read by the marketing team';
async function kept(options: WorldOptions = {}) {
  const bridge = await open({ upstream: 'phare', kept: 3, ...options });
  await press('keys-tab-kept');
  return bridge;
}
async function settings(options: WorldOptions) {
  const bridge = await open({ upstream: 'phare', ...options });
  await press('nav-settings');
  return bridge;
}
const keptRow = (name: string) => {
  const found = screen.getAllByTestId('kept-row').find((each) => each.dataset['name'] === name);
  if (!found) throw new Error(`no row of ${name}`);
  return within(found);
};

describe('kept Phare keys', () => {
  it('stand apart from the API keys', async () => {
    await kept();
    expect(screen.getAllByTestId('kept-row')).toHaveLength(3);
    expect(at('kept-count').textContent).toBe('3');
    gone('key-table');
    expect(keptRow('Old Terraform').getByTestId('kept-refused').className).toContain('error');
    await user.keyboard('n');
    expect(await screen.findByTestId('new-key-sheet')).toBeTruthy();
    gone('kept-table');
  });

  it('are taken in with a name and a key, which stays nowhere in the window', async () => {
    const bridge = await kept({ kept: 0 });
    expect(at('empty').textContent).toContain('can be kept here');
    await press('keep-phare-key');
    await press('keep-submit');
    expect(at('keep-name-problem')).toBeTruthy();
    expect(at('keep-key-problem')).toBeTruthy();
    await fill('keep-name', 'Pager');
    await fill('keep-key', '\uFEFF"pha_abcdefghijklmnopqrst"\u00A0');
    await press('keep-submit');
    await waitFor(() => {
      expect(keptRow('Pager').getByText('Lighthouse')).toBeTruthy();
    });
    expect(asked(bridge, 'keep_phare_key')).toEqual([{ name: 'Pager', key: 'pha_abcdefghijklmnopqrst' }]);
    expect(everything()).not.toContain('pha_abcdefghijklmnopqrst');
    await user.click(keptRow('Pager').getByTestId('kept-copy'));
    expect(bridge.world.clipboard).toBe('pha_abcdefghijklmnopqrst');
    const toast = screen.getAllByTestId('toast').find((each) => each.dataset['topic'] === 'clipboard');
    expect(toast?.textContent).toContain('Cleared from the clipboard in 30 s');
  });

  it('that could not be loaded say so, and come when asked for again', async () => {
    const bridge = await kept({ failing: 'list_phare_keys', code: 'disk_full' });
    expect(at('problem').dataset['code']).toBe('disk_full');
    gone('loading');
    gone('empty');
    bridge.world.failing.clear();
    await press('problem-retry');
    expect(await screen.findAllByTestId('kept-row')).toHaveLength(3);
    gone('problem');
  });

  it('that were loaded stay while newer ones cannot be', async () => {
    const bridge = await kept();
    bridge.world.failing.set('list_phare_keys', { code: 'disk_full', message: 'Full.', remedy: '' });
    bridge.push({ type: 'changed', change: { type: 'phare_keys' } });
    expect((await screen.findByTestId('problem')).dataset['code']).toBe('disk_full');
    expect(screen.getAllByTestId('kept-row')).toHaveLength(3);
  });

  it('are checked again', async () => {
    const bridge = await kept();
    await user.click(keptRow('Old Terraform').getByTestId('kept-check'));
    await waitFor(() => {
      expect(keptRow('Old Terraform').queryByTestId('kept-refused')).toBeNull();
    });
    expect(asked(bridge, 'examine_phare_key')).toHaveLength(1);
  });

  it('are revoked by hand in Phare’s panel, then removed here', async () => {
    const bridge = await kept();
    await user.click(keptRow(NAME).getByTestId('kept-revoke'));
    expect((await screen.findByTestId('revoke-in-phare')).textContent).toContain('no API');
    gone('confirm-remove');
    await press('open-phare-panel');
    await press('confirm-remove');
    await waitFor(() => {
      expect(screen.getAllByTestId('kept-row')).toHaveLength(2);
    });
    gone('revoke-in-phare');
    expect(asked(bridge, 'open_phare_panel')).toHaveLength(1);
  });

  it('are given up only after a question, and renamed', async () => {
    const bridge = await kept();
    await user.click(keptRow('Pager').getByTestId('kept-remove'));
    expect(asked(bridge, 'remove_phare_key')).toEqual([]);
    await press('confirm-remove');
    await waitFor(() => {
      expect(screen.getAllByTestId('kept-row')).toHaveLength(2);
    });
    await user.click(keptRow(NAME).getByTestId('kept-rename'));
    await user.clear(at('phare-name'));
    await fill('phare-name', 'Ferry');
    await press('phare-rename-submit');
    await waitFor(() => {
      expect(keptRow('Ferry')).toBeTruthy();
    });
  });

  it.each([{ role: 'member' }, { connection: 'team' }] as WorldOptions[])('are not shown to %o', async (options) => {
    await open({ kept: 2, ...options });
    gone('keys-tab-kept');
  });
});

describe('Phare’s keys that could not be loaded', () => {
  it.each([{ upstream: 'none' }, { connection: 'team', upstream: 'sandbox' }] as WorldOptions[])(
    'are not said to be none: %o',
    async (options) => {
      const bridge = await settings({ ...options, failing: 'list_phare_keys', code: 'disk_full' });
      expect((await screen.findByTestId('problem')).dataset['code']).toBe('disk_full');
      expect(at('page-settings').textContent).not.toMatch(/No Phare key is attached|until a Phare key is attached/);
      bridge.world.failing.clear();
      await press('problem-retry');
      await waitFor(() => {
        expect(at('phare-words').textContent).toMatch(/No Phare key is attached|until a Phare key is attached/);
      });
      gone('problem');
    },
  );

  it('come by themselves once the server is back, whole', async () => {
    const bridge = await settings({ connection: 'team', failing: 'list_phare_keys', code: 'unreachable' });
    await screen.findByTestId('problem');
    bridge.world.failing.clear();
    await press('retry-connection');
    expect(await screen.findByTestId('phare-key-card')).toBeTruthy();
    gone('problem');
  });
});

describe('where Phare’s key would stop an API key', () => {
  it('is said in the drawer, in the row and in the form', async () => {
    await open({ upstream: 'phare', phare: 'read' });
    await waitFor(() => {
      expect(within(row('terraform-production')).getAllByTestId('row-stop')).toHaveLength(2);
    });
    expect(within(row('Grafana dashboards')).queryByTestId('row-stop')).toBeNull();
    await user.click(row('terraform-production'));
    expect(at('key-stops').textContent).toContain('Phare’s key cannot write Uptime');
    await press('drawer-close');
    await press('new-key');
    gone('key-stops');
    await press('scope-organization');
    await press('preset-terraform');
    expect(at('key-stops').textContent).toContain('cannot write Platform');
    await press('preset-monitoring');
    gone('key-stops');
  });

  it('is not said over the sandbox', async () => {
    await open({ upstream: 'sandbox' });
    gone('row-stop');
  });
});

describe('projects of Phare', () => {
  it('are read at once when asked', async () => {
    const bridge = await open({ upstream: 'phare' });
    await press('nav-projects');
    bridge.world.projects.pop();
    await press('read-from-phare');
    await waitFor(() => {
      expect(screen.getAllByTestId('project-row')).toHaveLength(2);
    });
    expect(asked(bridge, 'synchronize_projects')).toHaveLength(1);
  });

  it('that are gone leave keys that say so', async () => {
    const bridge = await open();
    const key = bridge.world.keys[0];
    if (key) key.project_name = null;
    window.dispatchEvent(new Event('gardien:reload'));
    const badge = await screen.findByTestId('row-project-deleted');
    expect(badge.textContent).toBe('Project deleted');
    expect(badge.className).toContain('error');
    await user.click(row('Grafana dashboards'));
    expect(at('project-deleted').textContent).toContain('Every call with this key is refused.');
  });
});
