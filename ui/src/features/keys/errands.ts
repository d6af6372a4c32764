// What was chosen elsewhere in the window, done to the key that it was chosen for.
import type { KeyView } from '../../bindings';
import { inform } from '../../components/toasts.svelte';
import { named } from '../../format';
import { app } from '../../state/app.svelte';
import type { KeyAction } from '../../state/route.svelte';
import type { KeysModel } from './model.svelte';

/** Does one thing to one key, as its row or its drawer would. */
export async function act(model: KeysModel, action: KeyAction, key: KeyView): Promise<void> {
  if (action === 'show') model.show(key);
  else if (action === 'copy') await model.copy(key);
  else if (action === 'edit') model.edit(key);
  else if (action === 'rotate') model.askRotate(key);
  else if (action === 'revoke') await model.revoke(key);
  else if (action === 'replace') await model.replace(key);
  else await endPrevious(model, key);
}

async function endPrevious(model: KeysModel, key: KeyView): Promise<void> {
  const ended = await app.attempt('end_previous', { id: key.id });
  if (!ended) return;
  model.list.put(ended);
  inform({
    title: `Ended the old secret of ${named(ended)}`,
    detail: 'Calls with it are refused now. The new one works on.',
    topic: `ended-${key.id}`,
  });
}
