// What an audit entry holds, read with care: it was written by whatever version was there at the time.
import type { AuditView, Product } from './bindings';
import { count, dateTime, PRODUCT_WORDS, ROLE_WORDS, SCOPE_PHRASES } from './format';
import { NO_SHARE, shareWords } from './share';

export type Json = Record<string, unknown>;
export interface Change {
  from: unknown;
  to: unknown;
}

export const PRODUCTS: Product[] = ['platform', 'uptime'];

export const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** A text that says something. */
export const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
/** The names in a list; numbers are no names. */
export const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
/** What something was called afterwards. */
export const named = (value: unknown): string | null => text(isRecord(value) ? value['to'] : value);
/** "read-only" */
export const scopeWords = (value: unknown): string =>
  (SCOPE_PHRASES[value as keyof typeof SCOPE_PHRASES] as string | undefined)?.toLowerCase() ?? 'unknown';

/** One field of an entry in words; `before` is absent where nothing was replaced. */
export interface Fact {
  label: string;
  before?: string;
  after: string;
}

const NONE = 'none';
const plainly = (value: unknown): string => text(value) ?? NONE;
const moment = (value: unknown): string => (typeof value === 'string' ? dateTime(value) : 'never');
const names = (value: unknown): string => texts(value).join(', ') || NONE;
const number = (value: unknown): string => (typeof value === 'number' ? count(value) : NONE);
const word =
  (words: Record<string, string>) =>
  (value: unknown): string =>
    words[String(value)] ?? 'unknown';

/** The fields that people have words for; a code or an id is none of them. */
const FIELDS: Record<string, [label: string, words: (value: unknown) => string]> = {
  name: ['Name', plainly],
  email: ['Member', plainly],
  owner: ['Owner', plainly],
  note: ['Note', plainly],
  project: ['Works in', plainly],
  display: ['Secret', plainly],
  secret: ['Secret', plainly],
  expires_at: ['Expires', moment],
  previous_valid_until: ['Old secret works until', moment],
  earlier_valid_until: ['The one before works until', moment],
  role: ['Role', word(ROLE_WORDS)],
  projects: ['Projects', names],
  platform: ['Platform', word(SCOPE_PHRASES)],
  uptime: ['Uptime', word(SCOPE_PHRASES)],
  calls_per_minute: ['Calls a minute', number],
  burst: ['Calls at once', number],
  share: ['Share', (value) => (isRecord(value) ? shareWords({ ...NO_SHARE, ...value }) : '')],
  longest_wait_seconds: ['Longest wait in seconds', number],
  at_limit: ['Beyond the limit', word({ reject: 'Calls are refused', pace: 'Calls wait their turn' })],
  url: ['Address', plainly],
  slug: ['Slug', plainly],
  revoked_keys: ['Revoked keys', names],
  detached: ['Detached Phare keys', names],
  attached: ['Attached Phare keys', names],
  added: ['Added', names],
  added_or_changed: ['Added or changed', names],
  gone: ['Gone', names],
};

/** Which secrets that rotations replaced are told of. */
export const oldSecrets = (detail: Json): string =>
  isRecord(detail['previous_valid_until']) && isRecord(detail['earlier_valid_until'])
    ? 'both old secrets'
    : 'the old secret';

/** Every field in words, before and after, in the order in which it was recorded. */
export function facts(entry: AuditView, project: (id: number) => string | undefined): Fact[] {
  const detail = entry.detail;
  if (!isRecord(detail)) return [];
  return Object.entries(detail).flatMap(([field, value]): Fact[] => {
    if (field === 'scope') return text(detail['project']) ? [] : scopeFact(value, project);
    if (field === 'products') return PRODUCTS.flatMap((product) => productFact(product, value));
    const [label, words] = FIELDS[field] ?? [];
    return label && words ? fact(label, words, value) : [];
  });
}

function fact(label: string, words: (value: unknown) => string, value: unknown): Fact[] {
  const changed = isRecord(value) && 'from' in value && 'to' in value;
  if (changed) return [{ label, before: words(value['from']), after: words(value['to']) }];
  // What was never set is no news.
  if (value === null || value === '' || (Array.isArray(value) && texts(value).length === 0)) return [];
  return [{ label, after: words(value) }];
}

function productFact(product: Product, value: unknown): Fact[] {
  if (!isRecord(value)) return [];
  const [, words] = FIELDS[product] ?? [];
  if (!words) return [];
  const of = (scopes: unknown) => (isRecord(scopes) ? scopes[product] : undefined);
  const changed = 'from' in value && 'to' in value;
  if (changed && of(value['from']) === of(value['to'])) return [];
  return fact(
    PRODUCT_WORDS[product],
    words,
    changed ? { from: of(value['from']), to: of(value['to']) } : value[product],
  );
}

function scopeFact(value: unknown, project: (id: number) => string | undefined): Fact[] {
  if (!isRecord(value)) return [];
  if (value['type'] === 'organization') return [{ label: 'Works in', after: 'The whole organization' }];
  const name = project(Number(value['project_id']));
  return [{ label: 'Works in', after: name ?? 'One project' }];
}
