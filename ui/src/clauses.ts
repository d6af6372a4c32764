// What was changed of a key, as the audit trail tells it.
import { count, date, PRODUCT_WORDS } from './format';
import type { Piece } from './sentences';
import { isRecord, PRODUCTS, scopeWords, text, type Change, type Json } from './trail';

export const quote = (name: string): Piece => ({ name });
export const change = (value: unknown): Change | null =>
  isRecord(value) && 'from' in value && 'to' in value ? { from: value['from'], to: value['to'] } : null;
const when = (value: unknown): string => (typeof value === 'string' ? `on ${date(value)}` : 'never');

/** What was changed of a key, one clause for each field; `it` is the key. */
export function clauses(detail: Json, it: Piece[]): Piece[][] {
  const told: Piece[][] = [];
  const object = () => (told.length === 0 ? it : ['it']);
  const renamed = change(detail['name']);
  if (renamed) told.push(['renamed ', quote(text(renamed.from) ?? ''), ' to ', quote(text(renamed.to) ?? '')]);
  const products = change(detail['products']);
  for (const product of products ? PRODUCTS : []) {
    const before = isRecord(products?.from) ? products.from[product] : undefined;
    const after = isRecord(products?.to) ? products.to[product] : undefined;
    if (before === after) continue;
    const what = PRODUCT_WORDS[product];
    const was = ` (was ${scopeWords(before)})`;
    if (after === 'none') told.push(['took ', what, ' from ', ...object(), was]);
    else if (after === 'read' && before === 'read_write')
      told.push(['left ', ...object(), ` only read-only to ${what}`, was]);
    else told.push(['gave ', ...object(), ` ${scopeWords(after)} to ${what}`, was]);
  }
  const share = change(detail['share']);
  if (share) pushShare(told, share, object);
  const expires = change(detail['expires_at']);
  if (expires) {
    const was = ` (was ${typeof expires.from === 'string' ? date(expires.from) : 'never'})`;
    const until = typeof expires.to === 'string' ? ` to expire ${when(expires.to)}` : ' never to expire';
    told.push(['set ', ...object(), until, was]);
  }
  const note = change(detail['note']);
  if (note) {
    if (!text(note.from)) told.push(['added a note to ', ...object()]);
    else if (!text(note.to)) told.push(['removed the note of ', ...object()]);
    else told.push(['changed the note of ', ...object()]);
  }
  return told;
}

function pushShare(told: Piece[][], { from, to }: Change, object: () => Piece[]): void {
  const [before, after] = [isRecord(from) ? from : {}, isRecord(to) ? to : {}];
  const most = after['at_most'];
  if (most !== before['at_most'])
    told.push(
      typeof most === 'number'
        ? ['allowed ', ...object(), ` at most ${count(most)} calls a minute`]
        : ['let ', ...object(), ' have what the limit leaves'],
    );
  const kept = Number(after['reserved'] ?? 0);
  if (kept !== Number(before['reserved'] ?? 0))
    told.push([kept > 0 ? `kept ${count(kept)} calls a minute free for ` : 'kept nothing free for ', ...object()]);
  const weight = Number(after['weight'] ?? 1);
  if (weight !== Number(before['weight'] ?? 1)) told.push(['gave ', ...object(), ` the weight ${count(weight)}`]);
}
