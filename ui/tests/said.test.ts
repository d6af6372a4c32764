// What is said of an action: which key it met, what holds now, how to take it back.
import { screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import type { KeyView } from '../src/bindings';
import { shorten } from '../src/format';
import { asked, at, gone, inRow, open, press, row, user } from './support';

const [GRAFANA, TERRAFORM, BOT] = ['Grafana dashboards', 'terraform-production', 'Status page bot'] as const;

describe('the words of an action', () => {
  it('name the key and the end of its secret, the name shortened in its middle', async () => {
    const bridge = await open({ keys: 4 });
    const long = bridge.world.keys[3] as KeyView;
    await user.click(inRow(long.name, 'row-revoke'));
    const title = (await screen.findByTestId('toast-title')).textContent;
    expect(title).toBe(`Revoked “${shorten(long.name)}” …\u2060${long.display.slice(-4)}`);
    expect(title).toContain('On-call incident auto…');
  });

  it('tell of a replacement who used the key within a day, and of another key nothing', async () => {
    const bridge = await open();
    const old = bridge.world.keys.find(({ name }) => name === TERRAFORM);
    const said = async (name: string) => {
      await user.click(inRow(name, 'row-menu'));
      await press('replace-key');
      await screen.findByTestId('fresh-sheet');
      const toast = screen.getAllByTestId('toast').find((each) => each.dataset['topic']?.startsWith('revoked-'));
      await press('fresh-done');
      return within(toast ?? document.body).getByTestId('toast-detail').textContent;
    };
    expect(await said(GRAFANA)).toBe(
      'Calls with it are refused now. Last used 3 min ago, listing monitors, by terraform-provider-phare from 127.0.0.1.',
    );
    if (old) old.last_used_at = new Date(Date.now() - 25 * 3_600_000).toISOString();
    window.dispatchEvent(new Event('gardien:reload'));
    await waitFor(() => {
      expect(row(TERRAFORM).textContent).toContain('1 d ago');
    });
    expect(await said(TERRAFORM)).toBe('Calls with it are refused now.');
  });

  it('say what is refused though it could not be written', async () => {
    const bridge = await open();
    bridge.world.failing.set('revoke_key', { code: 'revoked_in_memory', message: 'No room.', remedy: '' });
    await user.keyboard('jx{Shift>}{ArrowDown}{ArrowDown}{/Shift}{Delete}');
    await press('confirm-revoke');
    const toast = within(await screen.findByTestId('toast'));
    expect(toast.getByTestId('toast-title').textContent).toBe('Refused 3 keys, but not written down yet');
    expect([GRAFANA, TERRAFORM, BOT].map((name) => row(name).dataset['status'])).toEqual(Array(3).fill('revoked'));
    expect(toast.queryByTestId('undo')).toBeNull();
  });

  it.each(['a press', 'the keyboard'])(
    'offer to undo a replacement by %s, which closes what showed the new secret',
    async (by) => {
      const bridge = await open();
      const [old] = bridge.world.keys as [KeyView];
      await user.click(inRow(GRAFANA, 'row-menu'));
      await press('replace-key');
      await screen.findByTestId('fresh-sheet');
      if (by === 'a press') await press('undo');
      else await user.keyboard('{Control>}z{/Control}');
      await waitFor(() => {
        gone('fresh-sheet');
      });
      const [made] = bridge.world.keys as [KeyView];
      expect(asked(bridge, 'undo_replacement')).toEqual([{ id: old.id, replacement: made.id }]);
      const status = (id: string) => bridge.world.keys.find((key) => key.id === id)?.status;
      expect([status(old.id), status(made.id)]).toEqual(['active', 'revoked']);
      await waitFor(() => {
        expect((document.activeElement as HTMLElement).dataset['keyId']).toBe(old.id);
      });
    },
  );

  it('say until when an old secret works', async () => {
    await open();
    await user.keyboard('jr');
    await press('confirm-rotate');
    await press('fresh-done');
    expect(at('toast-detail').textContent).toMatch(/^The old secret works until \d+ \w+ \d{4}, \d\d:\d\d\.$/);
    expect(inRow(GRAFANA, 'old-secret').textContent).toMatch(/^(1 d|23 h) left$/);
    expect(inRow(GRAFANA, 'status').title).toContain('last used before the rotation');
  });
});
