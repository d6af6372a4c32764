import type {
  AppStatus,
  AuditView,
  CommandError,
  Commands,
  GatewayView,
  HomeView,
  KeyView,
  OrganizationView,
  PhareKeyView,
  Preferences,
  ProjectView,
  Role,
  Stage,
  Theme,
} from '../../bindings';
import { samplePhareKeys, type PhareState } from './phare-samples';
import { sampleGateway, sampleKeys, sampleProjects } from './samples';

/** What a fake world starts with. */
export interface WorldOptions {
  keys?: number;
  projects?: number;
  role?: Role;
  stage?: Stage;
  /** Code of the failure when the stage is `failed`. */
  code?: string;
  keychain?: AppStatus['keychain'];
  gateway?: 'running' | 'port_busy' | 'paused' | 'stopped';
  connection?: 'embedded' | 'team';
  upstream?: AppStatus['upstream'];
  /** Keys of Phare's that are kept; one is attached when Phare is the upstream. */
  kept?: number;
  /** How the attached key stands. */
  phare?: PhareState;
  theme?: Theme;
  /** Calls of the last minute. */
  used?: number;
  /** Gateways that share the team's database: the second lags behind, the third is lost. */
  gateways?: number;
  /** Files that were put aside at the start. */
  notices?: number;
  /** Milliseconds before every answer. */
  delay?: number;
  /** A command that always fails, with `code`. */
  failing?: keyof Commands;
}

/** Everything the fake backend knows. */
export interface World {
  mark: 'gardien-fake-world';
  status: AppStatus;
  organization: OrganizationView;
  preferences: Preferences;
  keys: KeyView[];
  projects: ProjectView[];
  phareKeys: PhareKeyView[];
  gateways: GatewayView[];
  audit: AuditView[];
  /** Secrets by key id, as keychain and memory would hold them. */
  secrets: Map<string, string>;
  /** Key ids by secrets that a rotation replaced. */
  replaced: Map<string, string>;
  /** Keys as they were before they were revoked. */
  before: Map<string, KeyView>;
  kept: Set<string>;
  fresh: Set<string>;
  clipboard: string;
  used: number;
  /** Calls that keys wanted in their worst minute of the last hour. */
  wanted: number;
  delay: number;
  failing: Map<keyof Commands, CommandError>;
}

const ALL = { manage_keys: true, manage_projects: true, manage_organization: true, read_audit: true };
const NONE = { manage_keys: false, manage_projects: false, manage_organization: false, read_audit: false };

/** An error as the backend would send it. */
export function fault(code: string, message: string, fields?: Record<string, string[]>): CommandError {
  return { code, message, remedy: 'Try again.', ...(fields ? { fields } : {}) };
}

/** Builds the world that `options` describe. */
export function makeWorld(options: WorldOptions): World {
  const role = options.role ?? 'owner';
  const email = role === 'owner' ? 'ada@example.com' : `${role}@example.com`;
  const stage = options.stage ?? 'ready';
  const projects = sampleProjects(options.projects ?? 3);
  const keys = sampleKeys(options.keys ?? 3, projects).filter(
    (key) => role !== 'member' || (key.scope.type === 'project' && key.scope.project_id === 1),
  );
  const world: World = {
    mark: 'gardien-fake-world',
    status: {
      stage,
      failure: stage === 'failed' ? fault(options.code ?? 'internal', 'Something failed.') : null,
      connection:
        stage !== 'ready'
          ? null
          : options.connection === 'team'
            ? { kind: 'team', url: 'https://gardien.example.com' }
            : { kind: 'embedded' },
      session:
        stage !== 'ready'
          ? null
          : {
              member: { id: 'm1', email, role, projects: [1], created_at: new Date().toISOString() },
              organization: 'Acme Lighthouses',
              rights: { ...(role === 'member' ? NONE : ALL), create_projects: true },
              ask: ['ada@example.com'],
              gateway: null,
            },
      gateway: gateway(options),
      base_url: options.connection === 'team' ? 'https://phare.example.com' : 'http://127.0.0.1:7420',
      upstream: options.upstream ?? 'sandbox',
      keychain: options.keychain ?? 'available',
      homes: homes(options, keys),
      notices: Array.from({ length: options.notices ?? 0 }, () => ({
        code: 'file_put_aside',
        message: 'The preferences could not be read and start anew.',
        remedy: 'Look through the settings once.',
        path: '/home/ada/.local/share/dev.gardien.desktop/preferences.json.damaged',
      })),
    },
    organization: {
      name: 'Acme Lighthouses',
      calls_per_minute: 100,
      at_limit: 'pace',
      burst: null,
      longest_wait_seconds: 25,
      cache_seconds: 0,
    },
    preferences: { theme: options.theme ?? 'system', gateway_port: 7420, on_close: 'ask', start_at_login: false },
    keys,
    projects,
    phareKeys: samplePhareKeys(options.upstream === 'phare', options.phare ?? 'fine', options.kept ?? 0, projects),
    gateways: Array.from({ length: options.gateways ?? 0 }, (_, index) => sampleGateway(index)),
    audit: [],
    secrets: new Map(keys.map((key) => [key.id, key.display.replace('…', 'A'.repeat(24)) + 'x7Kq2b'])),
    replaced: new Map(),
    before: new Map(),
    kept: new Set(keys.filter((_, index) => index % 3 !== 1).map((key) => key.id)),
    fresh: new Set(),
    clipboard: '',
    used: options.used ?? 63,
    wanted: 84,
    delay: options.delay ?? 0,
    failing: new Map(),
  };
  if (options.failing) world.failing.set(options.failing, fault(options.code ?? 'internal', 'Something failed.'));
  record(world, 'organization.created', '', { name: world.organization.name });
  for (const project of projects) record(world, 'project.created', String(project.id), { name: project.name });
  for (const key of keys.slice(0, 200).toReversed()) record(world, 'key.created', key.id, created(key));
  return world;
}

/** What is recorded of a key that was made. */
export const created = ({ name, display, scope, project_name: project, products, expires_at }: KeyView) => ({
  name,
  display,
  scope,
  project,
  products,
  expires_at,
});

function homes(options: WorldOptions, keys: KeyView[]): HomeView[] {
  if (options.stage && options.stage !== 'ready') return [];
  const local: HomeView = {
    connection: { kind: 'embedded' },
    organization: 'Acme Lighthouses',
    current: options.connection !== 'team',
    gateway: { state: 'running', address: 'http://127.0.0.1:7420' },
    live_keys: keys.filter(({ status }) => status === 'active' || status === 'rotating').length,
  };
  if (options.connection !== 'team') return [local];
  const connection = { kind: 'team', url: 'https://gardien.example.com' } as const;
  return [local, { connection, organization: 'Acme Lighthouses', current: true, gateway: null, live_keys: null }];
}

function gateway(options: WorldOptions): AppStatus['gateway'] {
  if (options.connection === 'team') return { state: 'remote', address: 'https://phare.example.com' };
  if (options.gateway === 'port_busy') return { state: 'port_busy', port: 7420 };
  if (options.gateway === 'paused') return { state: 'paused', address: 'http://127.0.0.1:7420' };
  if (options.gateway === 'stopped' || (options.stage && options.stage !== 'ready')) return { state: 'stopped' };
  return { state: 'running', address: 'http://127.0.0.1:7420' };
}

/** Adds an entry to the trail. */
export function record(world: World, action: string, subject: string, detail: unknown): void {
  const sequence = world.audit.length + 1;
  world.audit.push({
    sequence,
    at: new Date().toISOString(),
    actor: world.status.session?.member.email ?? 'ada@example.com',
    action,
    subject,
    subject_name: nameOf(world, subject),
    detail,
    hash: sequence.toString(16).padStart(64, '0'),
  });
}

function nameOf(world: World, subject: string): string | null {
  const project = world.projects.find(({ id }) => String(id) === subject);
  return (project ?? world.keys.find(({ id }) => id === subject))?.name ?? null;
}
