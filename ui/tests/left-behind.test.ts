// What is opened and closed many times leaves nothing behind: no listener, no timer, no node.
import { screen, waitFor, within } from '@testing-library/svelte';
import { expect, it, vi } from 'vitest';
import { at, gone, open, press, row, user } from './support';

const TARGETS = [window, document, document.documentElement, document.body];

/** Counts the listeners that stay on what outlives every sheet, and the intervals that still run. */
function watch() {
  const held = new Set<string>();
  let next = 0;
  const ids = new WeakMap<object, number>();
  const idOf = (thing: object) => ids.get(thing) ?? (ids.set(thing, ++next), next);
  const name = (target: object, type: string, handler: object, options: unknown) => {
    const capture = typeof options === 'object' ? (options as AddEventListenerOptions | null)?.capture : options;
    return [idOf(target), type, idOf(handler), Boolean(capture)].join(' ');
  };
  for (const target of TARGETS) {
    const { addEventListener: add, removeEventListener: remove } = target;
    vi.spyOn(target, 'addEventListener').mockImplementation(((type: string, handler: object, options?: unknown) => {
      const { once, signal } = (typeof options === 'object' ? (options ?? {}) : {}) as AddEventListenerOptions;
      const entry = name(target, type, handler, options);
      if (!once) held.add(entry);
      signal?.addEventListener('abort', () => held.delete(entry));
      Reflect.apply(add, target, [type, handler, options]);
    }) as typeof add);
    vi.spyOn(target, 'removeEventListener').mockImplementation(((type: string, handler: object, options?: unknown) => {
      held.delete(name(target, type, handler, options));
      Reflect.apply(remove, target, [type, handler, options]);
    }) as typeof remove);
  }
  const intervals = new Set<unknown>();
  const { setInterval: start, clearInterval: stop } = globalThis;
  vi.spyOn(globalThis, 'setInterval').mockImplementation(((...args: Parameters<typeof start>) => {
    const id = start(...args);
    intervals.add(id);
    return id;
  }) as typeof start);
  vi.spyOn(globalThis, 'clearInterval').mockImplementation((id) => {
    intervals.delete(id);
    stop(id);
  });
  return () => ({ listeners: held.size, intervals: intervals.size, nodes: document.querySelectorAll('*').length });
}

async function sheet() {
  await press('new-key');
  await press('expiry-date');
  await press('pick-day');
  await screen.findByTestId('calendar');
  await user.keyboard('{Escape}');
  await press('cancel');
  await press('draft-discard');
  await waitFor(() => {
    gone('new-key-sheet');
  });
}

async function drawer() {
  await user.click(row('Grafana dashboards'));
  await screen.findByTestId('use-it');
  await user.click(within(at('drawer')).getByTestId('other-computers'));
  await screen.findByTestId('other-computers-help');
  await user.keyboard('{Escape}');
  await waitFor(() => {
    gone('other-computers-help');
  });
  await press('drawer-close');
  gone('drawer');
}

it.each([
  ['sheet', sheet],
  ['drawer', drawer],
])(
  'a %s',
  async (_, once) => {
    const count = watch();
    await open({ projects: 12 });
    await once();
    await once();
    const before = count();
    for (let turn = 0; turn < 5; turn++) await once();
    expect(at('page-keys')).toBeTruthy();
    await waitFor(() => {
      const { listeners, nodes } = count();
      expect({ listeners, nodes }).toEqual({ listeners: before.listeners, nodes: before.nodes });
    });
    // Waiting takes an interval itself.
    expect(count().intervals).toBe(before.intervals);
  },
  30_000,
);
