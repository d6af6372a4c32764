import { describe, expect, it } from 'vitest';
import type { PhareKeyView, ProductScope, ProjectView, Scope, ScopeKind } from '../src/bindings';
import { findings, makePhareKey, makeSecret } from '../src/bridge/fake/phare-samples';
import { sampleProjects } from '../src/bridge/fake/samples';
import { differences } from '../src/features/phare/differences';
import { stops } from '../src/phare';

const PROJECTS = sampleProjects(3);
const [LIGHTHOUSE, HARBOUR] = PROJECTS as [ProjectView, ProjectView];
const ALL = { platform: 'read_write', uptime: 'read_write' } as const;
const READ = { platform: 'none', uptime: 'read' } as const;
const ORGANIZATION: Scope = { type: 'organization' };
const IN_LIGHTHOUSE: Scope = { type: 'project', project_id: LIGHTHOUSE.id };

type Known = ProductScope | null;
function key(kind: ScopeKind, platform: Known, uptime: Known, projects = PROJECTS): PhareKeyView {
  const found = findings(kind, platform, uptime, projects);
  return makePhareKey('Key', 'attached', makeSecret('pha_…', kind, new Date().toISOString(), found));
}
const sentences = (...args: Parameters<typeof stops>) => stops(...args).map(({ sentence }) => sentence);

describe('an API key is stopped', () => {
  it('by nothing where a Phare key can do what it may', () => {
    const full = key('organization', 'read_write', 'read_write');
    expect(stops(ORGANIZATION, ALL, [full])).toEqual([]);
    expect(stops(IN_LIGHTHOUSE, ALL, [full])).toEqual([]);
    expect(stops(IN_LIGHTHOUSE, ALL, [key('project', 'read_write', 'read_write', [LIGHTHOUSE])])).toEqual([]);
  });

  it('only in the product, and only by the access, that is lacking', () => {
    const keys = [key('organization', 'read_write', 'read')];
    expect(sentences(ORGANIZATION, ALL, keys)).toEqual([
      'Phare’s key cannot write Uptime, so Phare will refuse calls that change monitors, incidents and status pages.',
    ]);
    expect(stops(ORGANIZATION, ALL, keys)[0]?.product).toBe('uptime');
    expect(stops(ORGANIZATION, READ, keys)).toEqual([]);
    expect(sentences(ORGANIZATION, READ, [key('organization', 'read_write', 'none')])).toEqual([
      'Phare’s key cannot read Uptime, so Phare will refuse every call about monitors, incidents and status pages.',
    ]);
  });

  it('never by what is not known', () => {
    expect(stops(ORGANIZATION, ALL, [key('organization', null, null)])).toEqual([]);
    const unchecked = key('organization', 'none', 'none');
    unchecked.current.findings = null;
    expect(stops(ORGANIZATION, ALL, [unchecked])).toEqual([]);
  });

  it('where no Phare key works', () => {
    const harbour = key('project', 'read_write', 'read_write', [HARBOUR]);
    expect(sentences(IN_LIGHTHOUSE, READ, [harbour])).toEqual([
      'No attached Phare key works in this project, so calls are answered with 503.',
    ]);
    expect(sentences(ORGANIZATION, READ, [harbour])).toEqual([
      'No attached Phare key is an organization’s, so calls work only where they name Harbour.',
    ]);
    const unplaced = key('project', 'read_write', 'read_write', []);
    expect(stops(IN_LIGHTHOUSE, READ, [unplaced])).toHaveLength(1);
  });

  it('not by one of several, if another serves', () => {
    const keys = [key('organization', 'read', 'read'), key('project', 'none', 'read_write', [LIGHTHOUSE])];
    const products = { platform: 'read', uptime: 'read_write' } as const;
    expect(stops(IN_LIGHTHOUSE, products, keys)).toEqual([]);
    expect(sentences(ORGANIZATION, products, keys)).toEqual([
      'No attached Phare key can write Uptime, so Phare will refuse calls that change monitors, incidents and status pages, except in Lighthouse.',
    ]);
  });

  it('by a Phare key that Phare refuses, unless another works', () => {
    const refused = key('organization', 'read_write', 'read_write');
    refused.current.refused_at = new Date().toISOString();
    expect(sentences(ORGANIZATION, READ, [refused])).toEqual([
      'Phare refuses the attached key, so calls are answered with 502.',
    ]);
    const harbour = key('project', 'read', 'read', [HARBOUR]);
    expect(sentences(ORGANIZATION, READ, [refused, harbour])).toEqual([
      'Phare refuses the attached key, so calls are answered with 502, except in Harbour.',
    ]);
    expect(stops(ORGANIZATION, READ, [refused, key('organization', 'none', 'read')])).toEqual([]);
  });

  it('never by a key that is only kept', () => {
    const kept = { ...key('organization', 'read_write', 'read_write'), purpose: 'kept' as const };
    expect(stops(ORGANIZATION, READ, [kept])).toHaveLength(1);
  });
});

describe('two secrets of one key differ', () => {
  const secret = (...args: Parameters<typeof key>) => key(...args).current;
  it('by what they may do and see, in words', () => {
    const inUse = secret('organization', 'read', 'read_write', [LIGHTHOUSE, HARBOUR]);
    const next = secret('organization', 'read_write', 'read', PROJECTS.slice(1));
    expect(differences(inUse, next, 'The next key')).toEqual([
      'The next key can write Platform; the one in use cannot.',
      'The next key cannot write Uptime; the one in use can.',
      'The next key does not see Lighthouse; the one in use does.',
      'The next key sees Ferry timetable; the one in use does not.',
    ]);
    const blind = secret('organization', 'none', 'read_write', [LIGHTHOUSE, HARBOUR]);
    expect(differences(inUse, blind, 'The one before')).toEqual([
      'The one before cannot read Platform; the one in use can.',
    ]);
  });
  it('by nothing that is not known', () => {
    expect(differences(secret('organization', null, 'read'), secret('organization', 'none', 'read'), 'It')).toEqual([]);
  });
});
