// What the audit trail records, as sentences: who did what to what, with the names that things had at the time.
import type { AuditView } from './bindings';
import { TELL } from './telling';
import { isRecord } from './trail';

/** A part of a sentence. What people wrote stands apart from it: a `name` in quotes, a `mail` as it is. */
export type Piece = string | { name: string } | { mail: string };

/** What the reader knows beside the entry. */
export interface Known {
  /** The reader's own mail address. */
  me: string | null;
  /** What a project is called now. */
  project: (id: number) => string | undefined;
}

const NOBODY: Known = { me: null, project: () => undefined };

/** Who did it: the reader, Gardien by itself, or somebody by their mail address. */
export function who(actor: string, me: string | null): Piece {
  if (actor === 'system') return 'Gardien';
  return actor === me ? 'You' : { mail: actor };
}

/** The whole sentence, without its full stop. */
export function sentence(entry: AuditView, known: Known = NOBODY): Piece[] {
  const tell = TELL[entry.action];
  const detail = isRecord(entry.detail) ? entry.detail : {};
  const did = tell?.(detail, entry, known) ?? ['did what this version of Gardien has no words for'];
  return [who(entry.actor, known.me), ' ', ...did];
}

/** The same as plain text. */
export const plain = (pieces: Piece[]): string =>
  pieces
    .map((piece) => (typeof piece === 'string' ? piece : 'name' in piece ? `“${piece.name}”` : piece.mail))
    .join('')
    .trim();
