// The list of keys, as the server filters and orders it when somebody asks, loaded page by page as they scroll. Until
// they ask again no row moves, comes or goes by itself: what changes does so in its place, and what is new waits.
import type { CommandError, KeyId, KeyList as Answer, KeyQuery, KeyUse, KeyView } from '../../bindings';
import { asCommandError } from '../../bridge';
import { app } from '../../state/app.svelte';
import { isNarrowed, LIVE, orderOf } from './filters';
import { statusAt } from './standing';

/** What fills a window, and what is fetched at a time after it. */
const FIRST = 100;
const PAGE = 500;
/** How many rows beyond those in sight are wanted. */
const AHEAD = 40;
/** How many keys are asked for by their ids; more have changed only when everything has. */
const LOOKED_AT = 50;

export class KeyList {
  rows = $state.raw<readonly KeyView[]>([]);
  /** Keys whose secret this computer holds. */
  kept = $state.raw<ReadonlySet<KeyId>>(new Set());
  /** Rows that there are, loaded or not. */
  total = $state(0);
  query = $state.raw<KeyQuery>(LIVE);
  /** Keys that were made since somebody asked and wait to be let in; the newest first. */
  arrivals = $state.raw<readonly KeyView[]>([]);
  /** Where nothing is shown: the revoked and expired keys that are out of the way. */
  dead = $state(0);
  /** Whether any answer has come yet. */
  loaded = $state(false);
  loading = $state(false);
  /** Why what was asked for is not what is shown. */
  error = $state.raw<CommandError | null>(null);
  /** Whether what failed may work now, and is to be asked again when nobody has a row in hand. */
  stale = $state(false);
  /** Why nothing comes below the rows that are there. Without it, what is in sight is loaded on. */
  cut = $state.raw<CommandError | null>(null);
  narrowed = $derived(isNarrowed(this.query));
  /** Whether what is new stands above every row. In another order it comes in only with a new answer. */
  newestFirst = $derived(orderOf(this.query, 'created') === 'descending');
  /** Names that more than one row has. */
  repeated = $state.raw<ReadonlySet<string>>(new Set());
  readonly #places = new Map<KeyId, number>();
  #cursor: string | null = null;
  /** Whatever was made after this is new. */
  #since = '';
  #turn = 0;
  /** Changes put into rows so far: an answer that was asked for before one of them is older than the rows. */
  #puts = 0;
  #asking: Promise<void> = Promise.resolve();

  /** Asks from the top, with another query if one is given. What is shown stays until the answer comes. */
  async reload(query: KeyQuery = this.query): Promise<void> {
    this.query = query;
    this.stale = false;
    this.#asking = this.#fetch(++this.#turn, null);
    await this.#asking;
  }

  /** Loads on until the row at `index` and some beyond it are there. */
  async reach(index: number): Promise<void> {
    while (!this.loading && !this.error && !this.cut && this.#cursor && this.rows.length <= index + AHEAD) {
      await this.#fetch(this.#turn, this.#cursor);
    }
  }

  /** Where a key stands; -1 if it has no row. */
  place(id: KeyId | null): number {
    void this.rows;
    return (id === null ? undefined : this.#places.get(id)) ?? -1;
  }

  find(id: KeyId | null): KeyView | undefined {
    return this.rows[this.place(id)];
  }

  /** Puts a changed key into its row. */
  put(key: KeyView, kept?: boolean): void {
    this.#puts += 1;
    this.#patch([key]);
    if (kept !== undefined && kept !== this.kept.has(key.id)) {
      const all = new Set(this.kept);
      if (kept) all.add(key.id);
      else all.delete(key.id);
      this.kept = all;
    }
  }

  /** Gives a key the first row if it has none: somebody made it, or wants to see it whatever the filter says. */
  bring(key: KeyView, kept?: boolean): void {
    if (this.place(key.id) < 0) {
      this.#set([key, ...this.rows]);
      this.total += 1;
      this.arrivals = this.arrivals.filter(({ id }) => id !== key.id);
    }
    this.put(key, kept);
  }

  /** The same for a key of which only the id is known, after the answer that is on its way. */
  async fetch(id: KeyId): Promise<void> {
    await this.#asking;
    if (this.place(id) >= 0) return;
    const detail = await app.ask('get_key', { id }).catch(() => null);
    if (detail) this.bring(detail.key, detail.kept);
  }

  /** Lets in what is new. */
  async admit(): Promise<void> {
    if (!this.newestFirst) return this.reload();
    const made = this.arrivals.filter(({ id }) => this.place(id) < 0);
    this.arrivals = [];
    if (made.length === 0) return;
    this.#since = made[0]?.created_at ?? this.#since;
    this.total += made.length;
    this.#set([...made, ...this.rows]);
  }

  /** Looks for what changed while nobody asked: rows stay where they are, new keys wait. */
  async refresh(): Promise<void> {
    // The rows answer an older question, and nobody may lose one that they have in hand.
    if (this.error) {
      this.stale = true;
      return;
    }
    const [turn, puts] = [this.#turn, this.#puts];
    // Whatever the order of the rows: what is new stands first where the newest come first.
    const newest = { ...this.query, sort: 'created', order: 'descending', limit: FIRST } as const;
    const answer = await app.ask('list_keys', newest).catch(() => null);
    if (!answer || turn !== this.#turn) return;
    if (puts !== this.#puts) return this.refresh();
    this.cut = null;
    await this.look(this.#compare(answer));
  }

  /** Shows how these keys are now, where they have rows. */
  async look(ids: KeyId[]): Promise<void> {
    const known = ids.filter((id) => this.place(id) >= 0).slice(0, LOOKED_AT);
    if (known.length === 0) return;
    const puts = this.#puts;
    const details = await Promise.all(known.map((id) => app.ask('get_key', { id }).catch(() => null)));
    if (puts !== this.#puts) return this.look(ids);
    this.#patch(details.filter((detail) => detail !== null).map(({ key }) => key));
  }

  /** Shows what time alone has ended, of which nobody tells. */
  pass(time: number): void {
    this.#patch(
      this.rows.flatMap((row) => {
        const status = statusAt(row, time);
        return status === row.status ? [] : [{ ...row, status }];
      }),
    );
  }

  /** Notes the last uses of keys. */
  use(uses: KeyUse[]): void {
    this.#patch(
      uses.flatMap((use) => {
        const row = this.find(use.id);
        return row ? [{ ...row, ...use }] : [];
      }),
    );
  }

  /** Takes what an answer says of rows, and answers with the rows that it should have named and does not. */
  #compare({ page, kept }: Answer): KeyId[] {
    const known = page.data.filter(({ id }) => this.#places.has(id));
    this.#patch(known);
    const held = new Set(kept);
    const keeps = known.filter(({ id }) => held.has(id) && !this.kept.has(id));
    if (keeps.length > 0) this.kept = new Set([...this.kept, ...keeps.map(({ id }) => id)]);
    const whole = this.#cursor === null;
    this.arrivals = page.data.filter(
      ({ id, created_at }) => !this.#places.has(id) && (whole || created_at > this.#since),
    );
    for (const { id } of this.arrivals) if (held.has(id)) this.kept = new Set([...this.kept, id]);
    const named = new Set(page.data.map(({ id }) => id));
    const last = page.next_cursor === null ? '' : (page.data.at(-1)?.created_at ?? '');
    return this.rows.filter(({ id, created_at }) => created_at > last && !named.has(id)).map(({ id }) => id);
  }

  async #fetch(turn: number, cursor: string | null): Promise<void> {
    this.loading = true;
    const asked = new Date().toISOString();
    try {
      const more = cursor ? { limit: PAGE, cursor } : { limit: FIRST };
      const { page, kept } = await app.ask('list_keys', { ...this.query, ...more });
      if (turn !== this.#turn) return;
      if (!cursor) {
        this.dead = page.total === 0 && this.query.live && !this.narrowed ? await this.#count() : 0;
        if (turn !== this.#turn) return;
        const newest = this.newestFirst && page.data[0];
        this.#since = newest ? newest.created_at : asked;
        this.arrivals = [];
      }
      this.#set(cursor ? [...this.rows, ...page.data.filter(({ id }) => !this.#places.has(id))] : page.data);
      this.kept = new Set(cursor ? [...this.kept, ...kept] : kept);
      this.#cursor = page.next_cursor;
      this.total = page.next_cursor === null ? this.rows.length : Math.max(page.total, this.rows.length + 1);
      this.error = this.cut = null;
      this.loaded = true;
    } catch (thrown) {
      if (turn !== this.#turn) return;
      if (cursor) this.cut = asCommandError(thrown);
      else this.error = asCommandError(thrown);
    } finally {
      if (turn === this.#turn) this.loading = false;
    }
  }

  async #count(): Promise<number> {
    return (await app.ask('list_keys', { limit: 1 })).page.total;
  }

  #set(rows: readonly KeyView[]): void {
    this.#places.clear();
    for (const [index, { id }] of rows.entries()) this.#places.set(id, index);
    this.rows = rows;
    this.repeated = repeats(rows);
  }

  #patch(keys: KeyView[]): void {
    const changed = keys.filter(({ id }) => this.#places.has(id));
    if (changed.length === 0) return;
    const rows = [...this.rows];
    const renamed = changed.some(({ id, name }) => this.find(id)?.name !== name);
    for (const key of changed) rows[this.#places.get(key.id) ?? -1] = key;
    this.rows = rows;
    if (renamed) this.repeated = repeats(rows);
  }
}

function repeats(rows: readonly KeyView[]): ReadonlySet<string> {
  const [seen, again] = [new Set<string>(), new Set<string>()];
  for (const { name } of rows) (seen.has(name) ? again : seen).add(name);
  return again;
}
