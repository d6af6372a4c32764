// The list while things change: what stays where it is, and what comes in and when.
import { fireEvent, screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import type { KeyView } from '../src/bindings';
import type { FakeBridge } from '../src/bridge/fake';
import { asked, at, fill, gone, inRow, open, press, row, user } from './support';
import { settle } from './meanwhile';

const [GRAFANA, TERRAFORM, BOT] = ['Grafana dashboards', 'terraform-production', 'Status page bot'] as const;
const shown = () =>
  screen
    .getAllByTestId('key-row')
    .sort((one, other) => parseFloat(one.style.top) - parseFloat(other.style.top))
    .map((each) => each.dataset['keyName']);
const focusedOn = (name: string) =>
  waitFor(() => {
    expect(document.activeElement).toBe(row(name));
  });

/** Makes or changes a key behind the window's back and tells it. */
function change(bridge: FakeBridge, key: KeyView, what: Partial<KeyView>): void {
  const known = bridge.world.keys.find(({ id }) => id === key.id);
  if (known) Object.assign(known, what);
  else bridge.world.keys.unshift({ ...structuredClone(key), ...what });
  bridge.push({ type: 'changed', change: { type: 'keys', ids: [key.id] } });
}
function makeElsewhere(bridge: FakeBridge, name: string): void {
  const [like] = bridge.world.keys;
  if (like) change(bridge, { ...like, id: `elsewhere-${name}` }, { name, created_at: new Date().toISOString() });
}

async function create(name: string): Promise<void> {
  await fill('key-name', name);
  await press('scope-organization');
  await press('preset-monitoring');
  await press('create-key');
  await screen.findByTestId('fresh-sheet');
}

describe('the cursor', () => {
  it('is on a key that was just created, also when its sheet is left by Escape', async () => {
    const bridge = await open();
    await user.keyboard('jj');
    await focusedOn(TERRAFORM);
    await user.keyboard('n');
    await create('brand new');
    await user.keyboard('{Escape}');
    if (screen.queryByTestId('fresh-abandon')) await press('fresh-abandon');
    await focusedOn('brand new');
    await user.keyboard('{Delete}');
    await waitFor(() => {
      expect(row('brand new').dataset['status']).toBe('revoked');
    });
    const made = bridge.world.keys.find(({ name }) => name === 'brand new');
    expect(asked(bridge, 'revoke_key')).toEqual([{ id: made?.id }]);
  });

  it('does not follow a focus that only comes back to where it was', async () => {
    const bridge = await open();
    await user.click(inRow(GRAFANA, 'row-menu'));
    await press('replace-key');
    await screen.findByTestId('fresh-sheet');
    const [made] = bridge.world.keys;
    await press('fresh-done');
    await waitFor(() => {
      expect((document.activeElement as HTMLElement).dataset['keyId']).toBe(made?.id);
    });
    inRow(BOT, 'row-menu').focus();
    await waitFor(() => {
      expect((document.activeElement as HTMLElement).dataset['keyId']).toBe(made?.id);
    });
  });

  it('has the focus again after the drawer, an undone revocation and a dialog', async () => {
    await open();
    await user.click(row(TERRAFORM));
    await user.keyboard('{Escape}');
    await focusedOn(TERRAFORM);
    await user.keyboard('{Delete}');
    await press('undo');
    await focusedOn(TERRAFORM);
    await user.keyboard('r');
    await screen.findByTestId('rotate-dialog');
    await user.keyboard('{Escape}');
    await focusedOn(TERRAFORM);
  });
});

describe('what changes elsewhere', () => {
  it('waits while the pointer is over the list, and comes in once it has left', async () => {
    const bridge = await open();
    const before = shown();
    await fireEvent.pointerEnter(at('key-table'));
    makeElsewhere(bridge, 'from afar');
    expect((await screen.findByTestId('show-new')).textContent.trim()).toBe('Show 1 new key');
    expect(at('arrivals').textContent.trim()).toBe('1 new key');
    expect(shown()).toEqual(before);
    await fireEvent.pointerLeave(at('key-table'));
    await waitFor(() => {
      expect(shown()).toEqual(['from afar', ...before]);
    });
    gone('show-new');
  });

  it('waits to be asked for in another order: a revoked row would go with it', async () => {
    const bridge = await open();
    await press('sort-name');
    await fireEvent.pointerEnter(at('key-table'));
    makeElsewhere(bridge, 'from afar');
    await screen.findByTestId('show-new');
    change(bridge, bridge.world.keys[1] as KeyView, { status: 'revoked' });
    (document.activeElement as HTMLElement).blur();
    await fireEvent.pointerLeave(at('key-table'));
    await settle();
    expect(row(GRAFANA).dataset['status']).toBe('revoked');
    await press('show-new');
    await waitFor(() => {
      expect(new Set(shown())).toEqual(new Set(['from afar', BOT, TERRAFORM]));
    });
  });

  it('comes in when asked for, and under a cursor that stays on its key', async () => {
    const bridge = await open();
    await user.keyboard('jj');
    await focusedOn(TERRAFORM);
    makeElsewhere(bridge, 'one');
    makeElsewhere(bridge, 'two');
    await waitFor(() => {
      expect(at('show-new').textContent.trim()).toBe('Show 2 new keys');
    });
    await press('show-new');
    expect(shown().slice(0, 2).sort()).toEqual(['one', 'two']);
    expect(row(TERRAFORM).dataset['current']).toBe('true');
    expect(document.activeElement).not.toBe(document.body);
    expect(at('page-keys').textContent).toContain('5 keys');
  });

  it('is seen in its row at once: a revocation, a name, a use', async () => {
    const bridge = await open();
    const [first, second, third] = bridge.world.keys as [KeyView, KeyView, KeyView];
    const before = shown();
    change(bridge, first, { status: 'revoked' });
    change(bridge, second, { name: 'renamed' });
    const use = { last_operation: 'deleteUptimeMonitor', last_client: 'curl', last_address: '10.0.0.7' };
    const last_used_at = new Date(Date.now() - 61_000).toISOString();
    const uses = [{ id: third.id, last_used_at, ...use, previous_used_at: null, earlier_used_at: null }];
    bridge.push({ type: 'changed', change: { type: 'uses', uses } });
    await waitFor(() => {
      expect(row(GRAFANA).dataset['status']).toBe('revoked');
      expect(shown()).toEqual([before[0], 'renamed', before[2]]);
      expect(row(BOT).querySelector('.used')?.getAttribute('title')).toBe(
        '1 min ago, deleting a monitor, by curl from 10.0.0.7',
      );
    });
  });

  it('is found by looking, where nothing was heard of it', async () => {
    const bridge = await open();
    await fireEvent.pointerEnter(at('key-table'));
    const [first] = bridge.world.keys as [KeyView];
    bridge.world.keys.unshift({ ...structuredClone(first), id: 'unheard', created_at: new Date().toISOString() });
    Object.assign(first, { status: 'revoked' });
    window.dispatchEvent(new Event('focus'));
    expect((await screen.findByTestId('show-new')).textContent.trim()).toBe('Show 1 new key');
    await waitFor(() => {
      expect(row(GRAFANA).dataset['status']).toBe('revoked');
    });
  });
});

describe('the columns', () => {
  it('sort the list, turn it round, and give the usual order back', async () => {
    const bridge = await open();
    const head = () => at('sort-name').closest('[role="columnheader"]');
    await press('sort-name');
    await waitFor(() => {
      expect(shown()).toEqual([GRAFANA, BOT, TERRAFORM]);
    });
    expect(head()?.getAttribute('aria-sort')).toBe('ascending');
    await press('sort-name');
    expect(asked(bridge, 'list_keys').at(-1)).toMatchObject({ sort: 'name', order: 'descending', live: true });
    await press('sort-name');
    expect(asked(bridge, 'list_keys').at(-1)).toEqual({ live: true, limit: 100 });
    expect(head()?.getAttribute('aria-sort')).toBeNull();
  });

  it('tell keys of one name apart by the end of their secrets', async () => {
    const bridge = await open();
    const [first, second] = bridge.world.keys as [KeyView, KeyView];
    expect(screen.queryByTestId('row-tail')).toBeNull();
    change(bridge, second, { name: first.name });
    await waitFor(() => {
      const tails = screen.getAllByTestId('row-tail').map(({ textContent }) => textContent);
      expect(tails).toEqual([first, second].map(({ display }) => `…${display.slice(-4)}`));
    });
  });
});

describe('revoked and expired keys', () => {
  it('are out of the way, one chip away, and there when their status is asked for', async () => {
    const bridge = await open({ keys: 9 });
    expect(shown()).toHaveLength(7);
    await press('filter-dead');
    await waitFor(() => {
      expect(shown()).toHaveLength(9);
    });
    await press('filter-dead');
    await press('filter-status');
    await press('filter-status-revoked');
    await waitFor(() => {
      expect(shown()).toEqual(['nightly-report']);
    });
    expect(asked(bridge, 'list_keys').at(-1)).toEqual({ status: 'revoked', limit: 100 });
    await press('filter-status');
    await press('filter-status-any');
    expect(asked(bridge, 'list_keys').at(-1)).toEqual({ live: true, limit: 100 });
  });

  it('are said to be there where nothing else is', async () => {
    const bridge = await open({ keys: 1 });
    await user.click(inRow(GRAFANA, 'row-revoke'));
    await press('sort-name');
    expect(await screen.findByText(/No key works at the moment: 1 key was/)).toBeTruthy();
    await press('show-dead');
    await waitFor(() => {
      expect(row(GRAFANA).dataset['status']).toBe('revoked');
    });
    expect(bridge.world.keys).toHaveLength(1);
  });
});

it('shows what time alone ends, and asks nobody for it', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
  const bridge = await open({ keys: 12 });
  const soon = new Date(Date.now() + 30_000).toISOString();
  const rotating = bridge.world.keys.find(({ status }) => status === 'rotating') as KeyView;
  change(bridge, bridge.world.keys[0] as KeyView, { expires_at: soon });
  change(bridge, rotating, { previous_valid_until: soon });
  await waitFor(() => {
    expect(row(GRAFANA).textContent).toContain('just now');
    expect(inRow(rotating.name, 'old-secret').textContent).toBe('ending');
  });
  const asked = bridge.calls.length;
  vi.advanceTimersByTime(60_000);
  await waitFor(() => {
    expect([row(GRAFANA), row(rotating.name)].map((each) => each.dataset['status'])).toEqual(['expired', 'active']);
  });
  expect(bridge.calls).toHaveLength(asked);
});
