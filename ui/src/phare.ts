// What Phare's own keys let the API keys do, said for people. Phare decides; this only mirrors what was found out.
import type { PhareKeyView, PhareSecret, Product, ProductScope, ProductScopes, ProjectId, Scope } from './bindings';
import { allows, list, PRODUCT_WORDS } from './format';

/** A reason why calls with an API key fail that itself would allow them. Null: whatever the product. */
export interface Stop {
  product: Product | null;
  sentence: string;
}

const SHOWN = { platform: 'projects, alert rules and users', uptime: 'monitors, incidents and status pages' };
const CHANGED = { platform: 'projects and alert rules', uptime: 'monitors, incidents and status pages' };

/** The one project that a secret works in, where that is known. */
export function projectOf(secret: PhareSecret): { id: ProjectId; name: string } | null {
  const seen = secret.findings?.projects ?? [];
  return secret.kind === 'project' && seen.length === 1 ? (seen[0] ?? null) : null;
}

/** What a secret may do with a product; null when that is not known. */
export const scopeOf = (secret: PhareSecret, product: Product): ProductScope | null =>
  secret.findings?.[product] ?? null;

const may = (secret: PhareSecret, product: Product, access: 'read' | 'write'): boolean => {
  const scope = scopeOf(secret, product);
  return scope === null || allows(scope, access);
};

/** Where the attached keys fall short of what an API key of this scope with these products is allowed. */
export function stops(scope: Scope, products: ProductScopes, keys: PhareKeyView[]): Stop[] {
  const attached = keys.filter(({ purpose }) => purpose === 'attached').map(({ current }) => current);
  const whole = attached.filter(({ kind }) => kind === 'organization');
  const own = attached.filter(({ kind }) => kind === 'project');
  const here = scope.type === 'project' ? own.filter((secret) => projectOf(secret)?.id === scope.project_id) : [];
  const reaching = [...whole, ...here];
  // Phare's permissions are looked at only among the keys that it takes, as the gateway does.
  const taken = reaching.filter(({ refused_at }) => refused_at === null);
  // An organization's key names a project with its calls, and there a key of that project may do more.
  const others = scope.type === 'organization' ? own.filter(({ refused_at }) => refused_at === null) : [];

  if (reaching.length === 0) return [{ product: null, sentence: unreached(scope, others) }];
  if (taken.length === 0) {
    const which = reaching.length === 1 ? 'the attached key' : 'every attached key that works here';
    return [
      { product: null, sentence: `Phare refuses ${which}, so calls are answered with 502${exceptions(others)}.` },
    ];
  }
  const subject = taken.length === 1 && own.length === here.length ? 'Phare’s key' : 'No attached Phare key';
  const cannot = subject === 'Phare’s key' ? 'cannot' : 'can';
  return (['platform', 'uptime'] as const).flatMap((product) => {
    const lacks = (access: 'read' | 'write') =>
      allows(products[product], access) && !taken.some((secret) => may(secret, product, access));
    const but = (access: 'read' | 'write') => exceptions(others.filter((secret) => may(secret, product, access)));
    const word = PRODUCT_WORDS[product];
    if (lacks('read')) {
      const sentence = `${subject} ${cannot} read ${word}, so Phare will refuse every call about ${SHOWN[product]}${but('read')}.`;
      return [{ product, sentence }];
    }
    if (!lacks('write')) return [];
    const sentence = `${subject} ${cannot} write ${word}, so Phare will refuse calls that change ${CHANGED[product]}${but('write')}.`;
    return [{ product, sentence }];
  });
}

function unreached(scope: Scope, others: PhareSecret[]): string {
  if (scope.type === 'project') return 'No attached Phare key works in this project, so calls are answered with 503.';
  const names = others.flatMap((secret) => projectOf(secret)?.name ?? []);
  return names.length > 0
    ? `No attached Phare key is an organization’s, so calls work only where they name ${list(names, 'or')}.`
    : 'No attached Phare key is an organization’s, so calls are answered with 503.';
}

function exceptions(secrets: PhareSecret[]): string {
  const names = secrets.flatMap((secret) => projectOf(secret)?.name ?? []);
  return names.length > 0 ? `, except in ${list(names, 'and')}` : '';
}
