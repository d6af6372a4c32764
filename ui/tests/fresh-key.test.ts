import { screen, waitFor } from '@testing-library/svelte';
import { tick } from 'svelte';
import { describe, expect, it, vi } from 'vitest';
import { REVEAL_SECONDS } from '../src/features/keys/reveal.svelte';
import { asked, at, everything, fillIn, gone, open, press } from './support';

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
    for (const form of ['env', 'curl', 'terraform']) {
      await press(`form-${form}`);
      await waitFor(() => {
        expect(at('form-text').textContent).toMatch(new RegExp(`^${form}: `));
      });
      expect(at('form-text').textContent.includes(at('fresh-secret').textContent)).toBe(form === 'env');
      expect(everything()).not.toContain(secret);
    }
    await press('fresh-copy');
    expect(bridge.world.clipboard).toBe(secret);
    expect(everything()).not.toContain(secret);

    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await press('fresh-reveal');
    await waitFor(() => {
      expect(at('fresh-secret').textContent).toBe(secret);
    });
    vi.advanceTimersByTime((REVEAL_SECONDS - 1) * 1000);
    await tick();
    expect(everything()).toContain(secret);
    vi.advanceTimersByTime(1000);
    await tick();
    expect(everything()).not.toContain(secret);
    await press('fresh-reveal');
    await press('fresh-done');
    gone('fresh-sheet');
    expect(everything()).not.toContain(secret);
    expect(asked(bridge, 'forget_fresh')).toHaveLength(1);
  });

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
