// What a key will be, in the words of one sentence.
import type { Product, ProductScopes, ScopeKind } from '../../bindings';
import { list } from '../../format';

interface Kind {
  reads: string[];
  /** Of these, what a key that writes may change too; a project's key leaves the projects alone. */
  changes: (scope: ScopeKind) => string[];
}
const KINDS: Record<Product, Kind> = {
  platform: {
    reads: ['projects', 'alert rules', 'users'],
    changes: (scope) => (scope === 'project' ? ['alert rules'] : ['projects', 'alert rules']),
  },
  uptime: {
    reads: ['monitors', 'incidents', 'status pages'],
    changes: () => ['monitors', 'incidents', 'status pages'],
  },
};

/** "read and change monitors, incidents and status pages"; null if it can do nothing. */
export function abilities(scope: ScopeKind, products: ProductScopes): string | null {
  const kinds = (Object.keys(KINDS) as Product[]).filter((product) => products[product] !== 'none');
  const changed = kinds.flatMap((product) => (products[product] === 'read_write' ? KINDS[product].changes(scope) : []));
  const read = kinds.flatMap((product) => KINDS[product].reads).filter((thing) => !changed.includes(thing));
  const parts = [
    ...(changed.length > 0 ? [`read and change ${list(changed, 'and')}`] : []),
    ...(read.length > 0 ? [`read ${list(read, 'and')}`] : []),
  ];
  return parts.length > 0 ? parts.join(', and ') : null;
}

const long = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' });

/** "until 24 February 2027"; "for ever" */
export const until = (expiresAt: string | null): string =>
  expiresAt ? `until ${long.format(new Date(expiresAt))}` : 'for ever';
