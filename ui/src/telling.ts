// How each action of the audit trail is told. Older entries say less than newer ones: whatever is missing is left out,
// never shown as a code.
import type { AuditView } from './bindings';
import { count, date, dateTime, join, list, PRODUCT_WORDS, ROLE_WORDS, tail } from './format';
import { change, clauses, quote } from './clauses';
import type { Known, Piece } from './sentences';
import { isRecord, named, oldSecrets, PRODUCTS, scopeWords, text, texts, type Change, type Json } from './trail';

type Tell = (detail: Json, entry: AuditView, known: Known) => Piece[];

/** A name, or what it is where the entry and the present have none. */
const subject = (detail: Json, entry: AuditView, what: string): Piece[] => {
  const name = named(detail['name']) ?? entry.subject_name;
  return name ? [quote(name)] : [what];
};
const end = (display: unknown): Piece[] => (typeof display === 'string' && display ? [' ', tail(display)] : []);
const key: Tell = (detail, entry) => [...subject(detail, entry, 'a key'), ...end(now(detail['display']))];
const now = (value: unknown): unknown => (isRecord(value) && 'to' in value ? value['to'] : value);
/** Names, of many the first three. */
function names(all: string[], one: string, many: string): Piece[] {
  const shown = all.slice(0, 3).map((name) => [quote(name)]);
  const rest = all.length - shown.length;
  return join(rest > 0 ? [...shown, [`${count(rest)} more ${rest === 1 ? one : many}`]] : shown);
}
const article = (role: unknown): string => {
  const word = ROLE_WORDS[role as keyof typeof ROLE_WORDS] as string | undefined;
  return word ? `${/^[AO]/.test(word) ? 'an' : 'a'} ${word}` : 'somebody else';
};
const place: Tell = (detail, _, known) => {
  const scope = detail['scope'];
  if (!isRecord(scope)) return [];
  if (scope['type'] === 'organization') return [' for the whole organization'];
  const name = text(detail['project']) ?? known.project(Number(scope['project_id']));
  return name ? [' for ', quote(name)] : [' for a project that is gone'];
};

const phareKey: Tell = (detail, entry) => [
  'the Phare key ',
  ...subject(detail, entry, 'without a name'),
  ...end(now(detail['secret'])),
];
const access = (detail: Json): Piece[] => {
  const known = PRODUCTS.filter((product) => typeof detail[product] === 'string');
  const words = known.map((product) => `${scopeWords(detail[product])} to ${PRODUCT_WORDS[product]}`);
  return words.length > 0 ? [`: ${list(words, 'and')}`] : [];
};
const mail = (detail: Json, entry: AuditView): Piece => {
  const address = text(detail['email']) ?? named(detail['name']) ?? entry.subject_name;
  return address ? { mail: address } : 'a member';
};
const validity = (detail: Json): Piece[] =>
  typeof detail['expires_at'] === 'string' ? [`, valid until ${date(detail['expires_at'])}`] : [];
const rename =
  (what: string): Tell =>
  (detail, entry) => {
    const names = change(detail['name']);
    return names
      ? [`renamed ${what} `, quote(text(names.from) ?? ''), ' to ', quote(text(names.to) ?? '')]
      : [`renamed ${what} `, ...subject(detail, entry, '')];
  };

/** What was changed of the organization. */
const SETTINGS: Record<string, (changed: Change) => Piece[]> = {
  name: ({ from, to }) => ['renamed the organization from ', quote(text(from) ?? ''), ' to ', quote(text(to) ?? '')],
  calls_per_minute: ({ from, to }) => [
    `set the limit to ${count(Number(to))} calls a minute (was ${count(Number(from))})`,
  ],
  at_limit: ({ to }) => [to === 'pace' ? 'let calls beyond the limit wait' : 'had calls beyond the limit refused'],
  burst: ({ to }) => [`let ${to === null ? 'two fifths of the' : count(Number(to))} calls come at once`],
  longest_wait_seconds: ({ to }) => [`let no call wait for longer than ${count(Number(to))} s`],
};

/** One for every action that is recorded. */
export const TELL: Record<string, Tell> = {
  'organization.created': (detail, entry) => ['founded the organization ', ...subject(detail, entry, '')],
  'organization.updated': (detail, entry) => {
    const told = Object.entries(SETTINGS).flatMap(([field, tell]) => {
      const changed = change(detail[field]);
      return changed ? [tell(changed)] : [];
    });
    return told.length > 0 ? join(told) : ['changed the organization ', ...subject(detail, entry, '')];
  },
  'organization.restored': ({ from, to }) => [
    'went on with an older copy of the data',
    ...(typeof from === 'number' && typeof to === 'number'
      ? [`: change ${count(to)} was its last one, where ${count(from)} had been acknowledged`]
      : []),
  ],
  'member.created': (detail, entry) => [
    'added ',
    mail(detail, entry),
    ` as ${article(detail['role'])}`,
    ...(text(detail['session']) ? [' and issued a session token', ...validity(detail)] : []),
  ],
  'member.updated': (detail, entry) => {
    const role = change(detail['role']);
    const projects = change(detail['projects']);
    const [before, after] = [texts(projects?.from), texts(projects?.to)];
    const added = after.filter((each) => !before.includes(each));
    const removed = before.filter((each) => !after.includes(each));
    const told: Piece[][] = [];
    const whom = (): Piece => (told.length === 0 ? mail(detail, entry) : 'them');
    if (role) told.push(['made ', whom(), ` ${article(role.to)} (was ${article(role.from)})`]);
    if (added.length > 0) told.push(['assigned ', whom(), ' to ', ...names(added, 'project', 'projects')]);
    if (removed.length > 0) told.push(['took ', whom(), ' off ', ...names(removed, 'project', 'projects')]);
    return told.length > 0 ? join(told) : ['changed ', mail(detail, entry)];
  },
  'member.removed': (detail, entry) => {
    const keys = texts(detail['revoked_keys']);
    return [
      'removed ',
      mail(detail, entry),
      ...(keys.length > 0 ? [' and revoked ', ...names(keys, 'key', 'keys')] : []),
    ];
  },
  'session.ended': (detail, entry) => ['ended a session of ', mail(detail, entry)],
  'session.created': (detail, entry) => ['issued a session token for ', mail(detail, entry), ...validity(detail)],
  'key.created': (detail, entry, known) => [
    'created ',
    ...key(detail, entry, known),
    ...place(detail, entry, known),
    ...(text(detail['replaces']) ? [', in place of one that was revoked'] : []),
  ],
  'key.updated': (detail, entry, known) => {
    const told = clauses(detail, key(detail, entry, known));
    return told.length > 0 ? join(told) : ['changed ', ...key(detail, entry, known)];
  },
  'key.revoked': (...entry) => ['revoked ', ...key(...entry)],
  'key.restored': (...entry) => ['restored ', ...key(...entry)],
  'key.rotated': (detail, entry) => {
    const until = detail['previous_valid_until'];
    const old = change(detail['display'])?.from;
    const works = typeof until === 'string' && Date.parse(until) > Date.parse(entry.at);
    return [
      'gave ',
      ...subject(detail, entry, 'a key'),
      ' a new secret',
      ...end(now(detail['display'])),
      ...(works ? ['; the old one', ...end(old), ` was to work until ${dateTime(until)}`] : []),
    ];
  },
  'key.previous_ended': (detail, ...rest) => [`ended ${oldSecrets(detail)} of `, ...key(detail, ...rest)],
  'key.secret_copied': (...entry) => ['copied the secret of ', ...key(...entry)],
  'key.secret_revealed': (...entry) => ['revealed the secret of ', ...key(...entry)],
  'project.created': (detail, entry) => ['created the project ', ...subject(detail, entry, '')],
  'project.updated': rename('the project'),
  'project.deleted': (detail, entry) => {
    const keys = texts(detail['revoked_keys']);
    return [
      'deleted the project ',
      ...subject(detail, entry, ''),
      ...(keys.length > 0 ? [' and revoked ', ...names(keys, 'key', 'keys')] : []),
    ];
  },
  'projects.synchronized': (detail) => {
    const renamed = Array.isArray(detail['renamed'])
      ? detail['renamed'].map(change).filter((each) => each !== null)
      : [];
    const gone = Array.isArray(detail['gone']) ? detail['gone'] : [];
    const told: Piece[][] = [
      ...[['added', 'added'] as const, ['added_or_changed', 'added or changed'] as const]
        .map(([field, verb]) => [verb, texts(detail[field])] as const)
        .filter(([, all]) => all.length > 0)
        .map(([verb, all]) => [`${verb} `, ...names(all, 'project', 'projects')]),
      ...renamed.map(({ from, to }) => ['renamed ', quote(text(from) ?? ''), ' to ', quote(text(to) ?? '')]),
      ...(gone.length > 0
        ? [
            gone.every((each) => typeof each === 'string')
              ? ['forgot ', ...names(texts(gone), 'project', 'projects')]
              : [`forgot ${count(gone.length)} that ${gone.length === 1 ? 'is' : 'are'} gone`],
          ]
        : []),
    ];
    return ['read the projects from Phare', ...(told.length > 0 ? [': ', ...join(told)] : [])];
  },
  'upstream.changed': (detail) => {
    const [keys, detached] = [texts(detail['revoked_keys']), texts(detail['detached'])];
    const attached = texts(detail['attached']);
    return [
      `put ${detail['kind'] === 'phare' ? 'Phare' : 'the built-in sandbox'} behind the gateway`,
      ...(attached.length > 0 ? [' with ', ...names(attached, 'Phare key', 'Phare keys')] : []),
      ...(keys.length > 0 ? [', which revoked ', ...names(keys, 'key', 'keys')] : []),
      ...(detached.length > 0
        ? [`${keys.length > 0 ? ' and' : ', which'} detached `, ...names(detached, 'Phare key', 'Phare keys')]
        : []),
    ];
  },
  'phare_key.added': (detail, entry, known) => [
    { attached: 'attached ', kept: 'put into keeping ' }[text(detail['purpose']) ?? ''] ?? 'took in ',
    ...phareKey(detail, entry, known),
  ],
  'phare_key.examined': (detail, entry, known) => ['checked ', ...phareKey(detail, entry, known), ...access(detail)],
  'phare_key.refused': (detail, entry, known) => [
    `noticed that Phare ${detail['refused'] === false ? 'takes' : 'refuses'} `,
    ...phareKey(detail, entry, known),
    ...(detail['refused'] === false ? [' again'] : []),
  ],
  'phare_key.staged': (...entry) => ['added the next secret of ', ...phareKey(...entry)],
  'phare_key.switched': (detail, entry) => {
    const { from, to } = change(detail['secret']) ?? { from: detail['from'], to: detail['to'] };
    return [
      'switched the Phare key ',
      ...subject(detail, entry, 'without a name'),
      ' from',
      ...end(from),
      ' to',
      ...end(to),
    ];
  },
  'phare_key.unstaged': (...entry) => ['removed the next secret of ', ...phareKey(...entry)],
  'phare_key.renamed': rename('the Phare key'),
  'phare_key.removed': (...entry) => ['removed ', ...phareKey(...entry)],
};
