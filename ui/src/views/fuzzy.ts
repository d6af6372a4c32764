// Which of many things somebody means by a few letters, the likeliest first.
import { computeCommandScore } from 'bits-ui';

/** Below it the letters are there, but nobody meant them. */
const LEAST = 0.01;
/** That the text stands somewhere in what is not the name. */
const ELSEWHERE = 0.02;

export interface Found<T> {
  thing: T;
  score: number;
}

/** Whether the letters stand in the text in this order: cheap, and most things fall out here. */
function holds(text: string, letters: string): boolean {
  let at = -1;
  for (const letter of letters) {
    at = text.indexOf(letter, at + 1);
    if (at < 0) return false;
  }
  return true;
}

/** How well one text is met by what was typed, from 0 to 1. */
export function score(name: string, typed: string): number {
  if (!holds(name.toLowerCase(), typed.toLowerCase().replaceAll(/\s/g, ''))) return 0;
  const met = computeCommandScore(name, typed);
  return met < LEAST ? 0 : met;
}

/** The best of all things, at most so many. What stands elsewhere than in the name counts when it is there as typed. */
export function best<T>(
  things: readonly T[],
  typed: string,
  most: number,
  texts: (thing: T) => { name: string; others: readonly (string | null)[] },
): Found<T>[] {
  const lower = typed.toLowerCase();
  const found: Found<T>[] = [];
  for (const thing of things) {
    const { name, others } = texts(thing);
    const met = score(name, typed) || (others.some((text) => text?.toLowerCase().includes(lower)) ? ELSEWHERE : 0);
    if (met > 0) found.push({ thing, score: met });
  }
  return found.sort((one, other) => other.score - one.score).slice(0, most);
}
