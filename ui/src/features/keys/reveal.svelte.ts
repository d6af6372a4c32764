// A secret on screen: held here only, for ten seconds, gone on closing and on leaving.
import type { KeyId } from '../../bindings';
import { app } from '../../state/app.svelte';

export const REVEAL_SECONDS = 10;

export class Reveal {
  secret = $state.raw<string | null>(null);
  secondsLeft = $state(0);
  #timer: ReturnType<typeof setInterval> | undefined;
  #turn = 0;

  async show(id: KeyId): Promise<void> {
    this.clear();
    const turn = this.#turn;
    const secret = await app.attempt('reveal_secret', { id });
    // Closed or asked again while the answer was on its way: it must not appear any more.
    if (secret === undefined || turn !== this.#turn) return;
    this.secret = secret;
    this.secondsLeft = REVEAL_SECONDS;
    this.#timer = setInterval(() => {
      this.secondsLeft -= 1;
      if (this.secondsLeft <= 0) this.clear();
    }, 1000);
  }

  clear(): void {
    this.#turn++;
    clearInterval(this.#timer);
    this.secret = null;
    this.secondsLeft = 0;
  }
}
