// How a key stands: what it is worth, now or at another time.
import type { KeyStatus, KeyView } from '../../bindings';
import { ago, dateTime } from '../../format';
import { now } from '../../state/clock.svelte';

/** Whether a key still opens anything. */
export const isLive = ({ status }: KeyView): boolean => status === 'active' || status === 'rotating';

export interface OldSecret {
  until: string;
  used: string | null;
}

/** The secrets that rotations replaced and that still work then, the last one first. */
export function oldSecrets(key: KeyView, time: number): OldSecret[] {
  const before = [
    { until: key.previous_valid_until, used: key.previous_used_at },
    { until: key.earlier_valid_until, used: key.earlier_used_at },
  ];
  return before.flatMap(({ until, used }) => (until && Date.parse(until) > time ? [{ until, used }] : []));
}

/** When the last of them ends. */
export const lastEnd = (old: OldSecret[]): string | null =>
  old.map(({ until }) => until).sort((a, b) => Date.parse(b) - Date.parse(a))[0] ?? null;

/** A sentence about each: until when it works, and whether somebody uses it. */
export function oldSecretSentences(old: OldSecret[]): string[] {
  const which = old.length > 1 ? ['The last old secret works', 'The one before that works'] : ['The old secret works'];
  return old.map(({ until, used }, index) => {
    const since = used ? ago(used) : 'before the rotation';
    return `${which[index] ?? ''} until ${dateTime(until)}, last used ${since}.`;
  });
}

/** What is ended when they are: all of them. */
export const oldSecretWords = (key: KeyView): string =>
  oldSecrets(key, now()).length > 1 ? 'both old secrets' : 'the old secret';

/** What becomes of a key by then if nobody touches it: it expires, and the secrets before a rotation end. */
export function statusAt(key: KeyView, time: number): KeyStatus {
  const over = (end: string | null) => end !== null && Date.parse(end) <= time;
  if (!isLive(key)) return key.status;
  if (over(key.expires_at)) return 'expired';
  return key.status === 'rotating' && oldSecrets(key, time).length === 0 ? 'active' : key.status;
}
