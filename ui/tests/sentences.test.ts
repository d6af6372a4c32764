import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { AuditView } from '../src/bindings';
import { plain, sentence } from '../src/sentences';
import { TELL } from '../src/telling';
import { facts } from '../src/trail';
import { FAMILIES } from '../src/words';

const RUST = readFileSync('../src-tauri/crates/domain/src/audit.rs', 'utf8');
const RECORDED = [...(/AuditAction \{([^}]*)\}/.exec(RUST)?.[1] ?? '').matchAll(/"([a-z_.]+)"/g)].map(
  ([, word]) => word ?? '',
);
/** Told already by gateways that are newer than this list of Rust's. */
const COMING = ['key.previous_ended', 'key.secret_copied', 'key.secret_revealed'];

const known = { me: 'ada@example.com', project: (id: number) => (id === 1 ? 'Shop' : undefined) };
const entry = (action: string, detail: unknown, more: Partial<AuditView> = {}): AuditView => ({
  sequence: 7,
  at: '2026-11-26T12:00:00Z',
  actor: 'ben@example.com',
  action,
  subject: '0193-7',
  subject_name: null,
  detail,
  hash: 'ab'.repeat(32),
  ...more,
});
const told = (action: string, detail: unknown, more?: Partial<AuditView>) =>
  plain(sentence(entry(action, detail, more), known)).replace('ben@example.com ', '');

const CI = { name: 'CI', display: 'pha_prj_gdn_Ab12…3fQz' };
const PHARE = { name: 'Main', secret: 'pha_org_Ab12…9xYz', kind: 'organization' };

const SENTENCES: [action: string, detail: unknown, words: string][] = [
  ['organization.created', { name: 'Acme', owner: 'ada@example.com' }, 'founded the organization “Acme”'],
  [
    'organization.restored',
    { from: 1500, to: 1498 },
    'went on with an older copy of the data: change 1,498 was its last one, where 1,500 had been acknowledged',
  ],
  [
    'organization.updated',
    { name: { from: 'Acme', to: 'Acme 2' } },
    'renamed the organization from “Acme” to “Acme 2”',
  ],
  [
    'organization.updated',
    { calls_per_minute: { from: 100, to: 2000 } },
    'set the limit to 2,000 calls a minute (was 100)',
  ],
  [
    'organization.updated',
    { calls_per_minute: { from: 100, to: 200 }, at_limit: { from: 'reject', to: 'pace' } },
    'set the limit to 200 calls a minute (was 100) and let calls beyond the limit wait',
  ],
  ['member.created', { name: 'eve@example.com', role: 'admin' }, 'added eve@example.com as an Admin'],
  ['member.created', { email: 'eve@example.com', role: 'member' }, 'added eve@example.com as a Member'],
  [
    'member.updated',
    { name: 'eve@example.com', role: { from: 'member', to: 'admin' } },
    'made eve@example.com an Admin (was a Member)',
  ],
  [
    'member.updated',
    { name: 'eve@example.com', projects: { from: [], to: ['Shop', 'Blog'] } },
    'assigned eve@example.com to “Shop” and “Blog”',
  ],
  [
    'member.updated',
    { name: 'eve@example.com', role: { from: 'admin', to: 'member' }, projects: { from: ['Blog'], to: ['Shop'] } },
    'made eve@example.com a Member (was an Admin), assigned them to “Shop” and took them off “Blog”',
  ],
  ['member.updated', { email: 'eve@example.com', projects: { from: [1], to: [2] } }, 'changed eve@example.com'],
  [
    'member.created',
    { name: 'eve@example.com', role: 'admin', session: '0193-1', expires_at: '2026-12-26T12:00:00Z' },
    'added eve@example.com as an Admin and issued a session token, valid until 26 Dec 2026',
  ],
  ['member.removed', { name: 'eve@example.com', role: 'admin', revoked_keys: [] }, 'removed eve@example.com'],
  [
    'member.removed',
    { name: 'eve@example.com', role: 'admin', revoked_keys: ['CI', 'Grafana'] },
    'removed eve@example.com and revoked “CI” and “Grafana”',
  ],
  ['session.ended', { name: 'eve@example.com', session: '0193-1' }, 'ended a session of eve@example.com'],
  [
    'session.created',
    { name: 'eve@example.com', expires_at: '2026-12-26T12:00:00Z' },
    'issued a session token for eve@example.com, valid until 26 Dec 2026',
  ],
  ['key.created', { ...CI, scope: { type: 'organization' } }, 'created “CI” …3fQz for the whole organization'],
  [
    'key.created',
    { ...CI, scope: { type: 'project', project_id: 9 }, project: 'Docs' },
    'created “CI” …3fQz for “Docs”',
  ],
  ['key.created', { ...CI, scope: { type: 'project', project_id: 1 } }, 'created “CI” …3fQz for “Shop”'],
  [
    'key.created',
    { ...CI, scope: { type: 'project', project_id: 9 }, replaces: '0193-1' },
    'created “CI” …3fQz for a project that is gone, in place of one that was revoked',
  ],
  ['key.updated', { ...CI, name: { from: 'deploy', to: 'deploy-prod' } }, 'renamed “deploy” to “deploy-prod”'],
  [
    'key.updated',
    { ...CI, products: { from: { platform: 'none', uptime: 'read' }, to: { platform: 'none', uptime: 'read_write' } } },
    'gave “CI” …3fQz read-write to Uptime (was read-only)',
  ],
  [
    'key.updated',
    { ...CI, products: { from: { platform: 'read', uptime: 'read_write' }, to: { platform: 'none', uptime: 'read' } } },
    'took Platform from “CI” …3fQz (was read-only) and left it only read-only to Uptime (was read-write)',
  ],
  [
    'key.updated',
    { ...CI, expires_at: { from: null, to: '2027-03-03T12:00:00Z' } },
    'set “CI” …3fQz to expire on 3 Mar 2027 (was never)',
  ],
  [
    'key.updated',
    { ...CI, expires_at: { from: '2027-03-03T12:00:00Z', to: null } },
    'set “CI” …3fQz never to expire (was 3 Mar 2027)',
  ],
  ['key.updated', { ...CI, note: { from: '', to: 'Rennes' } }, 'added a note to “CI” …3fQz'],
  ['key.updated', { ...CI, note: { from: 'Rennes', to: '' } }, 'removed the note of “CI” …3fQz'],
  [
    'key.updated',
    {
      ...CI,
      name: { from: 'a', to: 'b' },
      note: { from: 'x', to: 'y' },
      expires_at: { from: null, to: '2027-03-03T12:00:00Z' },
    },
    'renamed “a” to “b”, set it to expire on 3 Mar 2027 (was never) and changed the note of it',
  ],
  ['key.revoked', CI, 'revoked “CI” …3fQz'],
  ['key.restored', CI, 'restored “CI” …3fQz'],
  [
    'key.rotated',
    {
      name: 'CI',
      display: { from: 'pha_prj_gdn_Ab12…0old', to: 'pha_prj_gdn_Cd34…3new' },
      previous_valid_until: '2026-11-26T12:00:00Z',
    },
    'gave “CI” a new secret …3new',
  ],
  ['key.previous_ended', CI, 'ended the old secret of “CI” …3fQz'],
  ['key.secret_copied', CI, 'copied the secret of “CI” …3fQz'],
  ['key.secret_revealed', CI, 'revealed the secret of “CI” …3fQz'],
  ['project.created', { name: 'Shop', slug: 'shop' }, 'created the project “Shop”'],
  ['project.updated', { name: { from: 'Shop', to: 'Store' } }, 'renamed the project “Shop” to “Store”'],
  [
    'project.deleted',
    { name: 'Shop', revoked_keys: ['a', 'b', 'c', 'd', 'e'] },
    'deleted the project “Shop” and revoked “a”, “b”, “c” and 2 more keys',
  ],
  [
    'projects.synchronized',
    { added: ['Docs'], renamed: [{ from: 'Shop', to: 'Store' }], gone: ['Blog'] },
    'read the projects from Phare: added “Docs”, renamed “Shop” to “Store” and forgot “Blog”',
  ],
  [
    'projects.synchronized',
    { added_or_changed: ['Docs'], gone: [4, 5] },
    'read the projects from Phare: added or changed “Docs” and forgot 2 that are gone',
  ],
  ['projects.synchronized', {}, 'read the projects from Phare'],
  [
    'upstream.changed',
    { kind: 'phare', url: 'https://api.phare.io', revoked_keys: ['a'], detached: ['Main'] },
    'put Phare behind the gateway, which revoked “a” and detached “Main”',
  ],
  [
    'upstream.changed',
    { kind: 'phare', url: 'https://api.phare.io', attached: ['Main'], revoked_keys: ['a'] },
    'put Phare behind the gateway with “Main”, which revoked “a”',
  ],
  ['upstream.changed', { kind: 'sandbox' }, 'put the built-in sandbox behind the gateway'],
  ['phare_key.added', { ...PHARE, purpose: 'attached' }, 'attached the Phare key “Main” …9xYz'],
  ['phare_key.added', { ...PHARE, purpose: 'kept' }, 'put into keeping the Phare key “Main” …9xYz'],
  [
    'phare_key.examined',
    { ...PHARE, platform: 'read', uptime: 'none' },
    'checked the Phare key “Main” …9xYz: read-only to Platform and no access to Uptime',
  ],
  ['phare_key.refused', { ...PHARE, refused: true }, 'noticed that Phare refuses the Phare key “Main” …9xYz'],
  ['phare_key.refused', { ...PHARE, refused: false }, 'noticed that Phare takes the Phare key “Main” …9xYz again'],
  ['phare_key.staged', PHARE, 'added the next secret of the Phare key “Main” …9xYz'],
  [
    'phare_key.switched',
    { name: 'Main', secret: { from: 'pha_org_a…1111', to: 'pha_org_b…2222' } },
    'switched the Phare key “Main” from …1111 to …2222',
  ],
  ['phare_key.unstaged', PHARE, 'removed the next secret of the Phare key “Main” …9xYz'],
  ['phare_key.renamed', { name: { from: 'Main', to: 'Pager' } }, 'renamed the Phare key “Main” to “Pager”'],
  ['phare_key.removed', PHARE, 'removed the Phare key “Main” …9xYz'],
];

/** No code identifier, JSON or ISO time. */
const CODE = /[a-z]_[a-z]|[{}[\]"]|\d{4}-\d{2}-\d{2}T|undefined|null|NaN|\bkey\.|0193-/;

describe('an entry of the audit trail', () => {
  it.each(SENTENCES)('%s %j is a sentence', (action, detail, words) => {
    expect(told(action, detail)).toBe(words);
  });

  it('has words whatever Rust records', () => {
    expect(RECORDED.length).toBeGreaterThan(20);
    const all = [...new Set([...RECORDED, ...COMING])].sort();
    expect(Object.keys(TELL).sort()).toEqual(all);
    expect([...new Set(SENTENCES.map(([action]) => action))].sort()).toEqual(all);
    const filtered = FAMILIES.map(({ family }) => family);
    expect(all.filter((action) => !filtered.includes(action.split('.')[0] ?? ''))).toEqual([]);
    const named = FAMILIES.flatMap(({ actions }) => Object.keys(actions));
    expect(named.filter((action) => !all.includes(action))).toEqual([]);
  });

  it('says who: the reader, somebody, or Gardien by itself', () => {
    const of = (actor: string) => plain(sentence(entry('key.revoked', CI, { actor }), known));
    expect(of('ada@example.com')).toBe('You revoked “CI” …3fQz');
    expect(of('ben@example.com')).toBe('ben@example.com revoked “CI” …3fQz');
    expect(of('system')).toBe('Gardien revoked “CI” …3fQz');
  });

  it('says until when an old secret was to work', () => {
    const detail = {
      name: 'CI',
      display: { from: 'pha_prj_gdn_Ab12…0old', to: 'pha_prj_gdn_Cd34…3new' },
      previous_valid_until: '2026-11-27T12:00:00Z',
    };
    expect(told('key.rotated', detail)).toMatch(
      /^gave “CI” a new secret …3new; the old one …0old was to work until 27 Nov 2026, \d\d:\d\d$/,
    );
  });

  it('takes the present name only where it recorded none', () => {
    expect(told('key.revoked', {}, { subject_name: 'CI today' })).toBe('revoked “CI today”');
    expect(told('key.revoked', CI, { subject_name: 'CI today' })).toBe('revoked “CI” …3fQz');
    expect(told('key.revoked', {})).toBe('revoked a key');
  });

  it.each([...Object.keys(TELL), 'key.taught_to_sing'])('shows no code, however little it holds: %s', (action) => {
    for (const detail of [null, {}, { name: null, scope: {}, projects: 3, display: 4 }, 'text', []]) {
      expect(told(action, detail)).not.toMatch(CODE);
    }
  });

  it.each(SENTENCES)('%s %j has its fields in words', (action, detail) => {
    const lines = facts(entry(action, detail), known.project).map(({ label, before = '', after }) =>
      [label, before, after].join(' ').replaceAll(/pha_\w+…\w+/g, ''),
    );
    for (const line of lines) expect(line).not.toMatch(CODE);
  });

  it('shows each field before and after', () => {
    const detail = {
      ...CI,
      name: { from: 'CI', to: 'CI 2' },
      products: { from: { platform: 'none', uptime: 'read' }, to: { platform: 'none', uptime: 'read_write' } },
      expires_at: { from: null, to: null },
    };
    expect(facts(entry('key.updated', detail), known.project)).toEqual([
      { label: 'Name', before: 'CI', after: 'CI 2' },
      { label: 'Secret', after: 'pha_prj_gdn_Ab12…3fQz' },
      { label: 'Uptime', before: 'Read-only', after: 'Read-write' },
      { label: 'Expires', before: 'never', after: 'never' },
    ]);
  });
});
