// Rows chosen together with Ctrl, Shift or their boxes, for what can be done to many keys at once.
import type { KeyId, KeyView } from '../../bindings';

export class Selection {
  ids = $state.raw<ReadonlySet<KeyId>>(new Set());
  size = $derived(this.ids.size);
  /** The row that a range starts from. */
  #anchor = 0;

  /** Adds one row, or takes it away. */
  toggle(rows: KeyView[], index: number): void {
    const id = rows[index]?.id;
    if (id === undefined) return;
    const next = new Set(this.ids);
    if (!next.delete(id)) next.add(id);
    this.ids = next;
    this.#anchor = index;
  }

  /** Chooses every row from where the range starts to `index`, and nothing else. */
  extend(rows: KeyView[], index: number): void {
    const [first, last] = [Math.min(this.#anchor, index), Math.max(this.#anchor, index)];
    this.ids = new Set(rows.slice(first, last + 1).map(({ id }) => id));
  }

  /** Forgets the choice; the next range starts at `anchor`. */
  clear(anchor = this.#anchor): void {
    this.#anchor = anchor;
    if (this.ids.size > 0) this.ids = new Set();
  }

  /** Drops what is no longer in the list. */
  keep(rows: KeyView[]): void {
    if (this.ids.size > 0) this.ids = new Set(rows.map(({ id }) => id).filter((id) => this.ids.has(id)));
  }
}
