// What a found secret is to a person, and what can be done about it.
import type { FoundKey, KeyView, StrangeKind } from '../../bindings';
import { ago, dateTime } from '../../format';
import type { KeyAction } from '../../state/route.svelte';
import { now } from '../../state/clock.svelte';
import { isLive, oldSecretWords } from './standing';

/** Whether whoever holds this very secret can still use it. */
export function opens({ key, credential, valid_until }: FoundKey, at = now()): boolean {
  if (credential === 'current') return isLive(key);
  return key.status === 'rotating' && valid_until !== null && Date.parse(valid_until) > at;
}

/** A found secret whose key may have changed since. What was promised of it is never forgotten while the key rests. */
export function renewed(found: FoundKey, key: KeyView): FoundKey {
  if (!isLive(key) || key.display === found.display) return { ...found, key };
  const { previous_valid_until: last, earlier_valid_until: earlier, expires_at: end } = key;
  const promised = found.credential === 'current' ? last : found.valid_until;
  // No old secret works beyond the end of its key.
  const cut = promised && end && Date.parse(end) < Date.parse(promised) ? end : null;
  const valid_until = [promised, cut].find((until) => until && [last, earlier].includes(until)) ?? null;
  return { ...found, key, credential: 'replaced', valid_until };
}

/** One line about the secret that was pasted. */
export function story(found: FoundKey): string {
  const { key, credential, valid_until } = found;
  if (key.status === 'revoked')
    return `Revoked ${key.revoked_at ? ago(key.revoked_at) : ''}. It opens nothing any more.`;
  if (key.status === 'expired')
    return `Expired ${key.expires_at ? ago(key.expires_at) : ''}. It opens nothing any more.`;
  if (credential === 'current') return 'The secret in use. It works now.';
  if (!opens(found) || !valid_until)
    return 'An old secret, replaced since. It opens nothing any more; the key itself works on.';
  return `An old secret, replaced since. It still works until ${dateTime(valid_until)}.`;
}

/** What can be done about it, the likeliest first. Nothing is taken from a key that this secret no longer opens. */
export function remedies(found: FoundKey, mayManage: boolean): { action: KeyAction; label: string }[] {
  const show = { action: 'show' as const, label: 'Open' };
  if (!opens(found) || !mayManage) return [show];
  return [
    ...(found.credential === 'replaced'
      ? [{ action: 'end_previous' as const, label: `End ${oldSecretWords(found.key)}` }]
      : []),
    { action: 'replace', label: 'Revoke and replace' },
    { action: 'revoke', label: 'Revoke' },
    // The old secret is not the one that a rotation would replace.
    ...(found.credential === 'current' ? [{ action: 'rotate' as const, label: 'Rotate' }] : []),
    show,
  ];
}

/** What a secret is that is none of this organization's, and what to do about it. */
export const STRANGE: Record<StrangeKind, { what: string; todo: string }> = {
  phare: {
    what: 'Not one of this organization’s: a Phare key',
    todo: 'Revoke it in Phare’s own panel. Gardien cannot.',
  },
  gardien: {
    what: 'Not one of this organization’s: another Gardien’s key, or one that was deleted',
    todo: 'Revoke it in the Gardien that made it. No gateway of this organization takes it.',
  },
  truncated: {
    what: 'A Gardien key whose end is missing',
    todo: 'Paste it whole, or search for its beginning to see whose it may be.',
  },
  mistyped: {
    what: 'Nearly a Gardien key: a letter of it is wrong',
    todo: 'Copy it again from where it was found. As it stands it opens nothing.',
  },
  session: {
    what: 'Not a key: a session token, which signs a person in to a team’s Gardien',
    todo: 'Whoever holds it can act as that person. Ask whoever runs the server to end the session.',
  },
};
