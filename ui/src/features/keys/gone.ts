// What is said of a key that works no more, while that can be undone.
import type { KeyView } from '../../bindings';
import { inform } from '../../components/toasts.svelte';
import { isWithinDays, named } from '../../format';
import { operations } from './operations.svelte';
import { lastUse } from './use';

const UNDO_SECONDS = 10;
/** What is left of the time in which something that began at `start` can be undone. */
export const undoable = (start: number) => UNDO_SECONDS - Math.floor((Date.now() - start) / 1000);

/** Says what was done to a key, by what it was used lately, and how to take it back. */
export function sayGone(done: string, key: KeyView, start: number, undo: () => void): void {
  const lately = key.last_used_at !== null && isWithinDays(key.last_used_at, 1);
  inform({
    title: `${done} ${named(key)}`,
    detail: `Calls with it are refused now.${lately ? ` Last used ${lastUse(key, operations.data ?? [])}.` : ''}`,
    topic: `revoked-${key.id}`,
    seconds: undoable(start),
    action: { label: 'Undo', run: undo },
  });
}
