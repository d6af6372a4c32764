// Keys of the keyboard. The newest binding that knows a key gets it; nothing fires while somebody types.
type Handler = () => void;
type Bindings = Partial<Record<string, Handler>>;

const stack: Bindings[] = [];

/** Adds bindings until the returned function is called. Names are what `meaning` answers: `n`, `?`, `mod+k`, `shift+ArrowDown`. */
export function bind(bindings: Bindings): () => void {
  stack.push(bindings);
  return () => stack.splice(stack.indexOf(bindings), 1);
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  target.matches('input:not([type="checkbox"]), textarea, select, [contenteditable="true"]');
const holdsText = (target: EventTarget | null) =>
  isTyping(target) && !(target instanceof HTMLInputElement && target.value === '');
/** Enter and arrows belong to the control that has the focus, if it is one. */
const belongsToControl = (target: EventTarget | null, key: string) =>
  target instanceof HTMLElement &&
  ((key === 'Enter' && target.matches('button, a, [role="menuitem"]')) ||
    (key.startsWith('Arrow') && target.closest('[role="radiogroup"], [role="tablist"], [role="menu"]') !== null));
const modalIsOpen = () =>
  document.querySelector(
    '[role="dialog"][data-state="open"], [role="alertdialog"][data-state="open"], [role="menu"]',
  ) !== null;

/** Signs that no alphabet but Latin has: with them, or with none, the place of the key decides. */
const FOREIGN = /[^\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}]|\p{M}|\p{Cc}/u;
/** Where "/" stands on the keyboards that print both alphabets, Russian and Hebrew ones type these. */
const BESIDE_SHIFT = new Set(['.', ',']);

/** What a key means: the letter that it types or, where that is not Latin, the one that stands in its place. */
export function meaning({ key, code, shiftKey }: Pick<KeyboardEvent, 'key' | 'code' | 'shiftKey'>): string {
  const foreign = FOREIGN.test(key);
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  if (foreign && letter) return letter.toLowerCase();
  if (code === 'Slash' && (foreign || key === '؟' || BESIDE_SHIFT.has(key))) return shiftKey ? '?' : '/';
  return key.length === 1 ? key.toLowerCase() : key;
}

/** Gives a key press to whoever bound it. */
export function press(event: KeyboardEvent): void {
  const mod = event.ctrlKey || event.metaKey;
  if (event.defaultPrevented || event.altKey) return;
  const key = meaning(event);
  const shift = event.shiftKey && (mod || key.length > 1) ? 'shift+' : '';
  const name = `${mod ? 'mod+' : ''}${shift}${key}`;
  // Undoing is never out of reach; a field with text in it has its own.
  if (name === 'mod+z' ? holdsText(event.target) : modalIsOpen() || (isTyping(event.target) && name !== 'mod+k'))
    return;
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
  ['N', 'New key (on Projects: new project)'],
  ['/', 'Search keys'],
  [`${MOD} V`, 'In the search: find the keys in a pasted text'],
  ['J K', 'Next, previous key (arrows too)'],
  ['Enter', 'Open the key'],
  ['X', 'Select the key, or take it out (Ctrl and Shift with a click too)'],
  ['Shift ↓', 'Select one key after another'],
  ['C', 'Copy the secret, if it is kept here'],
  ['E', 'Edit'],
  ['R', 'Rotate'],
  ['Del', 'Revoke, all that is selected too'],
  [`${MOD} Z`, 'Undo a revocation'],
  ['Esc', 'Close, or clear the search'],
  ['?', 'This list'],
];
