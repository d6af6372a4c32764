import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { plural } from '../src/format';
import { asked, at, everything, fill, gone, inRow, open, press, row, user } from './support';

const NAMES = ['Grafana dashboards', 'terraform-production', 'Status page bot'];
const [GRAFANA, TERRAFORM] = NAMES as [string, string];

describe('revoking', () => {
  it('takes one click, and one more to undo', async () => {
    const bridge = await open();
    await user.click(inRow(GRAFANA, 'row-revoke'));
    await waitFor(() => {
      expect(row(GRAFANA).dataset['status']).toBe('revoked');
    });
    const toast = within(at('toast'));
    expect(toast.getByTestId('toast-title').textContent).toMatch(/^Revoked “Grafana dashboards” …\u2060.{4}$/);
    expect(toast.getByTestId('toast-detail').textContent).toContain(
      'listing monitors, by terraform-provider-phare from 127.0.0.1',
    );
    expect(within(row(GRAFANA)).queryByTestId('row-copy')).toBeNull();

    await press('undo');
    await waitFor(() => {
      expect(row(GRAFANA).dataset['status']).toBe('active');
    });
    expect(asked(bridge, 'restore_key')).toEqual(asked(bridge, 'revoke_key'));
  });

  it('says so when it was too late to undo', async () => {
    const bridge = await open();
    bridge.world.failing.set('restore_key', { code: 'restore_too_late', message: 'It is over.', remedy: '' });
    await user.click(inRow(GRAFANA, 'row-revoke'));
    await press('undo');
    expect(await screen.findByText(/^Too late to undo\./)).toBeTruthy();
    expect(row(GRAFANA).dataset['status']).toBe('revoked');
  });

  it('of several asks first, and can be undone too', async () => {
    const bridge = await open();
    await fireEvent.click(row(GRAFANA), { ctrlKey: true });
    await fireEvent.click(row('Status page bot'), { shiftKey: true });
    expect(at('bulk-count').textContent).toBe('3 selected');
    await fireEvent.click(row(TERRAFORM), { ctrlKey: true });
    expect(at('bulk-count').textContent).toBe('2 selected');

    await user.keyboard('{Delete}');
    const names = within(await screen.findByTestId('doomed-keys'));
    expect(names.getByText(GRAFANA)).toBeTruthy();
    expect(names.queryByText(TERRAFORM)).toBeNull();
    expect(asked(bridge, 'revoke_key')).toEqual([]);

    await press('confirm-revoke');
    await waitFor(() => {
      expect(NAMES.map((name) => row(name).dataset['status'])).toEqual(['revoked', 'active', 'revoked']);
    });
    gone('bulk-bar');
    await press('undo');
    await waitFor(() => {
      expect(NAMES.map((name) => row(name).dataset['status'])).toEqual(['active', 'active', 'active']);
    });
  });

  it('and replacing makes and copies a key with the same settings', async () => {
    const bridge = await open();
    await user.click(row(GRAFANA));
    await press('drawer-replace');
    const fresh = await screen.findByTestId('fresh-sheet');
    expect(fresh.textContent).toContain('The old key is revoked');
    const [made, old] = [bridge.world.keys[0], bridge.world.keys[1]];
    expect([made?.name, made?.products, made?.scope]).toEqual([old?.name, old?.products, old?.scope]);
    expect([made?.status, old?.status]).toEqual(['active', 'revoked']);
    expect(bridge.world.clipboard).toBe(bridge.world.secrets.get(made?.id ?? ''));
  });
});

describe('a kept secret', () => {
  it('is copied without passing through the window, and revealed only while asked for', async () => {
    const bridge = await open();
    const secret = bridge.world.secrets.get(bridge.world.keys[0]?.id ?? '') ?? '';
    await user.click(inRow(GRAFANA, 'row-copy'));
    await waitFor(() => {
      expect(bridge.world.clipboard).toBe(secret);
    });
    expect(at('toast-detail').textContent).toBe('Cleared from the clipboard in 30 s');

    await user.click(row(GRAFANA));
    expect(everything()).not.toContain(secret);
    await press('drawer-reveal');
    expect((await screen.findByTestId('drawer-secret')).textContent).toBe(secret);
    await press('drawer-hide');
    expect(everything()).not.toContain(secret);
    await press('drawer-reveal');
    await screen.findByTestId('drawer-secret');
    await press('drawer-close');
    expect(everything()).not.toContain(secret);
  });

  it('is offered only where this computer holds it', async () => {
    await open();
    expect(within(row(TERRAFORM)).queryByTestId('row-copy')).toBeNull();
    await user.click(row(TERRAFORM));
    gone('drawer-reveal');
    expect(at('drawer').textContent).toContain('This computer does not hold the secret');
  });
});

describe('finding keys', () => {
  it('turns what is typed and every chip into one query', async () => {
    const bridge = await open({ keys: 60 });
    const query = () => {
      const { limit, ...rest } = asked(bridge, 'list_keys').at(-1) ?? {};
      expect(limit).toBe(100);
      return rest;
    };
    const choose = async (chip: string, value: string) => {
      await press(`filter-${chip}`);
      await press(`filter-${chip}-${value}`);
    };
    await choose('status', 'active');
    await choose('scope', 'project');
    await choose('project', '2');
    await choose('platform', 'none');
    await choose('uptime', 'read');
    await choose('usage', 'stale');
    await press('filter-expiring');
    await fill('search', ' grafana ');
    const all = {
      status: 'active',
      scope: 'project',
      project_id: 2,
      platform: 'none',
      uptime: 'read',
      usage: 'stale',
      expires_within_days: 14,
      q: 'grafana',
    };
    await waitFor(() => {
      expect(query()).toEqual(all);
    });
    expect(at('filter-status').textContent).toContain('Status: Active');

    await press('clear-filters');
    await waitFor(() => {
      expect(query()).toEqual({ live: true });
    });
    expect(screen.getAllByTestId('key-row').length).toBeGreaterThan(10);
  });

  it('keeps chips that are seldom used apart for a narrow window, unless they are in use or asked for', async () => {
    await open();
    const apart = () =>
      [...at('page-keys').querySelectorAll('.rare button')].map((each) => each.getAttribute('data-testid'));
    const rare = ['filter-project', 'filter-platform', 'filter-uptime', 'filter-usage'];
    await waitFor(() => {
      expect(apart()).toEqual(rare);
    });
    expect(at('more-filters').getAttribute('aria-expanded')).toBe('false');
    await press('more-filters');
    expect(at('more-filters').getAttribute('aria-expanded')).toBe('true');
    await press('more-filters');
    await press('filter-platform');
    await press('filter-platform-none');
    await waitFor(() => {
      expect(apart()).toEqual(rare.filter((each) => each !== 'filter-platform'));
    });
    // What was chosen can be cleared without going from under the focus.
    expect(at('more-filters').getAttribute('aria-expanded')).toBe('true');
  });
});

describe('the list', () => {
  it('draws a bounded number of rows at 100,000 keys and loads on as one scrolls', async () => {
    const bridge = await open({ keys: 100_000 });
    const live = bridge.world.keys.filter(({ status }) => status === 'active' || status === 'rotating');
    expect(at('page-keys').textContent).toContain(plural(live.length, 'key'));
    expect(screen.getAllByTestId('key-row').length).toBeLessThan(40);
    expect(asked(bridge, 'list_keys')).toHaveLength(1);

    const scroller = at('key-table').querySelector('[role="rowgroup"]');
    if (!scroller) throw new Error('nothing scrolls');
    scroller.scrollTop = 44 * 900;
    await fireEvent.scroll(scroller);
    await waitFor(() => {
      expect(screen.getAllByTestId('key-row').at(-1)?.dataset['keyId']).toBe(live[921]?.id);
    });
    expect(screen.getAllByTestId('key-row').length).toBeLessThan(40);
    expect(asked(bridge, 'list_keys').length).toBeLessThan(8);
  });

  it('works without a mouse', async () => {
    const bridge = await open();
    await user.keyboard('jj');
    await waitFor(() => {
      expect(document.activeElement).toBe(row(TERRAFORM));
    });
    await user.keyboard('{Enter}');
    expect(at('drawer-name').textContent).toBe(TERRAFORM);
    await user.keyboard('{Escape}');
    gone('drawer');
    await user.keyboard('r');
    await press('confirm-rotate');
    await screen.findByTestId('fresh-sheet');
    expect(asked(bridge, 'rotate_key')).toEqual([{ id: bridge.world.keys[1]?.id, grace_seconds: 86_400 }]);
  });
});
