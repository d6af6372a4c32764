import type { AppStatus, Commands, KeyView, LimitPace } from '../../bindings';
import { keptFree } from '../../share';
import * as keys from './keys';
import { OPERATIONS } from './operations';
import { PHARE_COMMANDS } from './phare';
import { whatIf } from './shares';
import { fault, makeWorld, record, type World } from './world';

type Handlers = { [K in keyof Commands]: (world: World, args: Commands[K]['args']) => Commands[K]['result'] };

function pace(calls: number, burst: number | null, all: KeyView[]): LimitPace {
  const shared = calls - keptFree(all);
  const atOnce = burst ?? Math.floor((shared * 2) / 5);
  return { burst: atOnce, per_minute: shared - atOnce };
}

/** What each command does in the fake world. */
export const COMMANDS: Handlers = {
  ...keys.KEY_COMMANDS,
  ...PHARE_COMMANDS,
  app_status: (world) => world.status,
  first_start(world, { organization, email, port }) {
    if (!email.includes('@')) throw fault('invalid', 'Some fields need a look.', { email: ['Not a mail address.'] });
    const ready = makeWorld({ keys: 0, projects: 0 });
    world.organization.name = organization;
    world.preferences.gateway_port = port;
    return become(world, {
      ...ready.status,
      session: ready.status.session && {
        ...ready.status.session,
        organization,
        member: { ...ready.status.session.member, email },
      },
      gateway: { state: 'running', address: `http://127.0.0.1:${String(port)}` },
    });
  },
  connect(world, { url, token }) {
    if (!token.startsWith('gdn_session_'))
      throw fault('session_refused', 'The server did not accept this session token.');
    return become(world, { ...makeWorld({ connection: 'team' }).status, connection: { kind: 'team', url } });
  },
  switch_home(world, { connection }) {
    const homes = world.status.homes.map((home) => ({
      ...home,
      current: home.connection.kind === connection.kind,
    }));
    return become(world, { ...world.status, connection, homes });
  },
  disconnect: (world) => become(world, makeWorld({ stage: 'first_start' }).status),
  accept_older: (world) => become(world, makeWorld({}).status),
  retry(world) {
    if (world.status.stage === 'failed') return become(world, makeWorld({}).status);
    const gateway: AppStatus['gateway'] =
      world.status.gateway.state === 'port_busy' && world.preferences.gateway_port !== world.status.gateway.port
        ? { state: 'running', address: `http://127.0.0.1:${String(world.preferences.gateway_port)}` }
        : world.status.gateway;
    return become(world, { ...world.status, gateway });
  },
  pause_gateway(world) {
    const { gateway } = world.status;
    if (gateway.state !== 'running') return world.status;
    return become(world, { ...world.status, gateway: { state: 'paused', address: gateway.address } });
  },
  resume_gateway(world) {
    const { gateway } = world.status;
    if (gateway.state !== 'paused') return world.status;
    return become(world, { ...world.status, gateway: { state: 'running', address: gateway.address } });
  },
  leave(world, { keep, remember, start_at_login }) {
    if (remember) world.preferences.on_close = keep ? 'keep' : 'stop';
    world.preferences.start_at_login = start_at_login;
    return null;
  },
  dismiss_notices: (world) => become(world, { ...world.status, notices: [] }),
  copy_text(world, { text }) {
    world.clipboard = text;
    return null;
  },
  list_projects: (world) =>
    world.projects.map((project) => ({
      ...project,
      live_keys: world.keys.filter((key) => keys.isLive(key) && keys.isIn(key, project.id)).length,
    })),
  create_project(world, { name }) {
    if (name.trim() === '') throw fault('invalid', 'Some fields need a look.', { name: ['A name is needed.'] });
    const project = {
      id: Math.max(0, ...world.projects.map(({ id }) => id)) + 1,
      slug: name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'),
      name,
      live_keys: 0,
      created_at: new Date().toISOString(),
    };
    world.projects.push(project);
    record(world, 'project.created', String(project.id), { name });
    return project;
  },
  rename_project(world, { id, name }) {
    const project = find(world, id);
    record(world, 'project.updated', String(id), { name: { from: project.name, to: name } });
    project.name = name;
    return project;
  },
  delete_project(world, { id }) {
    const { name } = find(world, id);
    world.projects = world.projects.filter((project) => project.id !== id);
    record(world, 'project.deleted', String(id), { name });
    return null;
  },
  synchronize_projects(world) {
    record(world, 'projects.synchronized', '', {});
    return COMMANDS.list_projects(world, null);
  },
  list_operations: () => OPERATIONS,
  list_members: (world) => (world.status.session ? [world.status.session.member] : []),
  list_audit(world, { subject, actor, action, since, until, cursor, limit = 50 }) {
    const before = cursor === undefined ? Infinity : Number(cursor);
    const all = world.audit.filter(
      (entry) =>
        entry.sequence < before &&
        (!subject || entry.subject === subject) &&
        (!actor || entry.actor === actor) &&
        (!action || entry.action === action || entry.action.startsWith(`${action}.`)) &&
        (!since || entry.at >= since) &&
        (!until || entry.at < until),
    );
    const data = all.toReversed().slice(0, limit);
    return { data, next_cursor: all.length > limit ? String(data.at(-1)?.sequence) : null };
  },
  verify_audit: (world) => ({ ok: true, entries: world.audit.length, fault: null }),
  limits: ({ organization: { calls_per_minute, at_limit, burst }, used, keys: all }) => ({
    calls_per_minute,
    at_limit,
    pace: at_limit === 'pace' ? pace(calls_per_minute, burst, all) : null,
    used,
    remaining: calls_per_minute - used,
    waiting: 0,
    saved: 0,
    reset_seconds: 41,
    hold: null,
    direct: null,
    reached: null,
    by_key: all
      .slice(0, 2)
      .map(({ id, name, share }, index) => ({
        id,
        name,
        calls: Math.floor(used / (index + 2)),
        waiting: 0,
        waited_seconds: 0,
        refused: 0,
        share,
      }))
      .filter(({ calls, share }) => calls > 0 || share.reserved !== null),
  }),
  what_if: whatIf,
  list_gateways: ({ gateways }) => gateways,
  update_organization(world, patch) {
    const before = world.organization;
    world.organization = { ...before, ...patch };
    const fields = Object.keys(patch) as (keyof typeof patch)[];
    const detail = Object.fromEntries(fields.map((field) => [field, { from: before[field], to: patch[field] }]));
    record(world, 'organization.updated', '', detail);
    return world.organization;
  },
  organization: (world) => world.organization,
  preferences: (world) => world.preferences,
  set_preferences(world, preferences) {
    world.preferences = preferences;
    return COMMANDS.retry(world, null);
  },
};

function become(world: World, status: AppStatus): AppStatus {
  world.status = status;
  return status;
}

function find(world: World, id: number) {
  const project = world.projects.find((each) => each.id === id);
  if (!project) throw fault('not_found', 'There is no such project.');
  return project;
}
