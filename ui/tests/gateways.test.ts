// The gateways that share a team's database, on Settings.
import { screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import type { FakeBridge } from '../src/bridge/fake';
import { fault, type WorldOptions } from '../src/bridge/fake/world';
import { asked, at, open, press } from './support';

async function settings(options: WorldOptions): Promise<FakeBridge> {
  const bridge = await open(options);
  await press('nav-settings');
  await screen.findByTestId('calls-per-minute');
  return bridge;
}
const team = (gateways: number) => settings({ connection: 'team', gateways });
const rows = () => screen.queryAllByTestId('gateway');
const states = () => screen.queryAllByTestId('gateway-state').map(({ textContent }) => textContent.trim());
const section = () => screen.queryByRole('region', { name: 'Gateways' });
const changed = (bridge: FakeBridge) => {
  bridge.push({ type: 'changed', change: { type: 'gateways' } });
};

describe('the gateways of a team', () => {
  it('are listed with where each answers, what it lacks and whether it follows', async () => {
    await team(3);
    await waitFor(() => {
      expect(rows()).toHaveLength(3);
    });
    expect(states()).toEqual([
      'Follows',
      'Follows',
      expect.stringMatching(/^Not heard of since \d+ \w+ \d{4}, \d\d:\d\d; grants nothing$/) as string,
    ]);
    const [first, second] = rows() as [HTMLElement, HTMLElement];
    expect(first.textContent).toContain('rennes');
    expect(first.textContent).toContain('192.0.2.1:7420');
    expect(first.textContent).toContain('Gardien 0.1.0');
    expect(within(first).queryByTestId('gateway-lag')).toBeNull();
    expect(within(second).getByTestId('gateway-lag').textContent).toBe('3 changes behind');
    // What is cut off can be read whole.
    const name = 'gateway-of-the-platform-engineering-department-in-nantes';
    expect(within(second).getByTitle(name).textContent).toBe(name);
  });

  it('are asked for again when the backend says that they changed', async () => {
    const bridge = await team(1);
    await waitFor(() => {
      expect(states()).toEqual(['Follows']);
    });
    const [gateway] = bridge.world.gateways;
    if (!gateway) throw new Error('no gateway');
    bridge.world.gateways = [{ ...gateway, lease: 'ended', lag: 1, seen_at: new Date().toISOString() }];
    changed(bridge);
    await waitFor(() => {
      expect(states()).toEqual([expect.stringMatching(/^Not heard of since \d\d:\d\d; grants nothing$/) as string]);
    });
    expect(at('gateway-lag').textContent).toBe('1 change behind');
    expect(asked(bridge, 'list_gateways')).toHaveLength(2);
  });

  it('are shown once each, however often they were started', async () => {
    const bridge = await team(2);
    await waitFor(() => {
      expect(rows()).toHaveLength(2);
    });
    const [gateway, other] = bridge.world.gateways;
    if (!gateway || !other) throw new Error('not two gateways');
    const before = { ...gateway, id: 'before', lease: 'ended' } as const;
    const moved = { ...before, id: 'moved', address: '192.0.2.9:7420' } as const;
    bridge.world.gateways = [before, gateway, moved, other];
    changed(bridge);
    await waitFor(() => {
      expect(rows()).toHaveLength(3);
    });
    expect(rows().map(({ dataset }) => dataset['lease'])).toEqual(['held', 'ended', 'held']);
  });

  it('take no room where there are none', async () => {
    const bridge = await team(0);
    await waitFor(() => {
      expect(asked(bridge, 'list_gateways')).toHaveLength(1);
    });
    expect(section()).toBeNull();
  });

  it('are not asked for on this computer', async () => {
    const bridge = await settings({ gateways: 3 });
    expect(asked(bridge, 'list_gateways')).toEqual([]);
    expect(section()).toBeNull();
  });

  it('are none to a server of before', async () => {
    const bridge = await settings({ connection: 'team', failing: 'list_gateways', code: 'not_found' });
    await waitFor(() => {
      expect(asked(bridge, 'list_gateways')).toHaveLength(1);
    });
    expect(section()).toBeNull();
  });

  it('that cannot be asked for are said to be so, and what is known stays', async () => {
    const bridge = await team(2);
    await waitFor(() => {
      expect(rows()).toHaveLength(2);
    });
    bridge.world.failing.set('list_gateways', fault('internal', 'Something failed.'));
    changed(bridge);
    const problem = await screen.findByTestId('problem');
    expect(section()?.contains(problem)).toBe(true);
    expect(rows()).toHaveLength(2);
    bridge.world.failing.clear();
    await press('problem-retry');
    await waitFor(() => {
      expect(screen.queryByTestId('problem')).toBeNull();
    });
  });
});
