import type { AppStatus, Commands, PhareKeyView, PhareSecret, ScopeKind } from '../../bindings';
import { findings, makePhareKey, makeSecret } from './phare-samples';
import { fault, record, type World } from './world';

type PhareCommand = Extract<keyof Commands, `${string}_phare_${string}`> | 'use_sandbox';
type Handlers = { [K in PhareCommand]: (world: World, args: Commands[K]['args']) => Commands[K]['result'] };

const now = () => new Date().toISOString();

/** The commands about Phare's own keys. */
export const PHARE_COMMANDS: Handlers = {
  list_phare_keys(world) {
    if (!world.status.session?.rights.manage_keys) throw fault('forbidden', 'Only Owners and Admins see these keys.');
    return world.phareKeys;
  },
  attach_phare_key(world, { name, key, leave_sandbox }) {
    const secret = examine(world, name, key);
    if (world.status.upstream === 'sandbox') {
      if (!leave_sandbox) throw fault('other_upstream', 'Everything here was made over the sandbox.');
      leave(world);
    }
    add(world, name, 'attached', secret);
    return behind(world, 'phare');
  },
  use_sandbox(world) {
    leave(world);
    world.phareKeys = world.phareKeys.filter(({ purpose }) => purpose !== 'attached');
    return behind(world, 'sandbox');
  },
  keep_phare_key(world, { name, key }) {
    const kept = add(world, name, 'kept', examine(world, name, key));
    world.secrets.set(kept.id, key);
    return kept;
  },
  stage_phare_key(world, { id, key }) {
    const found = find(world, id);
    const next = examine(world, found.name, key);
    if (next.kind !== found.current.kind) {
      const message = 'This key works in another place than the one that it is to replace.';
      throw fault('invalid', 'Some fields need a look.', { key: [message] });
    }
    return Object.assign(found, { next });
  },
  examine_phare_key(world, { id }) {
    const key = find(world, id);
    for (const secret of [key.current, key.next]) {
      if (!secret) continue;
      secret.refused_at = null;
      if (secret.findings) secret.findings.at = now();
    }
    record(world, 'phare_key.examined', id, { secret: key.current.display });
    return key;
  },
  switch_phare_key(world, { id }) {
    const key = find(world, id);
    if (!key.next) throw fault('no_next_key', 'There is no next key.');
    if (key.next.refused_at) throw fault('next_key_refused', 'Phare refuses the next key.');
    return Object.assign(key, { current: key.next, next: key.current, switched_at: now() });
  },
  unstage_phare_key: (world, { id }) => Object.assign(find(world, id), { next: null }),
  rename_phare_key(world, { id, name }) {
    if (name.trim() === '') throw fault('invalid', 'Some fields need a look.', { name: ['A name is needed.'] });
    return Object.assign(find(world, id), { name });
  },
  remove_phare_key(world, { id }) {
    find(world, id);
    world.phareKeys = world.phareKeys.filter((key) => key.id !== id);
    const bare = world.status.upstream === 'phare' && !world.phareKeys.some(({ purpose }) => purpose === 'attached');
    return behind(world, bare ? 'none' : world.status.upstream);
  },
  copy_phare_key(world, { id }) {
    world.clipboard = world.secrets.get(find(world, id).id) ?? 'pha_kept';
    return { clears_in_seconds: 30 };
  },
  open_phare_panel: () => null,
};

function find(world: World, id: string): PhareKeyView {
  const key = world.phareKeys.find((each) => each.id === id);
  if (!key) throw fault('not_found', 'There is no such Phare key.');
  return key;
}

/** Finds what the letters of the key ask for: `refused`, `read`, `prj`. */
function examine(world: World, name: string, key: string): PhareSecret {
  if (name.trim() === '') throw fault('invalid', 'Some fields need a look.', { name: ['A name is needed.'] });
  if (key.includes('refused')) {
    const message = 'Phare does not take this key.';
    throw fault('upstream_refused', message, { key: [message] });
  }
  const kind: ScopeKind = key.startsWith('pha_org_') ? 'organization' : 'project';
  const scope = key.includes('read') ? 'read' : 'read_write';
  const seen = kind === 'organization' ? world.projects : world.projects.slice(0, 1);
  const display = `${key.slice(0, 12)}…${key.slice(-4)}`;
  return makeSecret(display, kind, now(), { ...findings(kind, scope, scope, seen), at: now() });
}

function add(world: World, name: string, purpose: PhareKeyView['purpose'], secret: PhareSecret): PhareKeyView {
  const key = makePhareKey(name, purpose, secret);
  world.phareKeys.push(key);
  record(world, 'phare_key.added', key.id, { name, secret: secret.display, purpose });
  return key;
}

/** Keys made for one upstream never work at another. */
function leave(world: World): void {
  for (const key of world.keys) key.status = 'revoked';
  world.projects = [];
}

function behind(world: World, upstream: AppStatus['upstream']): AppStatus {
  world.status = { ...world.status, upstream };
  return world.status;
}
