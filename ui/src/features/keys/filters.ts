// The chips above the table, each a part of the query.
import type { KeyQuery, ProjectView } from '../../bindings';
import { SCOPE_WORDS, STATUS_WORDS } from '../../format';

export interface Chip {
  id: string;
  label: string;
  options: { value: string; label: string }[];
  read: (query: KeyQuery) => string | null;
  write: (value: string) => Partial<KeyQuery>;
  /** The part of the query it owns. */
  field: keyof KeyQuery;
}

const words = (all: Record<string, string>) => Object.entries(all).map(([value, label]) => ({ value, label }));

/** A chip for a part of the query that is one of a closed list of words. */
const closed = (id: 'scope' | 'status' | 'platform' | 'uptime', label: string, all: Record<string, string>): Chip => ({
  id,
  label,
  options: words(all),
  field: id,
  read: (query) => query[id] ?? null,
  write: (value) => ({ [id]: value }),
});

/** The chips, given the projects to choose from. */
export function chips(projects: ProjectView[]): Chip[] {
  return [
    closed('status', 'Status', STATUS_WORDS),
    closed('scope', 'Scope', { organization: 'Organization', project: 'Project' }),
    ...(projects.length > 1
      ? [
          {
            id: 'project',
            label: 'Project',
            options: projects.map(({ id, name }) => ({ value: String(id), label: name })),
            field: 'project_id' as const,
            read: (query: KeyQuery) => (query.project_id === undefined ? null : String(query.project_id)),
            write: (value: string) => ({ project_id: Number(value) }),
          },
        ]
      : []),
    closed('platform', 'Platform', SCOPE_WORDS),
    closed('uptime', 'Uptime', SCOPE_WORDS),
    {
      id: 'usage',
      label: 'Use',
      options: words({ never: 'Never used', stale: 'Unused for 90 days' }),
      field: 'usage',
      read: (query) => query.usage ?? null,
      write: (value) => ({ usage: value === 'never' ? 'never' : 'stale' }),
    },
    {
      id: 'expiring',
      label: 'Expiring in 14 days',
      options: [{ value: '14', label: 'Expiring in 14 days' }],
      field: 'expires_within_days',
      read: (query) => (query.expires_within_days === undefined ? null : '14'),
      write: () => ({ expires_within_days: 14 }),
    },
  ];
}

/** The query after a chip was set, or cleared with null. */
export function withChip(query: KeyQuery, chip: Chip, value: string | null): KeyQuery {
  const rest = Object.fromEntries(Object.entries(query).filter(([name]) => name !== chip.field)) as KeyQuery;
  return value === null ? rest : { ...rest, ...chip.write(value) };
}
