// What can be done with a Phare key at one press. What goes wrong is said in a toast.
import type { PhareKeyView } from '../../bindings';
import { inform, sayCopied } from '../../components/toasts.svelte';
import { app } from '../../state/app.svelte';

/** Finds out anew what it can do. */
export async function check(key: PhareKeyView): Promise<void> {
  const checked = await app.attempt('examine_phare_key', { id: key.id });
  if (!checked) return;
  app.putPhareKey(checked);
  const refused = checked.current.refused_at !== null;
  inform({
    title: `Checked “${key.name}”${refused ? ': Phare refuses it' : ''}`,
    detail: refused && key.purpose === 'attached' ? 'Calls that need it are answered with 502.' : '',
    tone: refused ? 'problem' : 'plain',
    topic: 'phare-keys',
  });
}

/** Lets its two secrets change places. */
export async function swap(key: PhareKeyView): Promise<void> {
  const switched = await app.attempt('switch_phare_key', { id: key.id });
  if (!switched) return;
  app.putPhareKey(switched);
  inform({
    title: `Switched to ${switched.current.display}`,
    detail: 'Calls go out with it now.',
    topic: 'phare-keys',
  });
}

/** Puts a kept one on the clipboard, and answers whether it did. */
export async function copy(key: PhareKeyView): Promise<boolean> {
  const copied = await app.attempt('copy_phare_key', { id: key.id });
  if (copied) sayCopied(`Copied “${key.name}”`, copied.clears_in_seconds);
  return copied !== undefined;
}

/** Empties the slot beside the secret in use. Throws what goes wrong. */
export async function unstage(key: PhareKeyView): Promise<void> {
  app.putPhareKey(await app.ask('unstage_phare_key', { id: key.id }));
}

/** Detaches it, or keeps it no longer. Throws what goes wrong. */
export async function remove(key: PhareKeyView, said: string): Promise<void> {
  app.become(await app.ask('remove_phare_key', { id: key.id }));
  inform({ title: said, topic: 'phare-keys' });
}
