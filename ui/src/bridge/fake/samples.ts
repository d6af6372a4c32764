import type { GatewayView, KeyStatus, KeyView, ProductScopes, ProjectView } from '../../bindings';
import { NO_SHARE } from '../../share';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
const ahead = (ms: number) => new Date(Date.now() + ms).toISOString();

const NAMES = [
  'Grafana dashboards',
  'terraform-production',
  'Status page bot',
  'On-call incident automation for the whole platform engineering department',
  'nightly-report',
  'uptime exporter',
  'CI smoke tests',
  'Backup of monitors',
];
const PROJECTS = ['Lighthouse', 'Harbour', 'Ferry timetable', 'Customer portal of', 'Internal tools'];
const PRODUCTS: ProductScopes[] = [
  { platform: 'none', uptime: 'read' },
  { platform: 'read_write', uptime: 'read_write' },
  { platform: 'read', uptime: 'none' },
  { platform: 'none', uptime: 'read_write' },
];

/** So many projects, by name. */
export function sampleProjects(count: number): ProjectView[] {
  return Array.from({ length: count }, (_, index) => {
    const name = PROJECTS[index] ?? `Project ${String(index + 1)}`;
    return {
      id: index + 1,
      slug: name.toLowerCase().replaceAll(' ', '-'),
      name,
      live_keys: 0,
      created_at: ago((index + 1) * 9 * DAY),
    };
  });
}

/** The second lags behind, the third is lost. */
export function sampleGateway(index: number): GatewayView {
  const lag = [0, 3, 41][index] ?? 0;
  return {
    id: `0194-${String(index).padStart(8, '0')}`,
    name:
      ['rennes', 'gateway-of-the-platform-engineering-department-in-nantes', 'brest'][index] ??
      `gateway-${String(index)}`,
    address: index === 1 ? '[2001:db8:85a3:8d3:1319:8a2e:370:7348]:7420' : `192.0.2.${String(index + 1)}:7420`,
    version: '0.1.0',
    revision: 512 - lag,
    lag,
    lease: index === 2 ? 'ended' : 'held',
    seen_at: ago(index === 2 ? 5 * DAY : 200),
  };
}

function status(index: number): KeyStatus {
  if (index % 17 === 5) return 'expired';
  if (index % 11 === 4) return 'revoked';
  return index % 13 === 7 ? 'rotating' : 'active';
}

/** So many keys of every kind, newest first. */
export function sampleKeys(count: number, projects: ProjectView[]): KeyView[] {
  return Array.from({ length: count }, (_, index) => {
    const bound = index % 3 !== 1 && projects.length > 0 ? projects[index % projects.length] : undefined;
    const name = NAMES[index % NAMES.length] ?? 'key';
    const state = status(index);
    const random = ((index + 11) * 2654435761).toString(36).padStart(8, 'k').slice(-8);
    return {
      id: `0192-${String(index).padStart(8, '0')}`,
      name: index < NAMES.length ? name : `${name} ${String(index)}`,
      note: index % 4 === 0 ? 'Runs on the monitoring host in Rennes' : '',
      scope: bound ? { type: 'project', project_id: bound.id } : { type: 'organization' },
      project_name: bound?.name ?? null,
      share: NO_SHARE,
      products: PRODUCTS[index % PRODUCTS.length] ?? { platform: 'none', uptime: 'read' },
      status: state,
      display: `${bound ? 'pha_prj_gdn_' : 'pha_org_gdn_'}${random.slice(0, 4)}…${random.slice(4)}`,
      created_at: ago((index + 2) * 5 * HOUR),
      created_by: 'ada@example.com',
      expires_at: state === 'expired' ? ago(3 * DAY) : index % 5 === 2 ? null : ahead(((index % 90) + 0.5) * DAY),
      revoked_at: state === 'revoked' ? ago(DAY) : null,
      previous_valid_until: state === 'rotating' ? ahead(5 * HOUR) : null,
      earlier_valid_until: null,
      last_used_at: index % 4 === 3 ? null : ago(180_000 * (index + 1)),
      last_operation: index % 4 === 3 ? null : 'getUptimeMonitors',
      last_client: index % 4 === 3 ? null : 'terraform-provider-phare',
      last_address: index % 4 === 3 ? null : '127.0.0.1',
      previous_used_at: state === 'rotating' ? ago(3 * HOUR) : null,
      earlier_used_at: null,
    };
  });
}

/** What is known of the use of a key that was never used. */
export const UNUSED = {
  last_used_at: null,
  last_operation: null,
  last_client: null,
  last_address: null,
  previous_used_at: null,
  earlier_used_at: null,
};
