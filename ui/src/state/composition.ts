// Input methods: what somebody presses while they compose belongs to the composition alone.

/** WebKit has ended the composition when it tells of the key that ended it; only this code remains. */
const COMPOSING = 229;

/** Keeps such a press from every shortcut, dialog, list and form: to be given each press before they are. */
export function keepFromAll(event: KeyboardEvent): void {
  if (event.isComposing || event.keyCode === COMPOSING) event.stopImmediatePropagation();
}
