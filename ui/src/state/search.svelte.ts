// The keys that the server finds by what somebody types.
import type { KeyView } from '../bindings';
import { app } from './app.svelte';

const MOST = 8;
const PAUSE = 60;

/** To be made while a component is. */
export class KeySearch {
  keys = $state.raw<KeyView[]>([]);
  /** What they were found by; null before the first answer. */
  q = $state<string | null>(null);
  failed = $state(false);
  #tries = $state(0);

  /** With null for a text nothing is looked for. */
  constructor(text: () => string | null) {
    // The answer to an older text never replaces that to a newer one.
    $effect(() => {
      void this.#tries;
      const q = text();
      if (q === null) {
        this.failed = false;
        return;
      }
      let stale = false;
      const timer = setTimeout(() => {
        app.ask('list_keys', { limit: MOST, ...(q ? { q } : {}) }).then(
          ({ page }) => {
            if (!stale) this.#take(q, page.data, false);
          },
          () => {
            if (!stale) this.#take(q, [], true);
          },
        );
      }, PAUSE);
      return () => {
        stale = true;
        clearTimeout(timer);
      };
    });
  }

  retry(): void {
    this.failed = false;
    this.#tries += 1;
  }

  #take(q: string, keys: KeyView[], failed: boolean): void {
    this.q = q;
    this.keys = keys;
    this.failed = failed;
  }
}
