// How a key stands: what it is worth, now or at another time.
import type { KeyStatus, KeyView } from '../../bindings';

/** Whether a key still opens anything. */
export const isLive = ({ status }: KeyView): boolean => status === 'active' || status === 'rotating';

interface OldSecret {
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

/** The one of them that works the longest. */
export const longestOld = (key: KeyView, time: number): OldSecret | undefined =>
  oldSecrets(key, time).sort((a, b) => Date.parse(b.until) - Date.parse(a.until))[0];

/** What becomes of a key by then if nobody touches it: it expires, and the secrets before a rotation end. */
export function statusAt(key: KeyView, time: number): KeyStatus {
  const over = (end: string | null) => end !== null && Date.parse(end) <= time;
  if (!isLive(key)) return key.status;
  if (over(key.expires_at)) return 'expired';
  return key.status === 'rotating' && oldSecrets(key, time).length === 0 ? 'active' : key.status;
}
