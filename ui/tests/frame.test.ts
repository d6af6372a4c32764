// The frame of the window: what the backend pushes, the way to the other home, and the way out.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import type { WindowEvent } from '../src/bindings';
import { use } from '../src/bridge';
import { fake, sampleClosing, type FakeBridge } from '../src/bridge/fake';
import { makeWorld } from '../src/bridge/fake/world';
import { NO_SHARE } from '../src/share';
import { app } from '../src/state/app.svelte';
import App from '../src/views/App.svelte';
import { asked, at, gone, open, press, user } from './support';

const limits = (used: number) => ({
  calls_per_minute: 100,
  at_limit: 'reject' as const,
  pace: null,
  used,
  remaining: 100 - used,
  waiting: 0,
  saved: 0,
  reset_seconds: 41,
  hold: null,
  direct: null,
  reached: null,
  by_key:
    used > 0
      ? [
          {
            id: '0193-00000000',
            name: 'Grafana dashboards',
            calls: used,
            waiting: 0,
            waited_seconds: 0,
            refused: 0,
            share: NO_SHARE,
          },
        ]
      : [],
});
const push = (bridge: FakeBridge, event: WindowEvent) => {
  bridge.push(event);
};

describe('what the backend pushes', () => {
  it('is all that the window knows: it asks for nothing by the clock', async () => {
    const bridge = await open({ keys: 12 });
    await waitFor(() => {
      expect(at('gauge').dataset['used']).toBe('63');
    });
    const before = bridge.calls.length;
    vi.useFakeTimers();
    await vi.advanceTimersByTimeAsync(50_000);
    expect(bridge.calls.slice(before)).toEqual([]);
  });

  it('starts the window once the status says so', async () => {
    const bridge = fake({ stage: 'starting' });
    use(bridge);
    render(App);
    expect(at('starting')).toBeTruthy();
    gone('loading');
    await waitFor(() => {
      expect(asked(bridge, 'app_status')).toHaveLength(1);
    });
    push(bridge, { type: 'status', status: makeWorld({ stage: 'first_start' }).status });
    expect(await screen.findByTestId('first-start')).toBeTruthy();
    expect(document.activeElement).toBe(at('organization'));
    expect(asked(bridge, 'app_status')).toHaveLength(1);
  });

  it('moves the gauge, the pill and the projects', async () => {
    const bridge = await open();
    push(bridge, { type: 'changed', change: { type: 'limits', limits: limits(100) } });
    await waitFor(() => {
      expect(at('gauge').textContent).toContain('All 100 used, next in 41 s');
    });
    push(bridge, { type: 'changed', change: { type: 'limits', limits: { ...limits(7), waiting: 2, saved: 40 } } });
    await waitFor(() => {
      expect(at('gauge').textContent).toContain('7 of 100 this minute, 2 wait, 40 from memory');
    });
    const { status } = bridge.world;
    push(bridge, {
      type: 'status',
      status: { ...status, gateway: { state: 'paused', address: 'http://127.0.0.1:7420' } },
    });
    await waitFor(() => {
      expect(at('gateway-pill').textContent).toContain('Paused');
    });
    await press('nav-projects');
    await screen.findAllByTestId('project-row');
    bridge.world.projects = bridge.world.projects.slice(0, 1);
    push(bridge, { type: 'changed', change: { type: 'projects' } });
    await waitFor(() => {
      expect(screen.getAllByTestId('project-row')).toHaveLength(1);
    });
  });

  it('says that the server is lost, and loads anew once it is back', async () => {
    const bridge = await open({ connection: 'team' });
    const reload = vi.fn();
    window.addEventListener('gardien:reload', reload, { once: true });
    push(bridge, { type: 'lost', error: { code: 'unreachable', message: 'It is away.', remedy: 'Wait.' } });
    await waitFor(() => {
      expect(at('banner').dataset['code']).toBe('connection_lost');
    });
    push(bridge, { type: 'lost', error: null });
    await waitFor(() => {
      gone('banner');
    });
    expect(reload).toHaveBeenCalledOnce();
  });

  it('tells once what was put aside', async () => {
    const bridge = await open({ notices: 1 });
    expect(at('notice').textContent).toContain('preferences.json.damaged');
    await press('dismiss-notices');
    await waitFor(() => {
      gone('notice');
    });
    expect(asked(bridge, 'dismiss_notices')).toHaveLength(1);
  });
});

describe('the gauge', () => {
  it('names the keys that used the limit, and leads to them', async () => {
    await open({ used: 100 });
    await press('gauge-open');
    const [first] = await screen.findAllByTestId('gauge-key');
    expect(first?.textContent).toContain('Grafana dashboards');
    expect(first?.textContent).toContain('50 calls');
    expect(at('gauge-others').textContent).toContain('calls');
    await user.click(first ?? document.body);
    expect((await screen.findByTestId('drawer-name')).textContent).toBe('Grafana dashboards');
  });

  it('names a key of which every call was refused', async () => {
    const bridge = await open();
    const by_key = limits(1).by_key.map((use) => ({ ...use, calls: 0, refused: 3 }));
    push(bridge, { type: 'changed', change: { type: 'limits', limits: { ...limits(0), by_key } } });
    await waitFor(() => {
      expect(at('gauge').dataset['used']).toBe('0');
    });
    await press('gauge-open');
    expect((await screen.findByTestId('gauge-key')).dataset['keyName']).toBe('Grafana dashboards');
  });

  it('says how long Phare takes no calls', async () => {
    const bridge = await open();
    const hold = { since: new Date().toISOString(), until: new Date(Date.now() + 41_000).toISOString() };
    push(bridge, { type: 'changed', change: { type: 'limits', limits: { ...limits(100), hold } } });
    await waitFor(() => {
      expect(at('gauge').textContent).toContain('Phare takes no calls, next in 41 s');
    });
  });
});

describe('leaving', () => {
  const close = (bridge: FakeBridge, quitting = false) => {
    push(bridge, { type: 'closing', closing: { ...sampleClosing(bridge.world, quitting), tray: !quitting } });
    return screen.findByTestId('closing-dialog');
  };

  it('asks what becomes of the gateway, and keeps it by Enter', async () => {
    const bridge = await open({ keys: 12 });
    const dialog = await close(bridge);
    expect(within(dialog).getByTestId('stops').textContent).toContain('12 live keys stop working');
    expect(within(dialog).getAllByTestId('caller')[0]?.textContent).toMatch(
      /terraform-provider-phare.*12 calls, 3 s ago.*Grafana dashboards/s,
    );
    expect(dialog.textContent).toContain('icon in the tray');
    await waitFor(() => {
      expect(document.activeElement).toBe(at('leave-keep'));
    });
    await press('remember-answer');
    await press('closing-at-login');
    at('leave-keep').focus();
    await user.keyboard('{Enter}');
    await waitFor(() => {
      gone('closing-dialog');
    });
    expect(asked(bridge, 'leave')).toEqual([{ keep: true, remember: true, start_at_login: true }]);
    await waitFor(() => {
      expect(app.preferences?.on_close).toBe('keep');
    });
  });

  it('names who is calling when the app is left, and what brings it back without a tray', async () => {
    const bridge = await open({ keys: 3 });
    const dialog = await close(bridge, true);
    expect(dialog.textContent).toContain('These programs are calling right now');
    expect(dialog.textContent).toContain('start Gardien again');
    gone('remember-answer');
    await press('leave-stop');
    expect(asked(bridge, 'leave')).toEqual([{ keep: false, remember: false, start_at_login: false }]);
  });

  it('can be thought better of, and the focus goes back to where it was', async () => {
    const bridge = await open();
    at('nav-settings').focus();
    await close(bridge);
    await user.keyboard('{Escape}');
    await waitFor(() => {
      gone('closing-dialog');
      expect(document.activeElement).toBe(at('nav-settings'));
    });
    expect(asked(bridge, 'leave')).toEqual([]);
  });
});
