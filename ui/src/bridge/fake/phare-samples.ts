import type { Findings, PhareKeyView, PhareSecret, ProductScope, ProjectView, ScopeKind } from '../../bindings';

/** How the attached key of a fake world stands. */
export type PhareState = 'fine' | 'refused' | 'due' | 'staged' | 'switched' | 'read' | 'unknown';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

/** What an examination of such a key would find. */
export function findings(
  kind: ScopeKind,
  platform: ProductScope | null,
  uptime: ProductScope | null,
  projects: ProjectView[],
): Findings {
  const answer = (scope: ProductScope | null, write: boolean) => {
    if (scope === null) return 500;
    if (write) return scope === 'read_write' ? 422 : 403;
    return scope === 'none' ? 403 : 200;
  };
  const calls =
    kind === 'organization'
      ? [{ request: 'GET /projects', status: answer(platform, false) }]
      : [
          { request: 'GET /projects', status: 403 },
          { request: 'GET /users', status: answer(platform, false) },
        ];
  return {
    at: ago(5 * MINUTE),
    platform,
    uptime,
    projects: projects.map(({ id, name }) => ({ id, name })),
    calls: [
      ...calls,
      { request: 'GET /uptime/monitors', status: answer(uptime, false) },
      {
        request: kind === 'organization' ? 'POST /projects' : 'POST /alert-rules',
        status: answer(platform, true),
      },
      { request: 'POST /uptime/monitors', status: answer(uptime, true) },
    ],
  };
}

let made = 0;

/** A secret of which only this is known. */
export function makeSecret(display: string, kind: ScopeKind, added: string, found: Findings | null): PhareSecret {
  return { id: `s${String(++made)}`, display, kind, added_at: added, findings: found, refused_at: null };
}

/** A key around that secret. */
export function makePhareKey(name: string, purpose: PhareKeyView['purpose'], current: PhareSecret): PhareKeyView {
  const replace_at = new Date(Date.parse(current.added_at) + 90 * DAY).toISOString();
  return { id: `p-${current.id}`, name, purpose, current, next: null, switched_at: null, replace_at };
}

function attached(state: PhareState, projects: ProjectView[]): PhareKeyView {
  const scope = { read: 'read', unknown: null }[state as string] as ProductScope | null | undefined;
  const [platform, uptime] = scope === undefined ? (['read_write', 'read_write'] as const) : [scope, scope];
  const found = findings('organization', platform, uptime, projects);
  const old = makeSecret('pha_org_Ab3d…9fQz', 'organization', ago(state === 'due' ? 97 * DAY : 12 * DAY), found);
  const key = makePhareKey('Phare', 'attached', old);
  if (state === 'refused') key.current.refused_at = ago(20 * MINUTE);
  if (state !== 'staged' && state !== 'switched') return key;
  const young = makeSecret(
    'pha_org_Xy7k…2mLp',
    'organization',
    ago(DAY),
    findings('organization', 'read_write', 'read', projects.slice(1)),
  );
  if (state === 'staged') return { ...key, next: young };
  return { ...key, current: young, next: old, switched_at: ago(40 * MINUTE) };
}

/** Keys of Phare's: one attached if calls go there, and so many kept. */
export function samplePhareKeys(
  calls: boolean,
  state: PhareState,
  kept: number,
  projects: ProjectView[],
): PhareKeyView[] {
  const names = ['Status page of the ferry company, read by the marketing team', 'Pager', 'Old Terraform'];
  const keepers = Array.from({ length: kept }, (_, index) => {
    const kind = index % 2 === 0 ? 'project' : 'organization';
    const found = findings(kind, index === 2 ? null : 'read', index === 0 ? 'read' : 'none', projects.slice(0, 1));
    const display = `pha_${kind === 'project' ? '' : 'org_'}k${String(index)}pt…0000`;
    const key = makePhareKey(
      names[index] ?? `Kept ${String(index + 1)}`,
      'kept',
      makeSecret(display, kind, ago(DAY), found),
    );
    if (index === 2) key.current.refused_at = ago(DAY);
    return key;
  });
  return [...(calls ? [attached(state, projects)] : []), ...keepers];
}
