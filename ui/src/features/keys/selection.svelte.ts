// Rows chosen together with Ctrl, Shift or their boxes, for what can be done to many keys at once.
import type { KeyId } from '../../bindings';
import type { KeyList } from './list.svelte';

export class Selection {
  ids = $state.raw<ReadonlySet<KeyId>>(new Set());
  size = $derived(this.ids.size);
  /** The key that a range starts from. */
  #anchor: KeyId | null = null;

  /** Adds one key, or takes it away. */
  toggle(id: KeyId): void {
    const next = new Set(this.ids);
    if (!next.delete(id)) next.add(id);
    this.ids = next;
    this.#anchor = id;
  }

  /** Chooses every row from where the range starts to this key, and nothing else. */
  extend(list: KeyList, id: KeyId): void {
    const to = list.place(id);
    const from = list.place(this.#anchor);
    const [first, last] = from < 0 ? [to, to] : [Math.min(from, to), Math.max(from, to)];
    this.ids = new Set(list.rows.slice(first, last + 1).map((row) => row.id));
  }

  /** Forgets the choice; the next range starts at `anchor`. */
  clear(anchor = this.#anchor): void {
    this.#anchor = anchor;
    if (this.ids.size > 0) this.ids = new Set();
  }

  /** Drops what is no longer in the list. */
  keep(list: KeyList): void {
    if (this.ids.size > 0) this.ids = new Set([...this.ids].filter((id) => list.place(id) >= 0));
  }
}
