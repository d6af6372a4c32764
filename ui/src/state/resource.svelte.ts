// Something loaded from the backend: loading, loaded, failed. Old data stays while new data comes.
import type { CommandError } from '../bindings';
import { asCommandError } from '../bridge';

export class Resource<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<CommandError | null>(null);
  loading = $state(false);
  #load: () => Promise<T>;
  #turn = 0;

  constructor(load: () => Promise<T>) {
    this.#load = load;
  }

  /** Loads again. The answer to an older question never replaces that to a newer one. */
  async reload(): Promise<void> {
    const turn = ++this.#turn;
    this.loading = true;
    try {
      const data = await this.#load();
      if (turn !== this.#turn) return;
      this.data = data;
      this.error = null;
    } catch (thrown) {
      if (turn === this.#turn) this.error = asCommandError(thrown);
    } finally {
      if (turn === this.#turn) this.loading = false;
    }
  }
}
