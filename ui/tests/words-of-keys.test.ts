// What the sheet and the drawer say, where saying it takes some thought.
import { CalendarDate } from '@internationalized/date';
import { describe, expect, it } from 'vitest';
import { OPERATIONS } from '../src/bridge/fake/operations';
import { sampleKeys } from '../src/bridge/fake/samples';
import type { KeyView } from '../src/bindings';
import { understandDay } from '../src/features/keys/days';
import { grouped } from '../src/features/keys/permissions';
import { abilities } from '../src/features/keys/sentence';
import { lastUse } from '../src/features/keys/use';
import { nameProblem, noteProblem, tooLong } from '../src/names';

const NOW = new CalendarDate(2026, 11, 26);
const day = (text: string, locale = 'en-GB') => understandDay(text, NOW, locale)?.toString() ?? null;

describe('a day is understood', () => {
  it.each([
    ['2027-02-24', '2027-02-24'],
    ['24.2.2027', '2027-02-24'],
    ['24. 2. 2027', '2027-02-24'],
    ['24/2/2027', '2027-02-24'],
    ['24/2/27', '2027-02-24'],
    ['24 Feb 2027', '2027-02-24'],
    [' 24th of  February 2027 ', '2027-02-24'],
    ['Feb 24, 2027', '2027-02-24'],
    ['24 feb', '2027-02-24'],
    ['1 Dec', '2026-12-01'],
    ['3.12.', '2026-12-03'],
    ['today', '2026-11-26'],
    ['Tomorrow', '2026-11-27'],
    ['in 3 weeks', '2026-12-17'],
    ['in a month', '2026-12-26'],
    ['2 years', '2028-11-26'],
    ['next week', '2026-12-03'],
    ['friday', '2026-11-27'],
    ['thu', '2026-12-03'],
  ])('%s', (text, expected) => {
    expect(day(text)).toBe(expected);
  });

  it('by the order of the system where two readings are possible, and by reason where only one is', () => {
    expect(day('3/2/2027', 'en-GB')).toBe('2027-02-03');
    expect(day('3/2/2027', 'en-US')).toBe('2027-03-02');
    expect(day('24/2/2027', 'en-US')).toBe('2027-02-24');
    expect(day('3.2.2027', 'en-US')).toBe('2027-02-03');
    expect(day('24. März 2027', 'de-DE')).toBe('2027-03-24');
  });

  it('where the system has no language', () => {
    for (const language of ['C', 'C.UTF-8', '']) {
      expect([day('24 Feb 2027', language), day('3/2/2027', language)]).toEqual(['2027-02-24', '2027-02-03']);
    }
  });

  it('only if there is such a day', () => {
    for (const text of ['', 'soon', '31.2.2027', '2027-13-01', '24 Foo 2027', '0/0/2027', '24', 'in weeks']) {
      expect([text, day(text)]).toEqual([text, null]);
    }
  });
});

describe('a name', () => {
  it('is refused when nobody can see it, or when it turns the writing round', () => {
    for (const name of ['\u200B\u200B', '\u2060', '\u2800', '\u00AD \uFE0F']) {
      expect(nameProblem(name, 100)).toContain('nobody sees');
      expect(noteProblem(name, 100)).toContain('nobody sees');
    }
    for (const name of ['safe\u202Eexe', '\u2066x\u2069', '\u202Ax', 'a\u200Fb', '\u061Cx']) {
      expect(nameProblem(name, 100)).toContain('direction');
      expect(noteProblem(name, 100)).toContain('direction');
    }
    for (const note of ['', ' \n', 'two\nlines', 'מפתח']) expect(noteProblem(note, 100)).toBeNull();
    for (const name of ['grafana', 'מפתח', 'مفتاح', '👩‍💻', 'é', '']) expect(nameProblem(name, 100)).toBeNull();
  });

  it('that is too long says by how much, in characters as the backend counts them', () => {
    expect(tooLong('x'.repeat(112), 100)).toBe('112 characters: at most 100, please.');
    expect(tooLong('🔑'.repeat(100), 100)).toBeNull();
    expect(tooLong(`  ${'x'.repeat(100)}  `, 100)).toBeNull();
  });
});

describe('a sentence', () => {
  it('says what a key can do, and leaves out what it cannot', () => {
    const say = (scope: 'project' | 'organization', platform: string, uptime: string) =>
      abilities(scope, { platform, uptime } as KeyView['products']);
    expect(say('project', 'none', 'none')).toBeNull();
    expect(say('project', 'none', 'read')).toBe('read monitors, incidents and status pages');
    expect(say('project', 'none', 'read_write')).toBe('read and change monitors, incidents and status pages');
    expect(say('project', 'read_write', 'none')).toBe('read and change alert rules, and read projects and users');
    expect(say('organization', 'read_write', 'none')).toBe('read and change projects and alert rules, and read users');
  });

  it('says what a key was last used for, as far as that is known', () => {
    const [sample] = sampleKeys(1, []) as [KeyView];
    const used = { ...sample, last_used_at: new Date(Date.now() - 185_000).toISOString() };
    expect(lastUse(used, OPERATIONS)).toBe('3 min ago, listing monitors, by terraform-provider-phare from 127.0.0.1');
    expect(lastUse({ ...used, last_client: null, last_operation: 'unheardOf' }, OPERATIONS)).toBe(
      '3 min ago, from 127.0.0.1',
    );
    expect(lastUse({ ...used, last_used_at: null }, OPERATIONS)).toBe('Never');
  });
});

it('operations stand by what they concern, and what deletes stands first', () => {
  const groups = grouped(OPERATIONS, (operation) => operation);
  expect(groups.flatMap(({ items }) => items)).toHaveLength(48);
  const monitors = groups.find(({ group }) => group === 'Monitors');
  expect(monitors?.items[0]?.summary).toBe('Delete a monitor');
  for (const { items } of groups) {
    const methods = items.map(({ method }) => method);
    expect(methods.lastIndexOf('DELETE')).toBe(methods.filter((method) => method === 'DELETE').length - 1);
  }
});
