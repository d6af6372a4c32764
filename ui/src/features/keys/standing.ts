// How a key stands: what it is worth, now or at another time.
import type { KeyStatus, KeyView } from '../../bindings';

/** Whether a key still opens anything. */
export const isLive = ({ status }: KeyView): boolean => status === 'active' || status === 'rotating';

/** What becomes of a key by then if nobody touches it: it expires, and the secret before a rotation ends. */
export function statusAt(key: KeyView, time: number): KeyStatus {
  const over = (end: string | null) => end !== null && Date.parse(end) <= time;
  if (!isLive(key)) return key.status;
  if (over(key.expires_at)) return 'expired';
  return over(key.previous_valid_until) ? 'active' : key.status;
}
