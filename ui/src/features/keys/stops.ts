// What stands in the way of an API key, as things are now.
import type { KeyView, ProductScopes, Scope } from '../../bindings';
import { stops, type Stop } from '../../phare';
import { app } from '../../state/app.svelte';

/** Whether the project that a key is bound to is gone: every call with it is refused. */
export const isOrphan = (key: KeyView): boolean => key.scope.type === 'project' && key.project_name === null;

/** Where the attached Phare keys fall short; nothing where none is called with, or nobody may know. */
export function stopsNow(scope: Scope, products: ProductScopes): Stop[] {
  if (!app.callsPhare || !app.rights?.manage_keys || !app.phareKeys) return [];
  return stops(scope, products, app.phareKeys);
}
