// What the palette shows for what was typed: from what the window holds with the letter, from the server below that.
import type { KeyView } from '../bindings';
import { holdsSecret } from '../features/keys/secretlike';
import { current } from '../state/current.svelte';
import { KeySearch } from '../state/search.svelte';
import { actionsOn, type Action, type OfKey } from './actions';
import { best, textsOf, type Found, type Texts } from './fuzzy';

export type Row = { key: KeyView } | { action: Action } | { on: OfKey; key: KeyView };
export interface Group {
  heading: string;
  rows: Row[];
  score: number;
}

const MOST = 8;
const IN_HAND = 'The key in hand';

/** What a row is known by, whatever stands around it. */
export const idOf = (row: Row): string =>
  'on' in row ? `on:${row.on.action}` : 'action' in row ? `action:${row.action.label}` : `key:${row.key.id}`;

const group = <T>(heading: string, found: Found<T>[], row: (thing: T) => Row): Group => ({
  heading,
  rows: found.map(({ thing }) => row(thing)),
  score: found[0]?.score ?? 0,
});
const known = new WeakMap<KeyView, Texts>();
/** A key that changes is another object. */
export function ofKey(key: KeyView): Texts {
  let texts = known.get(key);
  if (!texts) known.set(key, (texts = textsOf(key.name, key.display, key.note, key.project_name)));
  return texts;
}

/** To be made while a component is. */
export class Finding {
  text = $state('');
  /** A secret that is being typed is looked for nowhere. */
  #typed = $derived(holdsSecret(this.text) ? '' : this.text.trim());
  readonly search = new KeySearch(() => this.#typed || null);

  // As they stand when it opens: what is shown under a name is what is met.
  readonly #inHand = current.key;
  readonly #held = current.keys;
  readonly #kept = current.kept;
  readonly #recent = current.recent;

  #own = this.#inHand ? this.#actionsOn(this.#inHand) : [];
  #keys = $derived(this.#typed === '' ? [] : best(this.#held, this.#typed, MOST, ofKey));
  /** By how well they meet what was typed; on an empty query what is likeliest to be wanted. */
  groups = $derived(this.#typed === '' ? this.#offered() : this.#met(this.#typed));
  /** Below all others, so that nothing moves when it comes. */
  below = $derived.by((): Group[] => {
    const shown = new Set(this.#keys.map(({ thing }) => thing.id));
    const { q, keys } = this.search;
    const more = q === this.#typed ? keys.filter(({ id }) => !shown.has(id)) : [];
    return more.length > 0 ? [{ heading: 'More keys', rows: more.map((key) => ({ key })), score: 0 }] : [];
  });

  constructor(private readonly actions: Action[]) {}

  #actionsOn(key: KeyView) {
    return actionsOn(key, this.#kept.has(key.id)).map((on) => ({ on, key }));
  }

  #offered(): Group[] {
    const lately = this.#recent.flatMap((each): Row[] => {
      if ('key' in each) return each.key.id === this.#inHand?.id ? [] : [each];
      const action = this.actions.find(({ label }) => label === each.action);
      return action ? [{ action }] : [];
    });
    const rest = this.actions.filter((action) => !lately.some((row) => 'action' in row && row.action === action));
    return [
      { heading: IN_HAND, rows: this.#own, score: 0 },
      { heading: 'Lately', rows: lately, score: 0 },
      { heading: 'Actions', rows: rest.map((action) => ({ action })), score: 0 },
    ].filter(({ rows }) => rows.length > 0);
  }

  #met(typed: string): Group[] {
    const own = best(this.#own, typed, MOST, ({ on, key }) => textsOf(`${on.verb} ${key.name}`));
    const actions = best(this.actions, typed, MOST, ({ label }) => textsOf(label));
    return [
      group(IN_HAND, own, (row) => row),
      group('Actions', actions, (action) => ({ action })),
      group('Keys', this.#keys, (key) => ({ key })),
    ]
      .filter(({ rows }) => rows.length > 0)
      .sort((one, other) => other.score - one.score);
  }
}
