// What the palette knows without asking: the key in hand, the keys that the window holds, what was chosen lately.
import type { KeyId, KeyView } from '../bindings';

/** Something that was chosen in this run. Never a secret, and nothing that outlives the window. */
export type Recent = { action: string } | { key: KeyView };

const REMEMBERED = 5;

class Current {
  /** The key that the drawer shows, or the cursor is on. */
  key = $state.raw<KeyView | null>(null);
  keys = $state.raw<readonly KeyView[]>([]);
  /** Of those, the ones whose secret this computer holds. */
  kept = $state.raw<ReadonlySet<KeyId>>(new Set());
  recent = $state.raw<readonly Recent[]>([]);

  /** The newest that is known of a key. */
  of(key: KeyView): KeyView {
    return this.keys.find(({ id }) => id === key.id) ?? key;
  }

  remember(chosen: Recent): void {
    const others = this.recent.filter((each) => nameOf(each) !== nameOf(chosen));
    this.recent = [chosen, ...others].slice(0, REMEMBERED);
  }

  /** Another organization or person: nothing of the one before may be found. */
  forget(): void {
    this.key = null;
    this.keys = [];
    this.kept = new Set();
    this.recent = [];
  }
}

const nameOf = (recent: Recent): string => ('key' in recent ? recent.key.id : recent.action);

export const current = new Current();
