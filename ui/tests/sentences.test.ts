import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { AuditView } from '../src/bindings';
import { plain, sentence } from '../src/sentences';
import { TELL } from '../src/telling';
import { facts } from '../src/trail';
import { FAMILIES } from '../src/words';
import { CI, SENTENCES } from './recorded';

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
