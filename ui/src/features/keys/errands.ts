// What was chosen elsewhere in the window, done to the key that it was chosen for.
import type { KeyView } from '../../bindings';
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
  else await model.endPrevious(key);
}
