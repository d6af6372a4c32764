// What comes between looking and pressing, for the tests that no action meets the wrong key.
import * as fc from 'fast-check';
import type { Commands } from '../src/bindings';
import type { FakeBridge } from '../src/bridge/fake';

const MEETING = ['revoke_key', 'rotate_key', 'replace_key', 'copy_secret', 'restore_key', 'undo_replacement'] as const;
type Meeting = (typeof MEETING)[number];
const isMeeting = (name: keyof Commands): name is Meeting => (MEETING as readonly string[]).includes(name);

/** What the backend was asked to do to keys from now on. */
export function listen(bridge: FakeBridge): () => string[] {
  const start = bridge.calls.length;
  return () =>
    bridge.calls.slice(start).flatMap(({ name, args }) => (isMeeting(name) ? [(args as { id: string }).id] : []));
}

/** Enough for every answer that is under way, and for what is asked because of it. */
export const settle = async (turns = 12) => {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setTimeout(resolve, 0));
};

let made = 0;
/** Somebody else makes a key; the window hears of it, or finds it when it looks again. */
function makeElsewhere(bridge: FakeBridge, told: boolean): void {
  const { world } = bridge;
  const like = world.keys[0];
  if (!like) return;
  made += 1;
  const id = `0999-${String(made).padStart(8, '0')}`;
  const created_at = new Date(Date.now() + made).toISOString();
  world.keys.unshift({ ...structuredClone(like), id, name: `elsewhere ${String(made)}`, status: 'active', created_at });
  if (told) bridge.push({ type: 'changed', change: { type: 'keys', ids: [id] } });
}

function revokeElsewhere(bridge: FakeBridge, at: number): void {
  const key = bridge.world.keys[at % bridge.world.keys.length];
  if (!key) return;
  key.status = 'revoked';
  bridge.push({ type: 'changed', change: { type: 'keys', ids: [key.id] } });
}

export const place = fc.nat({ max: 11 });
export const between = fc.constantFrom('made', 'made unheard', 'revoked', 'looked', 'used', 'nothing');
export type Between = 'made' | 'made unheard' | 'revoked' | 'looked' | 'used' | 'nothing';

export function meanwhile(bridge: FakeBridge, what: Between, at: number): void {
  if (what === 'made') makeElsewhere(bridge, true);
  else if (what === 'made unheard') makeElsewhere(bridge, false);
  else if (what === 'revoked') revokeElsewhere(bridge, at);
  else if (what === 'looked') window.dispatchEvent(new Event('focus'));
  else if (what === 'used') {
    const id = bridge.world.keys[at % bridge.world.keys.length]?.id ?? '';
    const now = new Date().toISOString();
    const use = { last_used_at: now, last_operation: null, last_client: null, last_address: null };
    bridge.push({
      type: 'changed',
      change: { type: 'uses', uses: [{ id, ...use, previous_used_at: null, earlier_used_at: null }] },
    });
  }
}
