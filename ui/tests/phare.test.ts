import { screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import type { WorldOptions } from '../src/bridge/fake/world';
import { asked, at, everything, fill, gone, open, press } from './support';

const SECRET = 'pha_org_abcdefghijklmnopqrstuvwxyz';
/** Opens the settings over Phare, with one key attached. */
async function settings(options: WorldOptions = {}) {
  const bridge = await open({ upstream: 'phare', ...options });
  await press('nav-settings');
  return bridge;
}
const card = async (name = 'Phare') =>
  within(
    await waitFor(() => {
      const found = screen.queryAllByTestId('phare-key-card').find((each) => each.dataset['name'] === name);
      if (!found) throw new Error(`no card of ${name}`);
      return found;
    }),
  );

describe('attaching Phare', () => {
  it('is refused before it is sent, with each reason beside its control', async () => {
    const bridge = await settings({ upstream: 'sandbox' });
    expect(at('phare-words').textContent).toContain('sandbox');
    await press('attach-phare');
    await press('attach-submit');
    expect(at('attach-name-problem').textContent).toContain('Give it a name.');
    expect(at('attach-key-problem').textContent).toContain('Paste a key');
    expect(at('leave-sandbox-problem').textContent).toContain('Agree');
    expect(at('attach-key').getAttribute('type')).toBe('password');
    expect(asked(bridge, 'attach_phare_key')).toEqual([]);
  });

  it('over the sandbox warns of what goes, and needs consent', async () => {
    const bridge = await settings({ upstream: 'sandbox', keys: 3 });
    await press('attach-phare');
    await waitFor(() => {
      expect(at('leave-sandbox-warning').textContent).toContain('3 API keys made for the sandbox are revoked.');
    });
    await fill('attach-name', 'Acme');
    await fill('attach-key', SECRET);
    await press('attach-submit');
    expect(asked(bridge, 'attach_phare_key')).toEqual([]);
    await press('leave-sandbox');
    await press('attach-submit');
    expect((await card('Acme')).getByTestId('phare-findings').textContent).toContain('Read-write');
    expect(asked(bridge, 'attach_phare_key')).toEqual([{ name: 'Acme', key: SECRET, leave_sandbox: true }]);
    expect(at('phare-words').textContent).toBe('Calls go to Phare with 1 key.');
    gone('attach-dialog');
  });

  it('says beside the field why Phare does not take the key, and forgets it', async () => {
    const bridge = await settings();
    await press('attach-phare');
    gone('leave-sandbox');
    await fill('attach-name', 'Shop');
    await fill('attach-key', 'pha_refused_by_phare');
    await press('attach-submit');
    expect((await screen.findByTestId('attach-key-problem')).textContent).toContain('does not take this key');
    gone('problem');
    expect(everything()).not.toContain('pha_refused_by_phare');
    await fill('attach-key', 'pha_shopshopshopshopshop');
    gone('attach-key-problem');
    await press('attach-submit');
    expect((await card('Shop')).getByText('Lighthouse', { selector: '.badge *' })).toBeTruthy();
    expect(asked(bridge, 'attach_phare_key').at(-1)?.leave_sandbox).toBe(false);
    expect(screen.getByText('Each call goes out with the narrowest attached key that can serve it.')).toBeTruthy();
  });

  it('says what else goes wrong in a box', async () => {
    const bridge = await settings();
    bridge.world.failing.set('attach_phare_key', { code: 'upstream_unreachable', message: '', remedy: '' });
    await press('attach-phare');
    await fill('attach-name', 'Shop');
    await fill('attach-key', SECRET);
    await press('attach-submit');
    expect((await screen.findByTestId('problem')).dataset['code']).toBe('upstream_unreachable');
  });
});

describe('an attached key', () => {
  it('shows what it can do and the calls that showed it', async () => {
    const bridge = await settings();
    const shown = await card();
    expect(shown.getByTestId('phare-findings').textContent).toMatch(/Platform\s*Read-write\s*Uptime\s*Read-write/);
    expect(shown.getByTestId('phare-calls-toggle').textContent).toContain('Checked 5 minutes ago, 4 calls');
    expect(shown.getByTestId('phare-calls').textContent).toMatch(/GET \/projects → 200/);
    await press('phare-check');
    await waitFor(() => {
      expect(shown.getByTestId('phare-calls-toggle').textContent).toContain('Checked just now');
    });
    expect(asked(bridge, 'examine_phare_key')).toHaveLength(1);
  });

  it('says "Not known" where it is not', async () => {
    await settings({ phare: 'unknown' });
    expect((await card()).getByTestId('phare-findings').textContent).toContain('Not known');
  });

  it('that Phare refuses says since when, in its card and in a banner', async () => {
    await open({ upstream: 'phare', phare: 'refused' });
    await waitFor(() => {
      expect(at('banner').dataset['code']).toBe('phare_refused');
    });
    expect(at('banner').textContent).toContain('Phare refuses the key “Phare”');
    await press('open-phare-settings');
    expect((await card()).getByTestId('phare-refused').textContent).toContain('502');
    await press('phare-check');
    await waitFor(() => {
      gone('phare-refused');
    });
    gone('banner');
  });

  it('is renamed', async () => {
    await settings();
    await press('phare-rename');
    await fill('phare-name', ' Europe');
    await press('phare-rename-submit');
    expect(await card('Phare Europe')).toBeTruthy();
  });

  it('is detached only after it is said what then happens', async () => {
    const bridge = await settings();
    await press('phare-detach');
    expect(at('detach-dialog').textContent).toContain('answered with 503');
    expect(asked(bridge, 'remove_phare_key')).toEqual([]);
    await press('confirm-detach');
    await waitFor(() => {
      expect(at('phare-words').textContent).toContain('until a Phare key is attached');
    });
    gone('phare-key-card');
    expect(at('banner').dataset['code']).toBe('upstream_missing');
    expect(at('open-phare-settings')).toBeTruthy();
  });
});

describe('replacing a key', () => {
  it('goes over two slots, there and back', async () => {
    const bridge = await settings();
    await press('phare-next');
    await fill('stage-key', 'pha_org_read_abcdefghijklmnop');
    await press('stage-submit');
    expect((await screen.findByTestId('slot-next')).textContent).toContain('Next');
    expect(at('differences').textContent).toContain('The next key cannot write Uptime; the one in use can.');
    gone('phare-next');

    await press('phare-switch');
    await waitFor(() => {
      expect(at('slot-next').textContent).toContain('Before');
    });
    expect(at('switched').textContent).toContain('Switched on');
    expect(at('differences').textContent).toContain('The one before can write Uptime; the one in use cannot.');
    expect(at('phare-switch').textContent).toBe('Switch back');
    await press('phare-switch');
    await waitFor(() => {
      expect(at('slot-next').textContent).toContain('Next');
    });
    await press('phare-switch');
    await waitFor(() => {
      expect(at('phare-unstage').textContent).toContain('Remove the old key');
    });
    await press('phare-unstage');
    expect(at('unstage-dialog').textContent).toContain('Revoke it in Phare’s panel too');
    await press('open-phare-panel');
    await press('confirm-unstage');
    await waitFor(() => {
      gone('slot-next');
    });
    expect(asked(bridge, 'switch_phare_key')).toHaveLength(3);
    expect(asked(bridge, 'open_phare_panel')).toHaveLength(1);
    expect(asked(bridge, 'unstage_phare_key')).toHaveLength(1);
  });

  it('says beside the field that a key of another scope cannot take its place', async () => {
    await settings();
    await press('phare-next');
    await fill('stage-key', 'pha_shopshopshop');
    await press('stage-submit');
    expect((await screen.findByTestId('stage-key-problem')).textContent).toContain('another place');
  });

  it('is reminded of when it is due, once a run', async () => {
    await open({ upstream: 'phare', phare: 'due' });
    await waitFor(() => {
      expect(at('banner').dataset['code']).toBe('phare_due');
    });
    await press('replace-phare-key');
    expect((await card()).getByTestId('phare-due').textContent).toContain('Replace it');
    await press('dismiss-phare-due');
    gone('banner');
  });
});

describe('going back to the sandbox', () => {
  it('says which keys go, and needs consent', async () => {
    const bridge = await settings({ keys: 3 });
    await press('use-sandbox');
    await waitFor(() => {
      expect(at('sandbox-dialog').textContent).toContain('3 API keys made for Phare are revoked.');
    });
    await press('confirm-sandbox');
    expect(at('confirm-sandbox-missing')).toBeTruthy();
    expect(asked(bridge, 'use_sandbox')).toEqual([]);
    await press('sandbox-ok');
    await press('confirm-sandbox');
    await waitFor(() => {
      expect(at('phare-words').textContent).toContain('sandbox');
    });
    gone('use-sandbox');
    gone('phare-key-card');
  });
});

describe('who does not manage keys here', () => {
  it('as a Member sees why', async () => {
    const bridge = await settings({ role: 'member' });
    expect(
      within(at('page-settings'))
        .getAllByTestId('why-not')
        .map(({ textContent }) => textContent)
        .join(),
    ).toContain('see or change Phare’s keys');
    gone('attach-phare');
    expect(asked(bridge, 'list_phare_keys')).toEqual([]);
  });

  it('of a team does the same there, but leave it for the sandbox of this computer', async () => {
    await settings({ connection: 'team', phare: 'staged' });
    const shown = await card();
    for (const testid of ['phare-check', 'phare-switch', 'phare-detach', 'phare-unstage', 'phare-rename'])
      expect(shown.getByTestId(testid)).toBeTruthy();
    expect(at('attach-phare')).toBeTruthy();
    gone('use-sandbox');
  });
});
