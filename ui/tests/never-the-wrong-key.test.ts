// Whatever comes between looking and pressing, an action meets the key that was shown when it began.
import { fireEvent, screen, within } from '@testing-library/svelte';
import * as fc from 'fast-check';
import { cleanup } from '@testing-library/svelte';
import { expect, it } from 'vitest';
import type { Commands, KeyView } from '../src/bindings';
import { use } from '../src/bridge';
import { fake, type FakeBridge } from '../src/bridge/fake';
import { toasts } from '../src/components/toasts.svelte';
import { KeysModel } from '../src/features/keys/model.svelte';
import { app } from '../src/state/app.svelte';
import { open } from './support';

const MEETING = ['revoke_key', 'rotate_key', 'replace_key', 'copy_secret', 'restore_key', 'undo_replacement'] as const;
type Meeting = (typeof MEETING)[number];
const isMeeting = (name: keyof Commands): name is Meeting => (MEETING as readonly string[]).includes(name);

/** What the backend was asked to do to keys from now on. */
function listen(bridge: FakeBridge): () => string[] {
  const start = bridge.calls.length;
  return () =>
    bridge.calls.slice(start).flatMap(({ name, args }) => (isMeeting(name) ? [(args as { id: string }).id] : []));
}

/** Enough for every answer that is under way, and for what is asked because of it. */
const settle = async (turns = 12) => {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setTimeout(resolve, 0));
};

let made = 0;
/** Somebody else makes a key; the window hears of it, or finds it when it looks again. */
function makeElsewhere(bridge: FakeBridge, told: boolean): void {
  const { world } = bridge;
  const like = world.keys[0];
  if (!like) return;
  made += 1;
  const id = `0999-${String(made).padStart(8, '0')}`;
  const created_at = new Date(Date.now() + made).toISOString();
  world.keys.unshift({ ...structuredClone(like), id, name: `elsewhere ${String(made)}`, status: 'active', created_at });
  if (told) bridge.push({ type: 'changed', change: { type: 'keys', ids: [id] } });
}

function revokeElsewhere(bridge: FakeBridge, at: number): void {
  const key = bridge.world.keys[at % bridge.world.keys.length];
  if (!key) return;
  key.status = 'revoked';
  bridge.push({ type: 'changed', change: { type: 'keys', ids: [key.id] } });
}

const place = fc.nat({ max: 11 });
const between = fc.constantFrom('made', 'made unheard', 'revoked', 'looked', 'used', 'nothing');
type Between = 'made' | 'made unheard' | 'revoked' | 'looked' | 'used' | 'nothing';

function meanwhile(bridge: FakeBridge, what: Between, at: number): void {
  if (what === 'made') makeElsewhere(bridge, true);
  else if (what === 'made unheard') makeElsewhere(bridge, false);
  else if (what === 'revoked') revokeElsewhere(bridge, at);
  else if (what === 'looked') window.dispatchEvent(new Event('focus'));
  else if (what === 'used') {
    const id = bridge.world.keys[at % bridge.world.keys.length]?.id ?? '';
    const now = new Date().toISOString();
    const use = { last_used_at: now, last_operation: null, last_client: null, last_address: null };
    bridge.push({ type: 'changed', change: { type: 'uses', uses: [{ id, ...use, previous_used_at: null }] } });
  }
}

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
  else if (one.do === 'meanwhile') meanwhile(bridge, one.what, one.at);
  else if (one.do === 'sort') await press(screen.getByTestId(`sort-${one.by}`));
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
    { numRuns: 24 },
  );
  expect(actions).toBeGreaterThan(20);
});

/** The same without a screen: an answer may come at any later step. */
it('in the model, whenever the answers come', { timeout: 60_000 }, async () => {
  const act = fc.constantFrom('revoke', 'replace', 'rotate', 'copy', 'undo', 'create');
  const moment = fc.record({ move: fc.integer({ min: -2, max: 3 }), what: between, at: place, act, wait: fc.nat(3) });
  await fc.assert(
    fc.asyncProperty(fc.array(moment, { minLength: 4, maxLength: 20 }), async (moments) => {
      const bridge = fake({ keys: 9 });
      use(bridge);
      await app.start();
      const model = new KeysModel();
      const deaf = app.subscribe((event) => void model.hear(event));
      await model.list.reload();
      const [wanted, met] = [[] as string[], listen(bridge)];
      for (const each of moments) {
        if (each.move !== 0) model.move(each.move);
        meanwhile(bridge, each.what, each.at);
        if (each.what === 'looked') void model.list.refresh();
        if (!model.held) void model.list.admit();
        const key: KeyView | null = model.current;
        if (each.act === 'undo') {
          const toast = toasts.list.findLast(({ action }) => action !== null);
          if (toast) wanted.push(toast.topic.replace('revoked-', ''));
          toast?.action?.run();
          if (toast) toasts.remove(toast.id);
        } else if (each.act === 'create') {
          const { id: _, ...rest } = bridge.world.keys[0] ?? ({} as KeyView);
          model.created(await bridge.call('create_key', { key: rest, keep: true }));
          expect(model.current).not.toBe(key);
          expect(model.current?.id).toBe(bridge.world.keys[0]?.id);
          void model.forget();
        } else if (key) {
          wanted.push(key.id);
          if (each.act === 'revoke') model.askRevoke();
          else if (each.act === 'replace') void model.replace(key);
          else if (each.act === 'copy') void model.copy(key);
          else void model.rotate(key, 60).catch(() => undefined);
        }
        if (model.fresh && each.wait > 1) void model.forget();
        await settle(each.wait);
      }
      await settle();
      deaf();
      toasts.clear();
      expect(wanted).toEqual(expect.arrayContaining(met()));
    }),
    { numRuns: 60 },
  );
});
