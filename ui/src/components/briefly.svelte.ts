// What a control says of itself for a moment after it was pressed.

const SECONDS = 3;

/** Holds a value for a moment; null before and after it. */
export class Briefly<T> {
  value = $state.raw<T | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  say(value: T | null): void {
    clearTimeout(this.#timer);
    this.value = value;
    if (value !== null) this.#timer = setTimeout(() => (this.value = null), SECONDS * 1000);
  }
}
