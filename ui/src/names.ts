// What a name may be, in the words that stand beside its field.
import { count } from './format';

/** Letters that turn the direction of what follows: a name with them can read as another. */
const TURNING = /[\u202A-\u202E\u2066-\u2069]/;
/** Something that leaves a mark on the screen. */
const VISIBLE = /[^\p{Z}\p{C}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Says what is wrong with a name, or null. Counts characters as the backend does. */
export function nameProblem(name: string, longest: number): string | null {
  if (TURNING.test(name))
    return 'This name turns the direction of writing, so it could pass for another. Type it anew.';
  if (name.trim() !== '' && !VISIBLE.test(name)) return 'This name has only characters that nobody sees.';
  return tooLong(name, longest);
}

/** Says by how much a text is too long, or null. */
export function tooLong(text: string, longest: number): string | null {
  const length = [...text.trim()].length;
  return length > longest ? `${count(length)} characters: at most ${count(longest)}, please.` : null;
}
