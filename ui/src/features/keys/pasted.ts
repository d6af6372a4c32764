// What a found secret is to a person, and what can be done about it.
import type { FoundKey, StrangeKind } from '../../bindings';
import { ago, dateTime } from '../../format';
import type { KeyAction } from '../../state/route.svelte';
import { isLive } from './standing';

/** Whether whoever holds this very secret can still use it. */
export const opens = ({ key, credential, valid_until }: FoundKey): boolean =>
  isLive(key) && (credential === 'current' || valid_until !== null);

/** One line about the secret that was pasted. */
export function story(found: FoundKey): string {
  const { key, credential } = found;
  if (key.status === 'revoked')
    return `Revoked ${key.revoked_at ? ago(key.revoked_at) : ''}. It opens nothing any more.`;
  if (key.status === 'expired')
    return `Expired ${key.expires_at ? ago(key.expires_at) : ''}. It opens nothing any more.`;
  if (credential === 'current') return 'The secret in use. It works now.';
  if (!opens(found)) return 'An old secret, replaced since. It opens nothing any more; the key itself works on.';
  return `An old secret, replaced since. It still works until ${found.valid_until ? dateTime(found.valid_until) : 'the rotation ends'}.`;
}

/** What can be done about it, the likeliest first. Nothing is taken from a key that this secret no longer opens. */
export function remedies(found: FoundKey, mayManage: boolean): { action: KeyAction; label: string }[] {
  const show = { action: 'show' as const, label: 'Open' };
  if (!opens(found) || !mayManage) return [show];
  return [
    ...(found.credential === 'replaced' ? [{ action: 'end_previous' as const, label: 'End the old secret' }] : []),
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
