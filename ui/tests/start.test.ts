import { screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { asked, at, everything, fill, gone, open, press, user } from './support';

describe('the first start', () => {
  it('refuses what cannot work, beside each field', async () => {
    const bridge = await open({ stage: 'first_start' });
    await press('upstream-phare');
    await user.clear(at('port'));
    await fill('port', '80');
    await press('start');
    expect(at('organization-problem').textContent).toContain('name');
    expect(at('email-problem').textContent).toContain('mail address');
    expect(at('port-problem').textContent).toContain('1024');
    expect(at('phare-key-problem').textContent).toContain('pha_');
    expect(asked(bridge, 'first_start')).toEqual([]);
  });

  it('founds the organization and leads to the first key', async () => {
    const bridge = await open({ stage: 'first_start' });
    await fill('organization', 'Acme');
    await fill('email', 'ada@example.com');
    await press('upstream-phare');
    await fill('phare-key', 'pha_org_secret');
    await press('start');
    expect(await screen.findByTestId('new-key')).toBeTruthy();
    expect(at('organization-name').textContent).toBe('Acme');
    expect(at('role-badge').textContent).toBe('Owner');
    expect(asked(bridge, 'first_start')).toEqual([
      {
        organization: 'Acme',
        email: 'ada@example.com',
        port: 7420,
        upstream: { type: 'phare', key: 'pha_org_secret' },
      },
    ]);
    expect(everything()).not.toContain('pha_org_secret');
  });

  it('sends a session token nowhere that others could read it on the way', async () => {
    const bridge = await open({ stage: 'first_start' });
    await press('tab-connect');
    await fill('server-url', 'http://gardien.example.com');
    await fill('session-token', 'gdn_session_token');
    await press('connect');
    expect(at('server-url-problem').textContent).toContain('https');
    expect(asked(bridge, 'connect')).toEqual([]);

    await user.clear(at('server-url'));
    await fill('server-url', 'http://127.0.0.1:7421');
    await press('connect');
    await screen.findByTestId('page-keys');
    expect(asked(bridge, 'connect')).toEqual([
      { url: 'http://127.0.0.1:7421', token: 'gdn_session_token', keep_serving: true },
    ]);
    expect(everything()).not.toContain('gdn_session_token');
  });
});

describe('projects', () => {
  it('are created and renamed, and refuse names that Phare refuses', async () => {
    const bridge = await open();
    await press('nav-projects');
    await press('new-project');
    await press('save-project');
    expect(at('project-name-problem')).toBeTruthy();
    await fill('project-name', 'x'.repeat(26));
    expect(at('project-name-problem').textContent).toContain('25');
    await user.clear(at('project-name'));
    await fill('project-name', 'Buoys');
    await press('save-project');
    await waitFor(() => {
      expect(screen.getAllByTestId('project-row').map((each) => each.dataset['projectName'])).toContain('Buoys');
    });
    expect(asked(bridge, 'create_project')).toEqual([{ name: 'Buoys' }]);
  });

  it('name the keys that go before they are deleted', async () => {
    const bridge = await open({ keys: 60 });
    await press('nav-projects');
    const [first] = await screen.findAllByTestId('project-row');
    if (!first) throw new Error('no project');
    await user.click(within(first).getByTestId('delete-project'));
    const names = await screen.findByTestId('doomed-keys');
    expect(names.textContent).toContain('Grafana dashboards');
    expect(names.textContent).toMatch(/and \d+ more keys/);
    expect(asked(bridge, 'delete_project')).toEqual([]);
    await press('confirm-delete');
    await waitFor(() => {
      expect(screen.getAllByTestId('project-row')).toHaveLength(2);
    });
  });
});

describe('settings', () => {
  it('save the theme at once and the port when it is one', async () => {
    const bridge = await open();
    await press('nav-settings');
    await press('theme-dark');
    await waitFor(() => {
      expect(document.documentElement.dataset['theme']).toBe('dark');
    });
    await fill('gateway-port', '9');
    expect(at('gateway-port-problem')).toBeTruthy();
    gone('gateway-port-save');
    await user.clear(at('gateway-port'));
    await fill('gateway-port', '8080');
    await press('gateway-port-save');
    await waitFor(() => {
      expect(bridge.world.preferences).toEqual({
        theme: 'dark',
        gateway_port: 8080,
        on_close: 'ask',
        start_at_login: false,
      });
    });
  });

  it('say for how long a read is answered from memory, up to a minute', async () => {
    const bridge = await open();
    await press('nav-settings');
    expect((await screen.findByTestId<HTMLInputElement>('cache-seconds')).value).toBe('0');
    await user.clear(at('cache-seconds'));
    await fill('cache-seconds', '61');
    expect(at('cache-seconds-problem').textContent).toContain('A number from 0 to 60.');
    gone('cache-seconds-save');
    await user.clear(at('cache-seconds'));
    await fill('cache-seconds', '30');
    await press('cache-seconds-save');
    await waitFor(() => {
      expect(asked(bridge, 'update_organization')).toEqual([{ cache_seconds: 30 }]);
    });
    expect((await screen.findByTestId('toast-title')).textContent).toBe(
      'Set reads to be answered from memory for 30 seconds',
    );
    gone('cache-seconds-save');
  });
});

describe('the palette', () => {
  it('finds a key by name and opens it', async () => {
    await open({ keys: 50 });
    await user.keyboard('{Control>}k{/Control}');
    await user.type(await screen.findByTestId('palette-input'), 'uptime exporter 13');
    await user.click(await screen.findByTestId('palette-key'));
    await waitFor(() => {
      expect(at('drawer-name').textContent).toBe('uptime exporter 13');
    });
  });
});
