// Input methods write a word in several key presses.

/** Whether a key press belongs to such a word: its Enter and Escape mean nothing else. WebKit tells by the code alone. */
export const isComposing = (event: KeyboardEvent): boolean => event.isComposing || event.keyCode === 229;
