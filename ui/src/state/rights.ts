// What a person may do here; why not, and whom to ask.
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

/** Whether Phare's own keys are on show: to whoever manages keys, on the computer that keeps them. */
export const seesKept = (): boolean => app.status?.connection?.kind === 'embedded' && app.rights?.manage_keys === true;

/** Whether projects can be read anew from what stands behind the gateway. */
export const mayReadProjects = (): boolean =>
  app.rights?.manage_projects === true && (app.callsPhare || app.status?.upstream !== 'none');
