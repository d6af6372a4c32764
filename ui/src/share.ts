// What a key may have of the calls a minute, in words.
import type { Share, SharePatch } from './bindings';
import { count } from './format';

/** What a key has that nothing was said of. */
export const NO_SHARE: Share = { at_most: null, reserved: null, weight: 1 };

export const isUsual = (share: Share): boolean => sharePatch(share, NO_SHARE) === undefined;

/** Such as "At most 30 calls a minute, 10 kept free". */
export function shareWords({ at_most: most, reserved, weight }: Share): string {
  const words = [
    ...(most === null ? [] : [`at most ${count(most)} a minute`]),
    ...(reserved ? [`${count(reserved)} a minute kept free`] : []),
    ...(weight === 1 ? [] : [`weight ${count(weight)}`]),
  ].join(', ');
  return words === '' ? 'What the limit leaves' : words.charAt(0).toUpperCase() + words.slice(1);
}

/** What to send so that one share becomes the other: only what differs; undefined if nothing does. */
export function sharePatch(from: Share, to: Share): SharePatch | undefined {
  const differs = (Object.keys(NO_SHARE) as (keyof Share)[]).filter((field) => from[field] !== to[field]);
  return differs.length === 0 ? undefined : Object.fromEntries(differs.map((field) => [field, to[field]]));
}

/** How much is kept free for keys, of those that are listed. */
export const keptFree = (uses: { share: Share }[]): number =>
  uses.reduce((sum, { share }) => sum + (share.reserved ?? 0), 0);

/** What somebody wrote as a number of calls: nothing is null, and what is none is undefined. */
export function callsOf(text: string): number | null | undefined {
  const written = text.trim();
  if (written === '') return null;
  return /^\d{1,7}$/.test(written) ? Number(written) : undefined;
}
