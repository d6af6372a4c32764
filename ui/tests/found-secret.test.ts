// Whether a secret that was found still works, whatever became of its key since.
import { describe, expect, it } from 'vitest';
import type { FoundKey, KeyView } from '../src/bindings';
import { sampleKeys } from '../src/bridge/fake/samples';
import { opens, renewed } from '../src/features/keys/pasted';

describe('a found secret whose key changed since', () => {
  const at9 = '2026-11-27T09:00:00Z';
  const [at10, at11] = ['2026-11-27T10:00:00Z', '2026-11-27T11:00:00Z'];
  const time = Date.parse('2026-11-27T08:00:00Z');
  const rotating = {
    ...(sampleKeys(1, [])[0] as KeyView),
    status: 'rotating' as const,
    expires_at: null,
    previous_valid_until: at10,
    earlier_valid_until: at11,
  };
  const ended = { previous_valid_until: null, earlier_valid_until: null };
  const old: FoundKey = { key: rotating, credential: 'replaced', valid_until: at11, kept: false, display: 'pha_old' };

  it.each<[words: string, changes: Partial<KeyView>[], works: boolean]>([
    ['nothing', [{}], true],
    ['revoked', [{ status: 'revoked', ...ended }], false],
    ['revoked, and undone', [{ status: 'revoked', ...ended }, {}], true],
    ['both old ones ended', [{ status: 'active', ...ended }], false],
    ['the other one ended by its time', [{ previous_valid_until: null }], true],
    ['ended, and rotated again', [{ status: 'active', ...ended }, { earlier_valid_until: null }], false],
    ['a nearer end of the key', [{ expires_at: at9, previous_valid_until: at9, earlier_valid_until: at9 }], true],
  ])('still works or not: %s', (_, changes, works) => {
    const now = changes.reduce((found, change) => renewed(found, { ...rotating, ...change }), old);
    expect(opens(now, time)).toBe(works);
  });

  it('works no longer than was promised', () => {
    expect(opens(old, Date.parse(at11))).toBe(false);
  });
});
