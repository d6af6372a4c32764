// The list of keys as the server filters it, loaded page by page as somebody scrolls.
import type { CommandError, KeyId, KeyQuery, KeyView } from '../../bindings';
import { asCommandError } from '../../bridge';
import { app } from '../../state/app.svelte';

const PAGE = 200;
/** How many rows beyond those in sight are wanted. */
const AHEAD = 60;

export class KeyList {
  rows = $state.raw<KeyView[]>([]);
  /** Keys whose secret this computer holds. */
  kept = $state.raw<ReadonlySet<KeyId>>(new Set());
  total = $state(0);
  query = $state.raw<KeyQuery>({});
  /** Whether any answer has come yet. */
  loaded = $state(false);
  loading = $state(false);
  error = $state.raw<CommandError | null>(null);
  narrowed = $derived(Object.keys(this.query).length > 0);
  #cursor: string | null = null;
  #turn = 0;

  /** Loads from the top, with another query if one is given. What is shown stays until the answer comes. */
  async reload(query: KeyQuery = this.query): Promise<void> {
    this.query = query;
    await this.#fetch(++this.#turn, null);
  }

  /** Loads on until the row at `index` and some beyond it are there. */
  async reach(index: number): Promise<void> {
    while (!this.loading && !this.error && this.#cursor && this.rows.length <= index + AHEAD) {
      await this.#fetch(this.#turn, this.#cursor);
    }
  }

  /** Puts a changed key into its row. */
  put(key: KeyView, kept?: boolean): void {
    this.rows = this.rows.map((row) => (row.id === key.id ? key : row));
    if (kept !== undefined) {
      const all = new Set(this.kept);
      if (kept) all.add(key.id);
      else all.delete(key.id);
      this.kept = all;
    }
  }

  find(id: KeyId): KeyView | undefined {
    return this.rows.find((row) => row.id === id);
  }

  async #fetch(turn: number, cursor: string | null): Promise<void> {
    this.loading = true;
    try {
      const { page, kept } = await app.ask('list_keys', { ...this.query, limit: PAGE, ...(cursor ? { cursor } : {}) });
      if (turn !== this.#turn) return;
      this.rows = cursor ? [...this.rows, ...page.data] : page.data;
      this.kept = new Set(cursor ? [...this.kept, ...kept] : kept);
      this.total = page.total;
      this.#cursor = page.next_cursor;
      this.error = null;
      this.loaded = true;
    } catch (thrown) {
      if (turn === this.#turn) this.error = asCommandError(thrown);
    } finally {
      if (turn === this.#turn) this.loading = false;
    }
  }
}
