// Which of many things somebody means by a few letters, the likeliest first.
import { computeCommandScore } from 'bits-ui';

/** Below it the letters are there, but nobody meant them. */
const LEAST = 0.01;
/** That the text stands somewhere in what is not the name. */
const ELSEWHERE = 0.02;

/** So many are weighed at most: of more, those that hold the text as it was typed. Weighing is what takes time. */
const WEIGHED = 400;

export interface Found<T> {
  thing: T;
  score: number;
}

/** What a thing is found by. */
export interface Texts {
  name: string;
  /** The name in small letters. */
  lower: string;
  /** What else may be searched for as it is written, in small letters. */
  others: string;
}

/** To be made once for each thing: there are thousands, and a frame is short. */
export const textsOf = (name: string, ...others: (string | null)[]): Texts => ({
  name,
  lower: name.toLowerCase(),
  others: others.join('\n').toLowerCase(),
});

/** Whether the letters stand in the text in this order: cheap, and most things fall out here. */
function holds(text: string, letters: string): boolean {
  let at = -1;
  for (const letter of letters) {
    at = text.indexOf(letter, at + 1);
    if (at < 0) return false;
  }
  return true;
}

/** The best of all things, at most so many. */
export function best<T>(things: readonly T[], typed: string, most: number, texts: (thing: T) => Texts): Found<T>[] {
  const lower = typed.toLowerCase();
  const letters = lower.replaceAll(/[\s-]/g, '');
  const [literal, loose, elsewhere]: [T[], T[], T[]] = [[], [], []];
  for (const thing of things) {
    const { lower: name, others } = texts(thing);
    if (name.includes(lower)) literal.push(thing);
    else if (holds(name, letters)) loose.push(thing);
    else if (others.includes(lower)) elsewhere.push(thing);
  }
  const weighed = [...literal, ...loose].slice(0, WEIGHED).flatMap((thing): Found<T>[] => {
    const { name, others } = texts(thing);
    const met = computeCommandScore(name, typed);
    const score = met >= LEAST ? met : others.includes(lower) ? ELSEWHERE : 0;
    return score > 0 ? [{ thing, score }] : [];
  });
  return [...weighed, ...elsewhere.slice(0, most).map((thing) => ({ thing, score: ELSEWHERE }))]
    .sort((one, other) => other.score - one.score)
    .slice(0, most);
}
