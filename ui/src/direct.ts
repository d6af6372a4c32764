// That Phare counts calls which Gardien did not make, in words.
import type { DirectUse } from './bindings';
import { ago, dateTime, plural, time } from './format';

/** "Somebody uses Phare’s key directly: at least 12 calls since 14:03, the last 2 minutes ago, that Gardien did not make." */
export function directWords({ since, last, calls }: DirectUse): string {
  const today = new Date(since).toDateString() === new Date(last).toDateString();
  const from = today ? time(since) : dateTime(since);
  return `Somebody uses Phare’s key directly: at least ${plural(calls, 'call')} since ${from}, the last ${ago(last)}, that Gardien did not make.`;
}
