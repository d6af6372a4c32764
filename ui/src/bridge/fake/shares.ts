// Shares of the calls a minute, as the backend keeps them.
import type { Share, SharePatch } from '../../bindings';
import { NO_SHARE } from '../../share';

export function merged(share: Share, patch: SharePatch | null): Share {
  const { at_most, reserved, weight } = { ...(patch ? share : NO_SHARE), ...patch };
  return { at_most, reserved: reserved || null, weight: weight ?? NO_SHARE.weight };
}
