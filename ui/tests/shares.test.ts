// What a key may have of the calls a minute, when it is made and when it is edited.
import { screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { fault } from '../src/bridge/fake/world';
import { asked, at, edit, fill, fillIn, gone, hold, open, press, user } from './support';

describe('a new key', () => {
  it('has a share only if somebody asks for one, and is told what happens beyond it', async () => {
    const bridge = await open();
    await fillIn();
    expect(at('share-at-most').closest('details')?.open).toBe(false);
    await press('share-toggle');
    const fold = at('share-at-most').closest('details');
    expect(fold?.open).toBe(true);
    expect(fold?.textContent).toContain(
      'Calls beyond “At most” wait their turn, and get 429 where it would come after the longest wait.',
    );
    await fill('share-at-most', '30');
    await fill('share-reserved', '1o');
    expect(at('share-reserved-problem').textContent).toContain('A number of calls a minute');
    await user.type(at('share-reserved'), '{Backspace}0');
    await press('create-key');
    await screen.findByTestId('fresh-sheet');
    expect(asked(bridge, 'create_key')[0]?.key.share).toEqual({ at_most: 30, reserved: 10, weight: 1 });
  });

  it('opens its share where that is what is wrong', async () => {
    const bridge = await open();
    await fillIn();
    const problem = fault('invalid', 'Some fields need a look.', { 'share.reserved': ['With this it would be 110.'] });
    bridge.world.failing.set('create_key', problem);
    await press('create-key');
    await waitFor(() => {
      expect(document.activeElement).toBe(at('share-reserved'));
    });
    expect(at('share-reserved').closest('details')?.open).toBe(true);
    expect(at('share-reserved-problem').textContent).toContain('110');
    // What is written then is another share.
    await fill('share-reserved', '10');
    gone('share-reserved-problem');
  });

  it('cannot fold a share away while it is wrong, and is led to it', async () => {
    const bridge = await open();
    await fillIn();
    await press('share-toggle');
    await fill('share-at-most', 'x');
    await press('share-toggle');
    await press('create-key');
    await waitFor(() => {
      expect(at('share-at-most').closest('details')?.open).toBe(true);
    });
    expect(document.activeElement).toBe(at('share-at-most'));
    expect(asked(bridge, 'create_key')).toEqual([]);
  });

  it('says on the folded line what share applies', async () => {
    await open();
    await fillIn();
    expect(at('share-toggle').textContent).toBe('Share of the calls a minute (optional)');
    await press('share-toggle');
    await fill('share-at-most', '30');
    await press('share-toggle');
    await waitFor(() => {
      expect(at('share-toggle').textContent).toBe('Share of the calls a minute: At most 30 a minute');
    });
  });

  it('blames no share for what another was refused for', async () => {
    const bridge = await open();
    await fillIn();
    await press('share-toggle');
    await fill('share-at-most', '100');
    const problem = fault('invalid', 'Some fields need a look.', { 'share.at_most': ['100 of 100 is no bound.'] });
    bridge.world.failing.set('create_key', problem);
    const answer = hold(bridge, 'create_key');
    await press('create-key');
    await user.type(at('share-at-most'), '{Backspace}');
    answer();
    await waitFor(() => {
      expect(asked(bridge, 'create_key')).toHaveLength(1);
      expect(at('create-key').getAttribute('aria-busy')).not.toBe('true');
    });
    gone('share-at-most-problem');
    // It stands as soon as the share is again the one that was refused.
    await user.type(at('share-at-most'), '0');
    expect(at('share-at-most-problem').textContent).toContain('100 of 100');
  });
});

describe('editing a key', () => {
  it('sends of a share only what was changed', async () => {
    const bridge = await open();
    const key = bridge.world.keys.find(({ status }) => status === 'active');
    if (!key) throw new Error('no key that works');
    for (const [field, text] of [
      ['share-at-most', '30'],
      ['share-reserved', '10'],
      ['share-reserved', '0'],
      ['share-at-most', ' '],
    ] as const) {
      await edit(key.name);
      await user.clear(at(field));
      await user.type(at(field), text);
      await press('save-key');
      await waitFor(() => {
        gone('edit-key');
      });
    }
    const shares = asked(bridge, 'update_key').map(({ patch }) => patch);
    expect(shares).toEqual([
      { share: { at_most: 30 } },
      { share: { reserved: 10 } },
      { share: { reserved: null } },
      { share: { at_most: null } },
    ]);
  });
});
