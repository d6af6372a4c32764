// One line about what an audit entry concerns, from whatever detail was recorded.
import type { AuditView } from '../../bindings';

/** Shown with the key itself, or of no use to a person. */
const LEFT_OUT = new Set(['display', 'slug', 'replaces']);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function plain(value: unknown): string {
  if (value === null || value === '') return 'none';
  if (Array.isArray(value)) return value.map(plain).join(', ') || 'none';
  // Display forms are compared letter by letter.
  if (typeof value === 'string' && value.startsWith('pha_')) return value;
  if (!isRecord(value)) return String(value).replaceAll('_', '-');
  if ('from' in value && 'to' in value) return `${plain(value['from'])} → ${plain(value['to'])}`;
  if (value['type'] === 'project') return `project ${String(value['project_id'])}`;
  if (typeof value['type'] === 'string') return value['type'];
  return Object.entries(value)
    .map(([field, inner]) => `${field} ${plain(inner)}`)
    .join(', ');
}

const named = (value: unknown): string => (isRecord(value) ? plain(value) : String(value));

/** The name first, then the rest as `field value`; the subject's id when nothing was recorded. */
export function detailWords(entry: AuditView): string {
  if (!isRecord(entry.detail)) return entry.subject;
  const { name, ...rest } = entry.detail;
  const parts = Object.entries(rest)
    .filter(([field, value]) => value !== null && value !== '' && !LEFT_OUT.has(field))
    .map(([field, value]) => `${field.replaceAll('_', ' ')} ${plain(value)}`);
  return [...(name === undefined ? [] : [named(name)]), ...parts].join(' · ') || entry.subject;
}
