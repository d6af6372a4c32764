// Input methods: what somebody presses while they compose belongs to the composition alone.

/** WebKit has ended the composition when it tells of the key that ended it; only this code remains. */
const COMPOSING = 229;

/** Whether a key press belongs to an input method, the Enter or Escape that ends the composition too. */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === COMPOSING;
}

/** Keeps such a press from every dialog, list and form: to be given each press of the window before they are. */
export function keepFromAll(event: KeyboardEvent): void {
  if (isComposing(event)) event.stopImmediatePropagation();
}
