// When, for what and by what a key was last used, in words.
import type { KeyView, OperationView } from '../../bindings';
import { agoShort } from '../../format';

/** "3 min ago, listing monitors, by terraform-provider-phare from 127.0.0.1"; "Never". */
export function lastUse(key: KeyView, operations: OperationView[]): string {
  if (key.last_used_at === null) return 'Never';
  const doing = operations.find(({ id }) => id === key.last_operation)?.doing;
  const by = [
    ...(key.last_client ? [`by ${key.last_client}`] : []),
    ...(key.last_address ? [`from ${key.last_address}`] : []),
  ].join(' ');
  return [agoShort(key.last_used_at), doing, by].filter(Boolean).join(', ');
}
