// Keys of the keyboard. The newest binding that knows a key gets it; nothing fires while somebody types.

type Handler = () => void;
type Bindings = Partial<Record<string, Handler>>;

const stack: Bindings[] = [];

/** Adds bindings until the returned function is called. Names are `event.key`, letters in lower case, `mod+k`, `shift+ArrowDown`. */
export function bind(bindings: Bindings): () => void {
  stack.push(bindings);
  return () => stack.splice(stack.indexOf(bindings), 1);
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  target.matches('input:not([type="checkbox"]), textarea, select, [contenteditable="true"]');
/** Enter and arrows belong to the control that has the focus, if it is one. */
const belongsToControl = (target: EventTarget | null, key: string) =>
  target instanceof HTMLElement &&
  ((key === 'Enter' && target.matches('button, a, [role="menuitem"]')) ||
    (key.startsWith('Arrow') && target.closest('[role="radiogroup"], [role="tablist"], [role="menu"]') !== null));
const modalIsOpen = () =>
  document.querySelector(
    '[role="dialog"][data-state="open"], [role="alertdialog"][data-state="open"], [role="menu"]',
  ) !== null;

/** Gives a key press to whoever bound it. */
export function press(event: KeyboardEvent): void {
  const mod = event.ctrlKey || event.metaKey;
  if (event.defaultPrevented || event.altKey) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const name = mod ? `mod+${key}` : event.shiftKey && event.key.length > 1 ? `shift+${key}` : key;
  if (modalIsOpen() || (isTyping(event.target) && name !== 'mod+k')) return;
  if (!mod && belongsToControl(event.target, key)) return;
  const handler = stack.findLast((bindings) => bindings[name])?.[name];
  if (!handler) return;
  event.preventDefault();
  handler();
}

export const MOD = /mac/i.test(navigator.userAgent) ? '⌘' : 'Ctrl';

/** What `?` lists. */
export const SHORTCUTS: [keys: string, what: string][] = [
  [`${MOD} K`, 'Find any action or key'],
  ['N', 'New key'],
  ['/', 'Search keys'],
  ['J K', 'Next, previous key (arrows too)'],
  ['Enter', 'Open the key'],
  ['X', 'Select the key, or take it out (Ctrl and Shift with a click too)'],
  ['Shift ↓', 'Select one key after another'],
  ['C', 'Copy the secret, if it is kept here'],
  ['E', 'Edit'],
  ['R', 'Rotate'],
  ['Del', 'Revoke, all that is selected too'],
  [`${MOD} Z`, 'Undo a revocation'],
  ['Esc', 'Close'],
  ['?', 'This list'],
];
