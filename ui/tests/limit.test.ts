// The shared limit on Settings: who has what of it, and what one press changes.
import { screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { fault } from '../src/bridge/fake/world';
import { app } from '../src/state/app.svelte';
import { asked, at, open, openSettings, press, user } from './support';

const use = (index: number) => screen.getAllByTestId('limit-use')[index] ?? document.body;
const button = (index: number, testid: string) => within(use(index)).queryByTestId(testid);
const names = () => screen.getAllByTestId('limit-use').map((row) => row.dataset['keyName']);

describe('the shared limit', () => {
  it('says that somebody uses Phare’s key directly, on Settings and in the gauge', async () => {
    const bridge = await open();
    await openSettings(bridge);
    expect(screen.queryByTestId('direct-use')).toBeNull();
    const limits = app.limits;
    if (!limits) throw new Error('no limits');
    const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
    const last = minutesAgo(2);
    app.limits = { ...limits, direct: { since: last, last, calls: 12 } };
    const said =
      /^Somebody uses Phare’s key directly: at least 12 calls that Gardien did not make since \d\d:\d\d, the last 2 minutes ago\.$/;
    expect((await screen.findByTestId('direct-use')).textContent).toMatch(said);
    expect(at('gauge').textContent).toContain('others call directly');
    await press('gauge-open');
    expect((await screen.findByTestId('gauge-direct')).textContent).toMatch(said);
    app.limits = { ...limits, direct: { since: minutesAgo(3 * 24 * 60), last, calls: 1 } };
    await waitFor(() => {
      expect(at('direct-use').textContent).toMatch(
        /at least 1 call that Gardien did not make since \d+ \w+ \d{4}, \d\d:\d\d,/,
      );
    });
  });

  it('keeps calls free for a key with one press, and takes that back with another', async () => {
    const bridge = await open();
    await openSettings(bridge);
    const [first] = bridge.world.keys;
    expect(button(0, 'unshare')).toHaveProperty('disabled', true);
    await user.click(within(use(0)).getByTestId('keep-free'));
    await waitFor(() => {
      expect(within(use(0)).getByTestId('limit-share').textContent).toBe('10 a minute kept free');
    });
    expect(asked(bridge, 'update_key')).toEqual([{ id: first?.id, patch: { share: { reserved: 10 } } }]);
    expect(button(0, 'keep-free')).toHaveProperty('disabled', true);
    expect(at('limit-uses').textContent).toContain('10 always kept free');
    await user.click(within(use(0)).getByTestId('unshare'));
    await waitFor(() => {
      expect(button(0, 'limit-share')).toBeNull();
    });
    expect(asked(bridge, 'update_key')[1]).toEqual({ id: first?.id, patch: { share: null } });
  });

  it('knows of an idle key that it has no share any more, while its row stays under the pointer', async () => {
    const bridge = await open();
    const [first] = bridge.world.keys;
    if (!first) throw new Error('no keys');
    first.share = { at_most: null, reserved: 10, weight: 1 };
    await openSettings(bridge, 0);
    expect(within(use(0)).getByTestId('limit-share').textContent).toBe('10 a minute kept free');
    await user.click(within(use(0)).getByTestId('unshare'));
    await waitFor(() => {
      expect(app.limits?.by_key).toEqual([]);
      expect(button(0, 'limit-share')).toBeNull();
    });
    expect(names()).toEqual([first.name]);
    await waitFor(() => {
      expect(button(0, 'unshare')?.getAttribute('aria-busy')).not.toBe('true');
    });
    expect(button(0, 'unshare')).toHaveProperty('disabled', true);
    expect(button(0, 'keep-free')).toHaveProperty('disabled', false);
  });

  it('bounds a key with one press, and leaves what is kept free for it', async () => {
    const bridge = await open();
    const second = bridge.world.keys[1];
    if (!second) throw new Error('no second key');
    second.share = { at_most: null, reserved: 5, weight: 1 };
    await openSettings(bridge);
    await user.click(within(use(1)).getByTestId('cap'));
    await waitFor(() => {
      expect(within(use(1)).getByTestId('limit-share').textContent).toBe('At most 50 a minute, 5 a minute kept free');
    });
    expect(asked(bridge, 'update_key')).toEqual([{ id: second.id, patch: { share: { at_most: 50 } } }]);
    expect(button(1, 'cap')).toHaveProperty('disabled', true);
  });

  it('offers nothing that cannot be kept, and says why something was refused', async () => {
    const bridge = await open();
    const [first, second] = bridge.world.keys;
    if (!first || !second) throw new Error('no keys');
    first.share = { at_most: null, reserved: 99, weight: 1 };
    await openSettings(bridge);
    expect(button(1, 'keep-free')).toHaveProperty('disabled', true);
    bridge.world.failing.set(
      'update_key',
      fault('invalid', 'Some fields need a look.', { 'share.at_most': ['At least 1.'] }),
    );
    await user.click(within(use(1)).getByTestId('cap'));
    await waitFor(() => {
      expect(at('limit-uses').textContent).toContain('At least 1.');
    });
  });

  it('keeps no more free for a key than it may have', async () => {
    const bridge = await open();
    const second = bridge.world.keys[1];
    if (!second) throw new Error('no second key');
    second.share = { at_most: 5, reserved: null, weight: 1 };
    await openSettings(bridge);
    expect(button(0, 'keep-free')).toHaveProperty('disabled', false);
    expect(button(1, 'keep-free')).toHaveProperty('disabled', true);
  });

  it('puts no row in the place of another under the pointer', async () => {
    const bridge = await open();
    await openSettings(bridge);
    const before = names();
    await user.hover(within(use(0)).getByTestId('cap'));
    const limits = app.limits;
    if (!limits) throw new Error('no limits');
    const [one, other] = limits.by_key;
    if (!one || !other) throw new Error('not two keys');
    app.limits = { ...limits, by_key: [{ ...other, id: 'new', name: 'new' }, other] };
    await waitFor(() => {
      expect(names()).toEqual([...before, 'new']);
    });
    expect(use(0).textContent).toContain('0 calls');
    await user.unhover(at('limit-uses'));
    await user.hover(at('page-settings'));
    app.limits = { ...limits, by_key: [other, one] };
    await waitFor(() => {
      expect(names()).toEqual(before.toReversed());
    });
  });

  it('puts no row in the place of another while one has the focus', async () => {
    const bridge = await open();
    await openSettings(bridge);
    const before = names();
    within(use(0)).getByTestId('cap').focus();
    const limits = app.limits;
    if (!limits) throw new Error('no limits');
    const turned = limits.by_key.toReversed();
    app.limits = { ...limits, by_key: turned.map((use) => ({ ...use, calls: 7 })) };
    await waitFor(() => {
      expect(use(0).textContent).toContain('7 calls');
    });
    expect(names()).toEqual(before);
    at('nav-settings').focus();
    app.limits = { ...limits, by_key: turned };
    await waitFor(() => {
      expect(names()).toEqual(before.toReversed());
    });
  });

  it('says for how long the first of a key has waited', async () => {
    const bridge = await open();
    await openSettings(bridge);
    const limits = app.limits;
    if (!limits) throw new Error('no limits');
    const [one, ...others] = limits.by_key;
    if (!one) throw new Error('no keys');
    app.limits = { ...limits, by_key: [{ ...one, waiting: 12, waited_seconds: 7 }, ...others] };
    await waitFor(() => {
      expect(use(0).textContent).toContain('42 calls, 12 waiting, the first for 7 s');
    });
    expect(use(1).textContent).not.toContain('waiting');
  });
});
