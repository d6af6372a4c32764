// What the palette leads to: every way there is the one that the mouse has, with the same questions.
import { screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import { asked, at, gone, highlighted, open, openPalette, paletteRows as rows, press, row, user } from './support';

describe('what the palette does elsewhere', () => {
  async function choose(typed: string, label: string): Promise<void> {
    await openPalette(typed);
    expect(highlighted()?.dataset['action']).toBe(label);
    await user.keyboard('{Enter}');
  }

  it.each(['nav-keys', 'nav-settings'])(
    'pauses no gateway before it has said how many keys stop, from %s',
    async (from) => {
      const bridge = await open({ keys: 12 });
      await press(from);
      await choose('pause', 'Pause the gateway');
      expect((await screen.findByTestId('pause-dialog')).textContent).toMatch(/\d+ live keys stop working at once/);
      expect(asked(bridge, 'pause_gateway')).toEqual([]);
      await press('confirm-pause');
      await waitFor(() => {
        expect(asked(bridge, 'pause_gateway')).toHaveLength(1);
      });
    },
  );

  it('goes to the other home, told from this one by where it is', async () => {
    const bridge = await open({ connection: 'team' });
    await choose('this computer', 'Go to “Acme Lighthouses” on this computer');
    await waitFor(() => {
      expect(asked(bridge, 'switch_home')).toEqual([{ connection: { kind: 'embedded' }, keep_serving: true }]);
    });
    await openPalette('acme');
    expect(highlighted()?.dataset['action']).toBe('Go to “Acme Lighthouses” at gardien.example.com');
  });

  it('connects to a team server', async () => {
    await open();
    await choose('connect', 'Connect to a team server');
    const dialog = await screen.findByTestId('connect-dialog');
    await waitFor(() => {
      expect(dialog.contains(document.activeElement)).toBe(true);
    });
  });

  it('shows revoked and expired keys, from another page too', async () => {
    await open({ keys: 9 });
    await press('nav-projects');
    await choose('revoked', 'Show revoked and expired keys');
    await waitFor(() => {
      expect(row('nightly-report').dataset['status']).toBe('revoked');
    });
    expect(at('filter-dead').getAttribute('aria-pressed')).toBe('true');
  });

  it('shows Phare’s own keys, and those of Gardien when one of them is wanted', async () => {
    await open({ kept: 2 });
    await choose('own', 'Phare’s own keys');
    expect(await screen.findAllByTestId('kept-row')).toHaveLength(2);
    await choose('revoked', 'Show revoked and expired keys');
    await screen.findByTestId('key-table');
  });

  it('makes a project, and reads those of Phare', async () => {
    const bridge = await open();
    await choose('new proj', 'New project');
    await screen.findByTestId('project-name');
    await user.keyboard('{Escape}');
    await waitFor(() => {
      gone('project-name');
    });
    await choose('read', 'Read projects from Phare');
    await waitFor(() => {
      expect(asked(bridge, 'synchronize_projects')).toHaveLength(1);
    });
  });

  it('goes to Phare’s key in the settings while they are on show', async () => {
    await open();
    await press('nav-settings');
    const scroll = vi.spyOn(Element.prototype, 'scrollIntoView');
    await choose('behind', 'Phare’s key, behind the gateway');
    await waitFor(() => {
      expect(scroll.mock.contexts.at(-1)).toBe(at('phare-words').closest('section'));
    });
    scroll.mockRestore();
  });

  it('ends an old secret while there is one', async () => {
    const bridge = await open({ keys: 12 });
    const rotating = bridge.world.keys.find(({ status }) => status === 'rotating');
    await user.click(row(rotating?.name ?? ''));
    await choose('end old', 'end_previous');
    await waitFor(() => {
      expect(asked(bridge, 'end_previous')).toEqual([{ id: rotating?.id }]);
      expect(row(rotating?.name ?? '').dataset['status']).toBe('active');
    });
    await openPalette();
    expect(rows().map(({ dataset }) => dataset['action'])).not.toContain('end_previous');
  });

  it('offers a Member and the person of a team nothing of this computer’s that they cannot have', async () => {
    await open({ connection: 'team', role: 'member' });
    await openPalette();
    const offered = rows().map(({ dataset }) => dataset['action']);
    for (const none of ['Phare’s own keys', 'Read projects from Phare', 'Pause the gateway']) {
      expect(offered).not.toContain(none);
    }
  });
});
