// A text that is looked through for secrets. The text goes to the backend and is kept nowhere here.
import type { CommandError, FoundKey, Pasted } from '../../bindings';
import { asCommandError } from '../../bridge';
import { app } from '../../state/app.svelte';
import { renewed } from './pasted';
import { isToLookThrough } from './secretlike';

/** Larger files are no logs that somebody looks through by hand. */
const LARGEST = 64 * 1024 * 1024;

export class Look {
  answer = $state.raw<Pasted | null>(null);
  error = $state.raw<CommandError | null>(null);
  busy = $state(false);
  open = $derived(this.busy || this.answer !== null || this.error !== null);
  #turn = 0;

  /** Looks through a text; the answer to an older one never replaces that to a newer. */
  async through(text: string): Promise<void> {
    const turn = this.#begin();
    try {
      const answer = await app.ask('find_pasted', { text });
      if (turn === this.#turn) this.answer = answer;
    } catch (thrown) {
      if (turn === this.#turn) this.error = asCommandError(thrown);
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }

  /** Takes what is pasted or dropped before it enters a field, unless it is a text to search for. */
  take(event: Event, data: DataTransfer | null): boolean {
    const files = [...(data?.files ?? [])];
    const text = data?.getData('text/plain') ?? '';
    if (files.length === 0 && !isToLookThrough(text)) return false;
    event.preventDefault();
    void (files.length > 0 ? this.throughFiles(files) : this.through(text));
    return true;
  }

  /** The same of what comes in by any other way: an input method, a middle click, a password manager. */
  takeInput(event: InputEvent): boolean {
    const text = event.data ?? event.dataTransfer?.getData('text/plain') ?? '';
    if (!isToLookThrough(text)) return false;
    event.preventDefault();
    void this.through(text);
    return true;
  }

  async throughFiles(files: readonly File[]): Promise<void> {
    this.#begin();
    const whole = files.filter(({ size }) => size <= LARGEST);
    const texts = await Promise.all(whole.map(async (file) => file.text().catch(() => null)));
    const read = texts.filter((text) => text !== null);
    if (read.length === files.length) return this.through(read.join('\n'));
    this.busy = false;
    this.error = {
      code: 'file_unreadable',
      message: 'A file could not be read, or is larger than 64 MB.',
      remedy: 'Copy the part of it that holds the key, and paste that.',
    };
  }

  /** Takes the newest of every key that was found: it may have been revoked, restored, or given a new secret since. */
  async renew(): Promise<void> {
    const answer = this.answer;
    if (!answer) return;
    const now = async (each: FoundKey): Promise<FoundKey> => {
      const { key } = await app.ask('get_key', { id: each.key.id }).catch(() => each);
      return renewed(each, key);
    };
    const found = await Promise.all(answer.found.map(now));
    if (this.answer === answer) this.answer = { ...answer, found };
  }

  close(): void {
    this.#begin();
    this.busy = false;
  }

  #begin(): number {
    this.answer = null;
    this.error = null;
    this.busy = true;
    return ++this.#turn;
  }
}
