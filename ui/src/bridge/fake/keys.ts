import type { Commands, FreshKey, KeyQuery, KeySort, KeyView, NewKey, Pasted, ProjectId } from '../../bindings';
import { NO_SHARE } from '../../share';
import { UNUSED } from './samples';
import { merged } from './shares';
import { created, fault, record, type World } from './world';

type KeyCommand = Exclude<
  Extract<
    keyof Commands,
    | `${string}_key`
    | `${string}_keys`
    | `${string}_secret`
    | 'copy_form'
    | 'form_text'
    | 'forget_fresh'
    | 'undo_replacement'
    | 'end_previous'
    | 'find_pasted'
  >,
  `${string}_phare_${string}`
>;
type Handlers = { [K in KeyCommand]: (world: World, args: Commands[K]['args']) => Commands[K]['result'] };

const DAY = 86_400_000;
const CLEARS = { clears_in_seconds: 30 };

/** Whether a key still works. */
export const isLive = (key: KeyView) => key.status === 'active' || key.status === 'rotating';
/** Whether a key is bound to this project. */
export const isIn = (key: KeyView, id: ProjectId) => key.scope.type === 'project' && key.scope.project_id === id;

function keeps(key: KeyView, query: KeyQuery): boolean {
  const texts = [key.name, key.note, key.project_name ?? '', key.display];
  const unused = (days: number) => Date.now() - Date.parse(key.last_used_at ?? key.created_at) >= days * DAY;
  const within = query.expires_within_days;
  return (
    (!query.q || texts.some((text) => text.toLowerCase().includes(query.q?.toLowerCase() ?? ''))) &&
    (!query.scope || key.scope.type === query.scope) &&
    (query.project_id === undefined || isIn(key, query.project_id)) &&
    (!query.status || key.status === query.status) &&
    (!query.live || isLive(key)) &&
    (!query.platform || key.products.platform === query.platform) &&
    (!query.uptime || key.products.uptime === query.uptime) &&
    (!query.usage || (query.usage === 'never' ? key.last_used_at === null : unused(90))) &&
    (within === undefined ||
      (isLive(key) && key.expires_at !== null && Date.parse(key.expires_at) <= Date.now() + within * DAY))
  );
}

/** The commands about keys and their secrets. */
export const KEY_COMMANDS: Handlers = {
  list_keys(world, query) {
    const kept = sorted(
      world.keys.filter((key) => keeps(key, query)),
      query,
    );
    const start = Number(query.cursor ?? 0);
    const end = start + (query.limit ?? 50);
    const data = kept.slice(start, end);
    return {
      page: { data, next_cursor: end < kept.length ? String(end) : null, total: kept.length },
      kept: data.map(({ id }) => id).filter((id) => world.kept.has(id)),
    };
  },
  get_key: (world, { id }) => ({ key: find(world, id), kept: world.kept.has(id) }),
  create_key(world, { key, keep }) {
    if (key.name.trim() === '') throw fault('invalid', 'Some fields need a look.', { name: ['A name is needed.'] });
    return make(world, key, keep, false);
  },
  update_key(world, { id, patch }) {
    const key = find(world, id);
    const { share, ...rest } = patch;
    const after = { ...rest, ...(share === undefined ? {} : { share: merged(key.share, share) }) };
    const fields = Object.keys(after) as (keyof typeof after)[];
    const changed = fields.filter((field) => JSON.stringify(after[field]) !== JSON.stringify(key[field]));
    const detail = Object.fromEntries(changed.map((field) => [field, { from: key[field], to: after[field] }]));
    record(world, 'key.updated', id, { name: key.name, display: key.display, ...detail });
    return Object.assign(key, after);
  },
  revoke_key(world, { id }) {
    const key = find(world, id);
    world.before.set(id, { ...key });
    const revoked_at = new Date().toISOString();
    Object.assign(key, { status: 'revoked', revoked_at, previous_valid_until: null, earlier_valid_until: null });
    record(world, 'key.revoked', id, { name: key.name, display: key.display });
    return key;
  },
  restore_key(world, { id }) {
    const key = find(world, id);
    Object.assign(key, { status: 'active', revoked_at: null }, world.before.get(id));
    record(world, 'key.restored', id, { name: key.name, display: key.display });
    return key;
  },
  rotate_key(world, { id, grace_seconds }) {
    const key = find(world, id);
    key.earlier_valid_until = key.status === 'rotating' ? key.previous_valid_until : null;
    key.earlier_used_at = key.previous_used_at;
    key.previous_used_at = null;
    key.status = grace_seconds > 0 || key.earlier_valid_until ? 'rotating' : 'active';
    world.replaced.set(world.secrets.get(id) ?? '', id);
    key.previous_valid_until = grace_seconds > 0 ? new Date(Date.now() + grace_seconds * 1000).toISOString() : null;
    const from = key.display;
    give(world, key);
    const { name, display, previous_valid_until } = key;
    record(world, 'key.rotated', id, { name, display: { from, to: display }, previous_valid_until });
    return fresh(world, key, false);
  },
  replace_key(world, { id }) {
    const old = KEY_COMMANDS.revoke_key(world, { id });
    const { name, note, scope, products, share, expires_at } = old;
    return make(world, { name, note, scope, products, share, expires_at }, world.kept.has(id), true);
  },
  undo_replacement(world, { id, replacement }) {
    const key = KEY_COMMANDS.restore_key(world, { id });
    return { key, replacement: KEY_COMMANDS.revoke_key(world, { id: replacement }) };
  },
  end_previous(world, { id }) {
    const key = find(world, id);
    key.status = 'active';
    key.previous_valid_until = null;
    key.earlier_valid_until = null;
    record(world, 'key.previous_ended', id, { name: key.name, display: key.display });
    return key;
  },
  find_pasted: (world, { text }) => pasted(world, text),
  try_key(world, { id }) {
    secret(world, id);
    const uptime = find(world, id).products.uptime !== 'none';
    return {
      operation: uptime ? 'getUptimeMonitors' : 'getUsers',
      method: 'GET',
      path: uptime ? '/uptime/monitors' : '/users',
      status: 200,
      milliseconds: 12,
      body: '{"data":[],"links":{"first":null,"last":null,"prev":null,"next":null}}',
    };
  },
  copy_secret(world, { id }) {
    world.clipboard = secret(world, id);
    const { name, display } = find(world, id);
    record(world, 'key.secret_copied', id, { name, display });
    return CLEARS;
  },
  reveal_secret(world, { id }) {
    const { name, display } = find(world, id);
    record(world, 'key.secret_revealed', id, { name, display });
    return secret(world, id);
  },
  form_text: (world, { id, form, project_id }) =>
    `${form}: ${form === 'env' ? find(world, id).display : `project ${String(project_id)}`} at ${world.status.base_url}`,
  copy_form(world, { id, form }) {
    world.clipboard = `${form}: ${form === 'env' ? secret(world, id) : 'no secret'}`;
    return form === 'env' ? CLEARS : null;
  },
  forget_fresh(world) {
    for (const id of world.fresh) if (!world.kept.has(id)) world.secrets.delete(id);
    world.fresh.clear();
    return null;
  },
};

const SORTS: Record<KeySort, (key: KeyView) => string> = {
  created: ({ created_at }) => created_at,
  name: ({ name }) => name.toLowerCase(),
  scope: ({ project_name }) => project_name?.toLowerCase() ?? '',
  last_used: ({ last_used_at }) => last_used_at ?? '',
  expires: ({ expires_at }) => expires_at ?? '~',
};

function sorted(keys: KeyView[], { sort = 'created', order = 'descending' }: KeyQuery): KeyView[] {
  const by = SORTS[sort];
  const up = keys.toSorted((one, other) => (by(one) < by(other) ? -1 : by(one) > by(other) ? 1 : 0));
  return order === 'ascending' ? up : up.toReversed();
}

function pasted(world: World, text: string): Pasted {
  const result: Pasted = { found: [], strange: [] };
  const words = new Set([...text.matchAll(/(?:pha|gdn)_[A-Za-z0-9_]+/g)].map(([word]) => word));
  for (const word of words) {
    const old = world.replaced.get(word);
    const id = old ?? [...world.secrets].find(([, each]) => each === word)?.[0];
    const key = world.keys.find((each) => each.id === id);
    const display = `${word.slice(0, 16)}…${word.slice(-10, -6)}`;
    const credential = old ? 'replaced' : 'current';
    if (key)
      result.found.push({
        key,
        credential,
        valid_until: old ? key.previous_valid_until : null,
        kept: world.kept.has(key.id),
        display: old ? display : key.display,
      });
    else if (word.startsWith('gdn_session_')) result.strange.push({ display, kind: 'session' });
    else if (!word.includes('_gdn_')) result.strange.push({ display, kind: 'phare' });
    else result.strange.push({ display, kind: word.length < 50 ? 'truncated' : 'gardien' });
  }
  return result;
}

function secret(world: World, id: string): string {
  const text = world.kept.has(id) || world.fresh.has(id) ? world.secrets.get(id) : undefined;
  if (!text) throw fault('secret_not_kept', 'This computer does not hold the secret of this key.');
  return text;
}

function find(world: World, id: string): KeyView {
  const key = world.keys.find((each) => each.id === id);
  if (!key) throw fault('not_found', 'There is no such key.');
  return key;
}

function make(world: World, wanted: NewKey, keep: boolean, copied: boolean): FreshKey {
  const bound = wanted.scope.type === 'project' ? wanted.scope.project_id : null;
  const key: KeyView = {
    ...wanted,
    ...UNUSED,
    share: wanted.share ?? NO_SHARE,
    id: `0193-${String(world.keys.length).padStart(8, '0')}`,
    project_name: world.projects.find(({ id }) => id === bound)?.name ?? null,
    status: 'active',
    display: '',
    created_at: new Date().toISOString(),
    created_by: world.status.session?.member.email ?? '',
    revoked_at: null,
    previous_valid_until: null,
    earlier_valid_until: null,
  };
  give(world, key);
  world.keys.unshift(key);
  if (keep) world.kept.add(key.id);
  record(world, 'key.created', key.id, created(key));
  return fresh(world, key, copied);
}

function give(world: World, key: KeyView): void {
  const random = Array.from({ length: 38 }, () => Math.floor(Math.random() * 36).toString(36)).join('');
  const prefix = key.scope.type === 'project' ? 'pha_prj_gdn_' : 'pha_org_gdn_';
  key.display = `${prefix}${random.slice(0, 4)}…${random.slice(28, 32)}`;
  world.secrets.set(key.id, prefix + random);
}

function fresh(world: World, key: KeyView, copied: boolean): FreshKey {
  world.fresh.add(key.id);
  if (copied) world.clipboard = secret(world, key.id);
  const kept = world.kept.has(key.id);
  const { keychain } = world.status;
  // Without a keychain it is kept for this run only, and the answer says why.
  const keep_problem = kept && keychain !== 'available' ? fault(`keychain_${keychain}`, 'It did not take it.') : null;
  return { key, kept, copied, masked: key.display, keep_problem };
}
