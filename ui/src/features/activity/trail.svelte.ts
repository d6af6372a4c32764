// The audit trail as somebody asks for it, loaded page by page.
import type { AuditQuery, AuditView, CommandError } from '../../bindings';
import { asCommandError } from '../../bridge';
import { app } from '../../state/app.svelte';

const PAGE = 100;

export class Trail {
  entries = $state.raw<AuditView[]>([]);
  query = $state.raw<AuditQuery>({});
  /** What the entries answer. */
  #answered = $state.raw<AuditQuery>({});
  cursor = $state.raw<string | null>(null);
  loaded = $state(false);
  busy = $state(false);
  /** Why what was asked for is not what is shown. */
  error = $state.raw<CommandError | null>(null);
  /** Whether older entries could not be loaded. */
  cut = $state(false);
  narrowed = $derived(Object.keys(this.#answered).length > 0);
  #turn = 0;

  /** Asks from the newest on, with another query if one is given. What is shown stays until the answer comes. */
  async ask(query: AuditQuery = this.query): Promise<void> {
    this.query = query;
    await this.#load(null);
  }

  async more(): Promise<void> {
    if (this.cursor && !this.busy && !this.error) await this.#load(this.cursor);
  }

  async #load(from: string | null): Promise<void> {
    const turn = ++this.#turn;
    const query = this.query;
    this.busy = true;
    try {
      const page = await app.ask('list_audit', { ...query, limit: PAGE, ...(from ? { cursor: from } : {}) });
      if (turn !== this.#turn) return;
      this.entries = from ? [...this.entries, ...page.data] : page.data;
      this.cursor = page.next_cursor;
      this.#answered = query;
      this.error = null;
      this.cut = false;
      this.loaded = true;
    } catch (thrown) {
      if (turn !== this.#turn) return;
      if (from) this.cut = true;
      else this.error = asCommandError(thrown);
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }
}

/** A query with one of its parts set, or left out with null. */
export function narrow(query: AuditQuery, part: Partial<Record<keyof AuditQuery, string | null>>): AuditQuery {
  const all = Object.entries({ ...query, ...part }).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(all);
}
