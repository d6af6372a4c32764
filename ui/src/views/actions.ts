// Everything that the palette can do, by name.
import { reach } from '../address';
import type { KeyView } from '../bindings';
import { inform, toasts } from '../components/toasts.svelte';
import { oldSecretWords } from '../features/keys/standing';
import { app } from '../state/app.svelte';
import { mayReadProjects, seesKept } from '../state/rights';
import { route, type KeyAction } from '../state/route.svelte';
import { MOD } from '../state/shortcuts';
import { wayTo } from './homes';

export interface Action {
  label: string;
  shortcut?: string;
  /** Whether it puts the focus somewhere else. */
  moves?: boolean;
  run: () => void;
}

/** What can be done to the whole, as things stand. */
export function actions(open: { shortcuts: () => void; connect: () => void }): Action[] {
  const { rights, status } = app;
  const gateway = status?.gateway;
  const undo = toasts.list.findLast(({ action }) => action !== null);
  return [
    ...(undo
      ? [
          {
            label: `Undo: ${undo.title}`,
            shortcut: `${MOD} Z`,
            run: () => {
              toasts.act(undo);
            },
          },
        ]
      : []),
    ...(rights?.manage_keys
      ? [{ label: 'New key', shortcut: 'N', moves: true, run: () => route.go('keys', { do: 'create' }) }]
      : []),
    { label: 'Search keys, or paste one', shortcut: '/', moves: true, run: () => route.go('keys', { do: 'search' }) },
    { label: 'Show revoked and expired keys', run: () => route.go('keys', { do: 'show_dead' }) },
    ...(seesKept() ? [{ label: 'Phare’s own keys', run: () => route.go('keys', { do: 'show_kept' }) }] : []),
    { label: 'Go to Keys', run: () => route.go('keys') },
    { label: 'Go to Projects', run: () => route.go('projects') },
    { label: 'Go to Activity', run: () => route.go('activity') },
    { label: 'Go to Settings', run: () => route.go('settings') },
    ...(rights?.create_projects
      ? [{ label: 'New project', moves: true, run: () => route.go('projects', { do: 'create_project' }) }]
      : []),
    ...(mayReadProjects()
      ? [{ label: 'Read projects from Phare', run: () => route.go('projects', { do: 'read_projects' }) }]
      : []),
    ...(rights?.read_audit
      ? [{ label: 'Verify the audit trail', run: () => route.go('activity', { do: 'verify' }) }]
      : []),
    ...(gateway && 'address' in gateway && gateway.address
      ? [{ label: 'Copy the gateway’s address', run: () => void copyAddress(gateway.address ?? '') }]
      : []),
    ...(gateway?.state === 'running'
      ? // Asked first, with how many keys stop.
        [{ label: 'Pause the gateway', moves: true, run: () => route.go('settings', { do: 'pause' }) }]
      : []),
    ...(gateway?.state === 'paused'
      ? [{ label: 'Let the gateway answer again', run: () => void app.change('resume_gateway', null) }]
      : []),
    ...(rights?.manage_organization
      ? [{ label: 'Phare’s key, behind the gateway', run: () => route.go('settings', { do: 'phare' }) }]
      : []),
    ...(app.callsPhare
      ? [{ label: 'Open Phare’s panel in the browser', run: () => void app.attempt('open_phare_panel', null) }]
      : []),
    ...app.homes
      .filter(({ current }) => !current)
      .map((home) => ({ label: wayTo(home), run: () => void app.go(home) })),
    { label: 'Connect to a team server', moves: true, run: open.connect },
    { label: 'Theme: light', run: () => void app.savePreferences({ theme: 'light' }) },
    { label: 'Theme: dark', run: () => void app.savePreferences({ theme: 'dark' }) },
    { label: 'Theme: follow the system', run: () => void app.savePreferences({ theme: 'system' }) },
    { label: 'Keyboard shortcuts', shortcut: '?', moves: true, run: open.shortcuts },
  ];
}

export interface OfKey {
  action: KeyAction;
  verb: string;
  shortcut?: string;
}

/** What can be done to one key, as things stand. */
export function actionsOn(key: KeyView, kept: boolean): OfKey[] {
  const live = key.status === 'active' || key.status === 'rotating';
  return [
    { action: 'show', verb: 'Open', shortcut: 'Enter' },
    ...(live && kept ? [{ action: 'copy' as const, verb: 'Copy the secret of', shortcut: 'C' }] : []),
    ...(live && app.rights?.manage_keys
      ? [
          { action: 'edit' as const, verb: 'Edit', shortcut: 'E' },
          { action: 'rotate' as const, verb: 'Rotate', shortcut: 'R' },
          { action: 'revoke' as const, verb: 'Revoke', shortcut: 'Del' },
          { action: 'replace' as const, verb: 'Revoke and replace' },
        ]
      : []),
    ...(key.status === 'rotating' && app.rights?.manage_keys
      ? [{ action: 'end_previous' as const, verb: `End ${oldSecretWords(key)} of` }]
      : []),
  ];
}

async function copyAddress(address: string): Promise<void> {
  if ((await app.attempt('copy_text', { text: address })) === undefined) return;
  inform({ title: `Copied ${address}`, detail: reach(address), topic: 'address' });
}
