import { screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { NO_ACCESS } from '../src/features/keys/draft.svelte';
import { REVEAL_SECONDS } from '../src/features/keys/reveal.svelte';
import { asked, at, everything, fill, gone, open, press, user } from './support';

/** Fills the form for an organization key that may read everything. */
async function fillIn(keep = true) {
  await press('new-key');
  await fill('key-name', 'grafana');
  await press('scope-organization');
  await press('preset-monitoring');
  if (!keep) await press('keep-secret');
}

describe('a new key', () => {
  it('is refused before it is sent, with each reason beside its control', async () => {
    const bridge = await open();
    await press('new-key');
    await press('create-key');
    expect(at('key-name-problem').textContent).toContain('Give the key a name.');
    expect(at('project-problem').textContent).toContain('Choose the project');
    expect(at('products-problem').textContent).toContain(NO_ACCESS);
    expect(at('key-name').getAttribute('aria-invalid')).toBe('true');

    await fill('key-name', 'grafana');
    await press('scope-organization');
    await press('expiry-date');
    await fill('expiry-day', '2020-01-01');
    await press('create-key');
    gone('key-name-problem');
    gone('project-problem');
    expect(at('products-problem').textContent).toContain(NO_ACCESS);
    expect(at('expiry-day-problem').textContent).toContain('YYYY-MM-DD');
    expect(asked(bridge, 'create_key')).toEqual([]);
  });

  it('sends exactly what was chosen', async () => {
    const bridge = await open();
    await press('new-key');
    await fill('key-name', ' deploy ');
    await user.selectOptions(at('project-picker'), '2');
    await press('uptime-read_write');
    await press('expiry-never');
    await press('create-key');
    await screen.findByTestId('fresh-sheet');
    expect(asked(bridge, 'create_key')).toEqual([
      {
        key: {
          name: 'deploy',
          note: '',
          scope: { type: 'project', project_id: 2 },
          products: { platform: 'none', uptime: 'read_write' },
          expires_at: null,
        },
        keep: true,
      },
    ]);
  });

  it('shows what it will be able to do while it is described', async () => {
    await open();
    await press('new-key');
    await waitFor(() => {
      expect(at('allowed-count').textContent).toBe('0 of 48 allowed');
    });
    const allowed = () =>
      screen
        .getAllByTestId('operation')
        .filter((operation) => operation.dataset['allowed'] === 'true')
        .map((operation) => operation.dataset['operationId']);
    await press('preset-terraform');
    expect(allowed()).not.toContain('createProject');
    await press('scope-organization');
    expect(allowed()).toContain('createProject');
    expect(allowed()).toHaveLength(48);
    await press('uptime-read');
    expect(allowed()).not.toContain('createUptimeMonitor');
    expect(at('headers').textContent).toContain('X-Phare-Project-Id');
  });

  it('puts what the backend refuses beside its control', async () => {
    const bridge = await open();
    const fields = { name: ['Another key has this name.'] };
    bridge.world.failing.set('create_key', { code: 'invalid', message: '', remedy: '', fields });
    await fillIn();
    await press('create-key');
    expect((await screen.findByTestId('key-name-problem')).textContent).toContain('Another key has this name.');
    gone('problem');
  });
});

describe('a fresh secret', () => {
  it.each(['locked', 'unavailable'] as const)(
    'is kept for this run only while the keychain is %s',
    async (keychain) => {
      await open({ keychain });
      await fillIn();
      await press('create-key');
      expect((await screen.findByTestId('keep-problem')).textContent).toContain('kept until Gardien closes');
      gone('is-kept');
    },
  );

  it('is nowhere in the window unless it is revealed, and gone ten seconds later', async () => {
    const bridge = await open();
    await fillIn();
    await press('create-key');
    await screen.findByTestId('fresh-sheet');
    const [secret] = [...bridge.world.fresh].map((id) => bridge.world.secrets.get(id));
    if (!secret) throw new Error('no secret was made');
    for (const form of ['env', 'curl', 'terraform', 'github']) {
      await press(`form-${form}`);
      expect(at('form-text').textContent).toContain(at('fresh-secret').textContent);
      expect(everything()).not.toContain(secret);
    }
    await press('fresh-copy');
    expect(bridge.world.clipboard).toBe(secret);
    expect(everything()).not.toContain(secret);

    await press('fresh-reveal');
    await waitFor(() => {
      expect(at('fresh-secret').textContent).toBe(secret);
    });
    await waitFor(
      () => {
        expect(everything()).not.toContain(secret);
      },
      { timeout: (REVEAL_SECONDS + 2) * 1000, interval: 250 },
    );
    await press('fresh-reveal');
    await press('fresh-done');
    gone('fresh-sheet');
    expect(everything()).not.toContain(secret);
    expect(asked(bridge, 'forget_fresh')).toHaveLength(1);
  }, 20_000);

  it('that is not kept is not lost by a slip of the hand', async () => {
    const bridge = await open();
    await fillIn(false);
    await press('create-key');
    expect((await screen.findByTestId('not-kept')).textContent).toContain('This is the only time.');
    await press('fresh-done');
    expect(at('fresh-leaving')).toBeTruthy();
    expect(asked(bridge, 'forget_fresh')).toEqual([]);
    await press('fresh-copy-close');
    await waitFor(() => {
      gone('fresh-sheet');
    });
    expect(bridge.world.clipboard).toMatch(/^pha_org_gdn_/);
    await waitFor(() => {
      expect(bridge.world.secrets.has(asked(bridge, 'copy_secret')[0]?.id ?? '')).toBe(false);
    });
  });
});
