// What a name or a note may be, in the words that stand beside its field.
import { count } from './format';

/** Letters that turn the direction of what follows: a name with them can read as another. */
const TURNING = /\p{Bidi_Control}/u;
/** Something that leaves a mark on the screen. */
const VISIBLE = /[^\p{Z}\p{C}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Says what is wrong with a name, or null. Counts characters as the backend does. */
export function nameProblem(name: string, longest: number): string | null {
  return unclear('name', name) ?? tooLong(name, longest);
}

/** The same of a note. */
export const noteProblem = (note: string, longest: number): string | null =>
  unclear('note', note) ?? tooLong(note, longest);

function unclear(what: 'name' | 'note', text: string): string | null {
  if (TURNING.test(text))
    return `This ${what} turns the direction of writing, so it could pass for another. Type it anew.`;
  if (text.trim() !== '' && !VISIBLE.test(text)) return `This ${what} has only characters that nobody sees.`;
  return null;
}

/** Says by how much a text is too long, or null. */
export function tooLong(text: string, longest: number): string | null {
  const length = [...text.trim()].length;
  return length > longest ? `${count(length)} characters: at most ${count(longest)}, please.` : null;
}
