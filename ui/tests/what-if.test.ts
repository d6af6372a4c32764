// What a share would have meant, which is said while it is written.
import { waitFor } from '@testing-library/svelte';
import { tick } from 'svelte';
import { describe, expect, it, vi } from 'vitest';
import type { FakeBridge } from '../src/bridge/fake';
import { fault } from '../src/bridge/fake/world';
import { ownWords } from '../src/features/keys/what-if';
import { asked, at, edit, fill, fillIn, gone, open, press, user } from './support';

describe('what a share would have meant', () => {
  const sentence = () => at('what-if').textContent.replaceAll(/\s+/g, ' ').trim();
  const first = (bridge: FakeBridge) => {
    const key = bridge.world.keys.find(({ status }) => status === 'active');
    if (!key) throw new Error('no key that works');
    return key;
  };

  it('is said while it is written, of what was written last, and takes nothing from saving', async () => {
    const bridge = await open();
    const key = first(bridge);
    await edit(key.name);
    expect(sentence()).toBe('');
    await fill('share-at-most', '71');
    await waitFor(() => {
      expect(sentence()).toBe('In the last hour’s worst minute this key could have made 71 of its 84 calls.');
    });
    // A pause is waited for: no number that nobody meant is asked about.
    expect(asked(bridge, 'what_if')).toEqual([{ key_id: key.id, at_most: 71, weight: 1 }]);
    await user.clear(at('share-at-most'));
    await fill('share-reserved', '95');
    const other = bridge.world.keys.find(({ id }) => id !== key.id)?.name ?? '';
    await waitFor(() => {
      expect(sentence()).toBe(
        `In the last hour’s busiest minute this key could have made all of its 84 calls. “${other}” could have made 5 of its 12 calls in its worst minute.`,
      );
    });
    // What is not known is not said, and what is no number is not asked about.
    bridge.world.failing.set('what_if', fault('not_found', 'There is no such resource.'));
    await user.type(at('share-reserved'), '{Backspace}');
    await waitFor(() => {
      expect(sentence()).toBe('');
    });
    const before = asked(bridge, 'what_if').length;
    await user.type(at('share-reserved'), 'x');
    await user.type(at('share-reserved'), '{Backspace}{Backspace}5');
    await press('save-key');
    await waitFor(() => {
      gone('edit-key');
    });
    expect(
      asked(bridge, 'what_if')
        .slice(before)
        .every(({ reserved }) => reserved === 5),
    ).toBe(true);
    expect(asked(bridge, 'update_key')).toEqual([{ id: key.id, patch: { share: { reserved: 5 } } }]);
  });

  it('scrolls into sight for whoever writes, and away from nobody who went on', async () => {
    const scrolled = vi.spyOn(Element.prototype, 'scrollIntoView');
    const bridge = await open();
    const times = () => scrolled.mock.contexts.filter((element) => element === at('what-if')).length;
    await edit(first(bridge).name);
    await fill('share-at-most', '71');
    await waitFor(() => {
      expect(sentence()).toContain('71 of its 84');
    });
    expect(times()).toBe(1);
    await user.type(at('share-at-most'), '{Backspace}');
    await user.click(at('edit-note'));
    await waitFor(() => {
      expect(sentence()).toContain('7 of its 84');
    });
    expect(times()).toBe(1);
    scrolled.mockRestore();
  });

  it('takes no answer for a number that was written over meanwhile', async () => {
    const bridge = await open();
    const key = first(bridge);
    await edit(key.name);
    const call = bridge.call;
    let answerLate: (() => void) | undefined;
    const late = new Promise<void>((resolve) => (answerLate = resolve));
    let answered = false;
    bridge.call = async (name, args) => {
      const answer = await call(name, args);
      if (name === 'what_if' && asked(bridge, 'what_if').length === 1) {
        await late;
        answered = true;
      }
      return answer;
    };
    await fill('share-at-most', '9');
    await waitFor(() => {
      expect(asked(bridge, 'what_if')).toHaveLength(1);
    });
    await user.type(at('share-at-most'), '0');
    await waitFor(() => {
      expect(sentence()).toContain('all of its 84 calls');
    });
    answerLate?.();
    await waitFor(() => {
      expect(answered).toBe(true);
    });
    await tick();
    expect(sentence()).toContain('all of its 84 calls');
  });

  it('of a new key is what it takes from others', async () => {
    const bridge = await open();
    await fillIn();
    await press('share-toggle');
    await fill('share-reserved', '95');
    const other = bridge.world.keys[0]?.name ?? '';
    await waitFor(() => {
      expect(sentence()).toBe(`“${other}” could have made 5 of its 12 calls in its worst minute.`);
    });
    expect(asked(bridge, 'what_if')).toEqual([{ reserved: 95, weight: 1 }]);
    await user.type(at('share-reserved'), '{Backspace}');
    await waitFor(() => {
      expect(sentence()).toContain('It would have cost no other key a call in the last hour.');
    });
  });
});

describe('its words', () => {
  const at = '2026-11-26T12:00:00Z';
  const told = (known_minutes: number, key: [number, number] | null) =>
    ownWords({ known_minutes, key: key && { made: key[0], wanted: key[1], at }, other: null }, false);

  it('say how much is known', () => {
    expect(told(12, null)).toBe(
      'Not enough is known yet: this key made no call in the 12 minutes since Gardien started.',
    );
    expect(told(60, null)).toBe('This key made no call in the last hour.');
    expect(told(12, [71, 84])).toContain('In the worst of the 12 minutes since Gardien started this key');
    expect(told(1, [0, 1])).toBe(
      'In the minute since Gardien started this key could have made no call, of the one that it wanted to make.',
    );
    expect(told(60, [1, 1])).toContain('busiest minute this key could have made its only call.');
  });
});
