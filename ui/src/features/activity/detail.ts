// One line about what an audit entry concerns, from whatever detail was recorded.
import type { AuditView } from '../../bindings';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The name first, then the rest as `field value`; the subject's id when nothing was recorded. */
export function detailWords(entry: AuditView): string {
  if (!isRecord(entry.detail)) return entry.subject;
  const { name, ...rest } = entry.detail;
  const parts = Object.entries(rest)
    .filter(([, value]) => value !== null && value !== '')
    .map(([field, value]) => `${field.replaceAll('_', ' ')} ${plain(value)}`);
  return [...(typeof name === 'string' ? [name] : []), ...parts].join(' · ') || entry.subject;
}
