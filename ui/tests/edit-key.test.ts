import { screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { NO_ACCESS } from '../src/features/keys/draft.svelte';
import { asked, at, gone, inRow, open, press, row, user } from './support';

async function edit(name: string) {
  await user.click(inRow(name, 'row-menu'));
  await press('edit-key-item');
}

describe('editing a key', () => {
  it('sends only what was changed, and the row shows it', async () => {
    const bridge = await open();
    const key = bridge.world.keys.find(({ status }) => status === 'active');
    if (!key) throw new Error('no key that works');
    await edit(key.name);
    await user.clear(at('edit-name'));
    await user.type(at('edit-name'), 'renamed');
    await press('uptime-read_write');
    await press('save-key');
    await waitFor(() => {
      expect(row('renamed')).toBeTruthy();
    });
    gone('edit-key');
    expect(asked(bridge, 'update_key')).toEqual([
      { id: key.id, patch: { name: 'renamed', products: { ...key.products, uptime: 'read_write' } } },
    ]);
  });

  it('sends nothing when nothing was changed, and refuses a key without any access', async () => {
    const bridge = await open();
    const name = screen.getAllByTestId('key-row')[0]?.dataset['keyName'] ?? '';
    await edit(name);
    await press('save-key');
    gone('edit-key');
    await edit(name);
    await press('platform-none');
    await press('uptime-none');
    await press('save-key');
    expect(at('products-problem').textContent).toContain(NO_ACCESS);
    expect(asked(bridge, 'update_key')).toEqual([]);
  });
});
