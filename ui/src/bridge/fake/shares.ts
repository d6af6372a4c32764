// Shares of the calls a minute, as the backend keeps them.
import type { Share, SharePatch, WhatIfQuery, WhatIfView } from '../../bindings';
import { NO_SHARE } from '../../share';
import type { World } from './world';

export function merged(share: Share, patch: SharePatch | null): Share {
  const { at_most, reserved, weight } = { ...(patch ? share : NO_SHARE), ...patch };
  return { at_most, reserved: reserved || null, weight: weight ?? NO_SHARE.weight };
}

/** In the worst minute the key called as often as the world says, and the next one twelve times. */
export function whatIf({ wanted, keys }: World, { key_id: id, at_most: most, reserved = 0 }: WhatIfQuery): WhatIfView {
  const at = new Date(Date.now() - 600_000).toISOString();
  const other = keys.find((key) => key.id !== id);
  const left = Math.max(0, 100 - Math.max(wanted, reserved));
  return {
    known_minutes: 60,
    key: id === undefined || wanted === 0 ? null : { wanted, made: Math.min(wanted, most ?? wanted), at },
    other: other && left < 12 ? { id: other.id, name: other.name, wanted: 12, made: left, at } : null,
  };
}
