// Why a person may not do something, and whom to ask.
import type { Rights } from '../bindings';
import { app } from './app.svelte';

const WHAT: Record<keyof Rights, string> = {
  manage_keys: 'create API keys',
  create_projects: 'create projects',
  manage_projects: 'rename or delete projects',
  manage_organization: 'change the organization',
  read_audit: 'read the audit trail',
};

/** Null when the person may; else one sentence that says why not and who can. */
export function whyNot(right: keyof Rights, what = WHAT[right]): string | null {
  const session = app.session;
  if (!session || session.rights[right]) return null;
  const people = session.ask.slice(0, 3).join(' or ');
  return `Only Owners and Admins can ${what}.${people ? ` Ask ${people}.` : ''}`;
}
