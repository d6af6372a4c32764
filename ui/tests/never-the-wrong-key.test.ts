// Whatever comes between looking and pressing, an action meets the key that was shown when it began.
import { cleanup, fireEvent, screen, within } from '@testing-library/svelte';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FakeBridge } from '../src/bridge/fake';
import { toasts } from '../src/components/toasts.svelte';
import { between, listen, meanwhile, place, settle, type Between } from './meanwhile';
import { open } from './support';

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('move' as const), by: fc.constantFrom(1, -1, 3) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('meanwhile' as const), what: between, at: place }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sort' as const), by: fc.constantFrom('name', 'last_used') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('dead' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stretch' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('away' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('show' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('undo' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('key' as const), key: fc.constantFrom('Delete', 'c', 'r'), what: between }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('pointer' as const),
      at: place,
      on: fc.constantFrom('row-revoke', 'row-copy', 'replace-key', 'rotate-key'),
      before: between,
      after: between,
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const rows = () => screen.queryAllByTestId('key-row').sort((one, other) => topOf(one) - topOf(other));
const topOf = (row: HTMLElement) => parseFloat(row.style.top);
const rowAt = (top: number) => rows().find((row) => topOf(row) === top);
const current = () => document.querySelector<HTMLElement>('[data-current="true"]')?.dataset['keyId'];
const chosen = () => rows().filter((row) => row.getAttribute('aria-selected') === 'true');
const ids = (all: HTMLElement[]) => all.map((row) => row.dataset['keyId'] ?? '').sort();
const type = (key: string, init: KeyboardEventInit = {}) =>
  fireEvent.keyDown(document.activeElement ?? document.body, { key, bubbles: true, ...init });
async function press(element: HTMLElement): Promise<void> {
  await fireEvent.pointerDown(element);
  element.focus();
  await fireEvent.pointerUp(element);
  await fireEvent.click(element);
}

/** How many actions were met at all: a test of none would show nothing. */
let actions = 0;

/** Confirms what a dialog asks, or leaves what stands over the list. */
async function answer(): Promise<void> {
  for (const testid of ['confirm-rotate', 'confirm-revoke', 'fresh-done', 'fresh-abandon']) {
    const button = screen.queryByTestId(testid);
    if (!button) continue;
    await press(button);
    await settle();
  }
}

async function byKeyboard(bridge: FakeBridge, key: string, what: Between): Promise<void> {
  const several = key === 'Delete' && chosen().length > 0;
  const shown = several ? ids(chosen()) : [current() ?? ''];
  const met = listen(bridge);
  await type(key);
  meanwhile(bridge, what, 3);
  await settle();
  await answer();
  const done = met();
  actions += done.length;
  expect(shown).toEqual(expect.arrayContaining(done));
}

/** The pointer rests on a place of the screen; whatever comes, it presses what stood there when it came. */
async function byPointer(bridge: FakeBridge, one: Extract<Step, { do: 'pointer' }>): Promise<void> {
  await fireEvent.pointerEnter(screen.getByTestId('key-table'));
  const all = rows();
  const row = all[one.at % Math.max(all.length, 1)];
  if (!row) return;
  const [top, shown] = [topOf(row), row.dataset['keyId']];
  const met = listen(bridge);
  meanwhile(bridge, one.before, one.at);
  await settle();
  const inMenu = !one.on.startsWith('row-');
  const pressed = rowAt(top);
  const button = pressed && within(pressed).queryByTestId(inMenu ? 'row-menu' : one.on);
  if (!button) return;
  await press(button);
  meanwhile(bridge, one.after, one.at);
  await settle();
  const item = inMenu ? screen.queryByTestId(one.on) : null;
  if (item) {
    await fireEvent.pointerMove(item);
    await press(item);
    await settle();
  }
  await answer();
  actions += met().length;
  // What somebody just made has the cursor, once the sheet that shows it is left.
  const replaced = bridge.calls.at(-1)?.name === 'forget_fresh' && one.on === 'replace-key';
  if (replaced) expect(current()).toBe(bridge.world.keys.find(({ id }) => id.startsWith('0193-'))?.id);
  for (const id of met()) expect(id).toBe(shown);
}

async function undo(bridge: FakeBridge): Promise<void> {
  const toast = screen
    .queryAllByTestId('toast')
    .find((each) => each.dataset['topic']?.startsWith('revoked-') && within(each).queryByTestId('undo'));
  if (!toast) return;
  const met = listen(bridge);
  const id = toast.dataset['topic']?.replace('revoked-', '');
  await press(within(toast).getByTestId('undo'));
  await settle();
  expect(met()).toEqual([id]);
}

async function take(bridge: FakeBridge, one: Step): Promise<void> {
  if (one.do === 'move') {
    for (let by = 0; by < Math.abs(one.by); by += 1) await type(one.by > 0 ? 'j' : 'k');
  } else if (one.do === 'stretch') await type('ArrowDown', { shiftKey: true });
  else if (one.do === 'meanwhile') {
    // Nothing but a person moves the cursor.
    const before = current();
    meanwhile(bridge, one.what, one.at);
    await settle();
    expect(current()).toBe(before);
  } else if (one.do === 'sort') await press(screen.getByTestId(`sort-${one.by}`));
  else if (one.do === 'away') {
    await fireEvent.pointerLeave(screen.getByTestId('key-table'));
    (document.activeElement as HTMLElement | null)?.blur();
  } else if (one.do === 'show' || one.do === 'dead') {
    const button = screen.queryByTestId(one.do === 'show' ? 'show-new' : 'filter-dead');
    if (button) await press(button);
  } else if (one.do === 'undo') await undo(bridge);
  else if (one.do === 'key') await byKeyboard(bridge, one.key, one.what);
  else await byPointer(bridge, one);
  await settle(4);
  // Two rows never both look meant.
  const focused = document.activeElement?.closest<HTMLElement>('[data-testid="key-row"]')?.dataset['keyId'];
  if (focused) expect(focused).toBe(current());
}

it('in the window, by pointer and by keyboard', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc
      .asyncProperty(fc.array(step, { minLength: 6, maxLength: 16 }), async (steps) => {
        const bridge = await open({ keys: 9 });
        for (const one of steps) await take(bridge, one);
      })
      .afterEach(() => {
        cleanup();
        toasts.clear();
        document.body.focus();
      }),
    { numRuns: 14 },
  );
  expect(actions).toBeGreaterThan(10);
});
