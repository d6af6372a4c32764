// That Phare counts calls which Gardien did not make, in words.
import type { DirectUse } from './bindings';
import { ago, plural, sinceWhen } from './format';

/** "Somebody uses Phare’s key directly: at least 12 calls that Gardien did not make since 14:03, the last 2 minutes ago." */
export function directWords({ since, last, calls }: DirectUse): string {
  const from = sinceWhen(since, Date.parse(last));
  return `Somebody uses Phare’s key directly: at least ${plural(calls, 'call')} that Gardien did not make since ${from}, the last ${ago(last)}.`;
}
