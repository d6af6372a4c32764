// The chips above the table, each a part of the query.
import type { KeyQuery, KeySort, Order, ProjectView } from '../../bindings';
import { SCOPE_WORDS, STATUS_WORDS } from '../../format';

/** What is listed unless somebody wants something else. */
export const LIVE: KeyQuery = { live: true };

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
    DEAD,
  ];
}

/** Shows revoked and expired keys among the others. */
const DEAD: Chip = {
  id: 'dead',
  label: 'Revoked and expired',
  options: [{ value: 'shown', label: 'Revoked and expired' }],
  field: 'live',
  read: (query) => (query.live || query.status ? null : 'shown'),
  write: () => ({}),
};

/** The query without some of its parts. */
const without = (query: KeyQuery, ...fields: (keyof KeyQuery)[]): KeyQuery =>
  Object.fromEntries(Object.entries(query).filter(([name]) => !fields.some((field) => field === name)));

/** The query after a chip was set, or cleared with null. */
export function withChip(query: KeyQuery, chip: Chip, value: string | null): KeyQuery {
  const rest = without(query, chip.field, 'live', ...(chip === DEAD ? (['status'] as const) : []));
  const next = value === null ? rest : { ...rest, ...chip.write(value) };
  // A status is asked for as it is; without one, what can do nothing is out of the way unless it is wanted.
  const dead = chip === DEAD ? value !== null : DEAD.read(query) !== null;
  return next.status || dead ? next : { ...next, ...LIVE };
}

/** The query with revoked and expired keys among the others. */
export const withDead = (query: KeyQuery): KeyQuery => withChip(query, DEAD, 'shown');

/** The query with a text to look for. */
export function withText(query: KeyQuery, text: string): KeyQuery {
  const rest = without(query, 'q');
  return text.trim() ? { ...rest, q: text.trim() } : rest;
}

/** The query in the order that a click on a column's head asks for: its own, then turned round, then the usual one. */
export function sortedBy(query: KeyQuery, sort: KeySort): KeyQuery {
  const rest = without(query, 'sort', 'order');
  const own: Order = sort === 'last_used' || sort === 'created' ? 'descending' : 'ascending';
  const turned: Order = own === 'ascending' ? 'descending' : 'ascending';
  const now = orderOf(query, sort);
  if (now === turned) return rest;
  return { ...rest, sort, order: now === own ? turned : own };
}

/** Which way the list runs by this, if it does. */
export const orderOf = ({ sort = 'created', order = 'descending' }: KeyQuery, by: KeySort): Order | null =>
  sort === by ? order : null;

/** Whether less is listed than there is, by somebody's choice. */
export const isNarrowed = (query: KeyQuery): boolean => Object.keys(without(query, 'live', 'sort', 'order')).length > 0;
