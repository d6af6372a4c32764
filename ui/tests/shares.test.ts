// What a key may have of the calls a minute, when it is made and when it is edited.
import { screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { fault } from '../src/bridge/fake/world';
import { asked, at, fill, fillIn, gone, inRow, open, press, user } from './support';

async function edit(name: string) {
  await user.click(inRow(name, 'row-menu'));
  await press('edit-key-item');
}

describe('a new key', () => {
  it('has a share only if somebody asks for one, and is told what happens beyond it', async () => {
    const bridge = await open();
    await fillIn();
    expect(at('share-at-most').closest('details')?.open).toBe(false);
    await press('share-toggle');
    const fold = at('share-at-most').closest('details');
    expect(fold?.open).toBe(true);
    expect(fold?.textContent).toContain('Calls beyond it wait their turn.');
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
