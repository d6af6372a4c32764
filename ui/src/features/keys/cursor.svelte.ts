// Where somebody is among the keys: what the cursor is on, what is chosen, what is open. All of it belongs to keys by
// their ids, never to places in the list, and no row moves while one of them is in somebody's hand.
import type { Event, KeyId, KeyQuery, KeyView } from '../../bindings';
import { whyNot } from '../../state/rights';
import { KeyList } from './list.svelte';
import { Selection } from './selection.svelte';

export class Cursor {
  list = new KeyList();
  selection = new Selection();
  /** The key under the cursor; null before anything was chosen. */
  id = $state<KeyId | null>(null);
  /** Where it stands; -1 without a row. */
  at = $derived(this.list.place(this.id));
  current = $derived(this.list.rows[this.at] ?? null);
  /** The key in the drawer. */
  openId = $state<KeyId | null>(null);
  /** How often the focus was sent to the row under the cursor. */
  sent = $state(0);
  /** What the table has of a person: the pointer, the focus, an open menu. */
  pointed = $state(false);
  focused = $state(false);
  menu = $state(false);

  /** Puts the cursor on a key. */
  point(id: KeyId): void {
    this.id = id;
  }

  /** Sends the focus to the row under the cursor: what it was on is about to go. */
  focus(): void {
    this.sent += 1;
  }

  /** Moves the cursor; an open drawer follows. */
  move(step: number): void {
    const key = this.#step(step);
    if (!key) return;
    this.selection.clear(key.id);
    if (this.openId) this.openId = key.id;
  }

  /** Moves the cursor and chooses all rows that it passed. */
  stretch(step: number): void {
    if (!this.current) return this.move(step);
    if (this.selection.size === 0) this.selection.clear(this.current.id);
    const key = this.#step(step);
    if (key) this.choose(() => this.selection.extend(this.list, key.id));
  }

  /** Changes the selection, which only somebody has who may do something with it. */
  choose(change: () => void): void {
    if (whyNot('manage_keys')) return;
    this.openId = null;
    change();
  }

  open(id: KeyId): void {
    this.openId = id;
    this.point(id);
    this.selection.clear(id);
    void this.list.fetch(id);
  }

  /** Closes the drawer. */
  close(): void {
    this.openId = null;
    this.focus();
  }

  /** Asks for other keys, or in another order. The cursor stays on its key as long as that is among them. */
  async ask(query: KeyQuery): Promise<void> {
    this.selection.clear(null);
    await this.list.reload(query);
    if (this.at < 0) this.id = null;
  }

  /** Asks the same once more, after a failure. Only what has a row stays chosen. */
  async again(): Promise<void> {
    await this.list.reload();
    this.selection.keep(this.list);
  }

  /** Lets in what is new, because somebody asked for it. */
  async admit(): Promise<void> {
    this.focus();
    await this.list.admit();
    this.selection.keep(this.list);
  }

  /** Takes what the backend says has changed. */
  async hear(event: Event): Promise<void> {
    if (event.type === 'uses') this.list.use(event.uses);
    else if (event.type === 'projects') await this.list.refresh();
    else if (event.type === 'keys') {
      const strange = event.ids.some((id) => this.list.place(id) < 0);
      await Promise.all([this.list.look(event.ids), strange ? this.list.refresh() : null]);
    }
  }

  #step(step: number): KeyView | undefined {
    const last = this.list.rows.length - 1;
    const key = this.list.rows[Math.min(Math.max(this.at + step, 0), last)];
    if (!key) return undefined;
    this.point(key.id);
    this.focus();
    return key;
  }
}
