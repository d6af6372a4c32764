// What a key may have of the calls a minute, in words.
import type { Share } from './bindings';
import { count } from './format';

/** What a key has that nothing was said of. */
export const NO_SHARE: Share = { at_most: null, reserved: 0, weight: 1 };

export const isUsual = ({ at_most: most, reserved, weight }: Share): boolean =>
  most === null && reserved === 0 && weight === 1;

/** Such as "At most 30 calls a minute, 10 kept free". */
export function shareWords({ at_most: most, reserved, weight }: Share): string {
  const words = [
    ...(most === null ? [] : [`at most ${count(most)} a minute`]),
    ...(reserved === 0 ? [] : [`${count(reserved)} a minute kept free`]),
    ...(weight === 1 ? [] : [`weight ${count(weight)}`]),
  ].join(', ');
  return words === '' ? 'What the limit leaves' : words.charAt(0).toUpperCase() + words.slice(1);
}

/** What somebody wrote as a number of calls: nothing is null, and what is none is undefined. */
export function callsOf(text: string): number | null | undefined {
  const written = text.trim();
  if (written === '') return null;
  return /^\d{1,7}$/.test(written) ? Number(written) : undefined;
}
