// What a key may do, said for people. The gateway decides; this only mirrors its rules.
import type { OperationView, Product, ProductScopes, ScopeKind } from '../../bindings';
import { allows } from '../../format';

export const PRODUCTS: Product[] = ['platform', 'uptime'];

/** Why a key of this scope may not use an operation; null when it may. */
export function refusal(operation: OperationView, scope: ScopeKind, products: ProductScopes): string | null {
  if (!allows(products[operation.product], operation.access)) {
    return operation.access === 'read' ? 'needs read' : 'needs read-write';
  }
  return operation.manages_projects && scope === 'project' ? 'organization keys only' : null;
}

/** Puts together what concerns the same thing, in the order of the list; what deletes comes first in each. */
export function grouped<T>(items: T[], operation: (item: T) => OperationView): { group: string; items: T[] }[] {
  const deletes = (item: T) => Number(operation(item).method === 'DELETE');
  const groups = [...new Set(items.map((item) => operation(item).group))];
  return groups.map((group) => ({
    group,
    items: items.filter((item) => operation(item).group === group).sort((one, other) => deletes(other) - deletes(one)),
  }));
}

/** Ready-made product scopes for common jobs. */
export const PRESETS: { name: string; id: string; products: ProductScopes }[] = [
  { name: 'Read-only monitoring', id: 'monitoring', products: { platform: 'read', uptime: 'read' } },
  { name: 'Terraform deploy', id: 'terraform', products: { platform: 'read_write', uptime: 'read_write' } },
  { name: 'Incident automation', id: 'incidents', products: { platform: 'read', uptime: 'read_write' } },
  { name: 'Status page bot', id: 'status-page', products: { platform: 'none', uptime: 'read' } },
];

/** The words of Phare's documentation on the two scopes. */
export const SCOPES: { value: ScopeKind; label: string; points: string[]; best: string }[] = [
  {
    value: 'project',
    label: 'Project',
    points: ['Access restricted to one project', 'Cannot create or manage projects', 'No project header needed'],
    best: 'agencies and larger organizations',
  },
  {
    value: 'organization',
    label: 'Organization',
    points: ['All projects', 'Can create and manage projects', 'Needs a project selection header on most requests'],
    best: 'small teams, startups, infrastructure provisioning',
  },
];
