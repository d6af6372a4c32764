// What is said when something could not be done to a key.
import type { CommandError, KeyView } from '../../bindings';
import { inform } from '../../components/toasts.svelte';
import { explain } from '../../errors';
import { named } from '../../format';

/** Why, and what to do about it. */
export function inWords(error: CommandError): string {
  const { what, next } = explain(error);
  return [what, next].filter(Boolean).join(' ');
}

/** "Could not revoke “grafana” …3fQz", and why. */
export function sayFailed(what: string, key: KeyView, error: CommandError): void {
  const detail = `${explain(error).title}. ${inWords(error)}`.trim();
  inform({ title: `Could not ${what} ${named(key)}`, detail, tone: 'problem' });
}
