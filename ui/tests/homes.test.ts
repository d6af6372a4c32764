// Where a person can be, and what goes on meanwhile.
import { screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { inform, toasts } from '../src/components/toasts.svelte';
import { app } from '../src/state/app.svelte';
import { addressProblem, serverAddress, tokenProblem } from '../src/features/connection/address';
import { asked, at, fill, gone, open, press, user } from './support';

describe('the homes', () => {
  it('are one press apart, and this computer goes on serving', async () => {
    const bridge = await open({ connection: 'team', keys: 12 });
    expect(at('also-serving').textContent).toMatch(/This computer answers too, with \d+ live keys/);
    at('connection').focus();
    await user.keyboard('{Enter}');
    const here = (await screen.findAllByTestId('home')).find((each) => each.dataset['home'] === 'here');
    expect(here?.textContent).toMatch(/This computer.*The gateway answers, \d+ live keys/s);
    await user.click(here ?? document.body);
    await waitFor(() => {
      expect(asked(bridge, 'switch_home')).toEqual([{ connection: { kind: 'embedded' }, keep_serving: true }]);
      gone('also-serving');
      expect(document.activeElement).not.toBe(document.body);
    });
  });

  it('leave no offer to undo something in the other one', async () => {
    await open({ connection: 'team' });
    inform({ title: 'Revoked', action: { label: 'Undo', run: () => undefined } });
    const local = app.local;
    if (local) await app.go(local);
    expect(toasts.list).toEqual([]);
  });

  it('say what joining a team would stop, and keep it unless told otherwise', async () => {
    const bridge = await open({ keys: 12 });
    await press('connection');
    await user.click(await screen.findByTestId('home-connect'));
    expect((await screen.findByTestId('keep-serving')).parentElement?.textContent).toMatch(/\d+ live keys .* stop/);
    await fill('server-url', '\u200B«gardien.example.com»\u202F');
    expect(at('connect-dialog').textContent).toContain('Connects to https://gardien.example.com');
    await fill('session-token', 'gdn_wrong');
    await press('connect');
    expect((await screen.findByTestId('session-token-problem')).textContent).toContain('does not know this token');
    gone('problem');
    expect(document.activeElement).toBe(at('session-token'));
    await user.clear(at('session-token'));
    await fill('session-token', '\uFEFF“gdn_session_right”\u00A0');
    await press('keep-serving');
    await press('connect');
    await waitFor(() => {
      gone('connect-dialog');
    });
    expect(asked(bridge, 'connect').at(-1)).toEqual({
      url: 'https://gardien.example.com',
      token: 'gdn_session_right',
      keep_serving: false,
    });
  });

  it('say how many keys stop before the gateway is paused, and resume it from the pill', async () => {
    const bridge = await open({ keys: 12 });
    await press('nav-settings');
    await press('pause-gateway');
    expect((await screen.findByTestId('pause-dialog')).textContent).toMatch(/\d+ live keys stop working at once/);
    await press('confirm-pause');
    await waitFor(() => {
      expect(at('banner').dataset['code']).toBe('gateway_paused');
    });
    await press('resume-gateway');
    await waitFor(() => {
      gone('banner');
    });
    expect(bridge.world.status.gateway.state).toBe('running');
  });

  it('do not say that no key stops where they could not be counted', async () => {
    const bridge = await open();
    const { status } = bridge.world;
    const homes = status.homes.map((home) => ({ ...home, live_keys: null }));
    bridge.push({ type: 'status', status: { ...status, homes } });
    await press('nav-settings');
    await press('pause-gateway');
    expect((await screen.findByTestId('pause-dialog')).textContent).toContain('All live keys stop working at once');
    expect(document.body.textContent).not.toContain('No key is in use');
  });

  it.each([
    [12, /closes with the window, and \d+ live keys stop working until Gardien is started again\./],
    [1, /closes with the window, and 1 live key stops working until/],
    [0, /closes with the window\. No key is in use\./],
  ])('say that closing the window stops the live ones of %i keys, where that is chosen', async (keys, said) => {
    await open({ keys });
    await press('nav-settings');
    await press('on-close-stop');
    await waitFor(() => {
      expect(at('page-settings').textContent).toMatch(said);
    });
  });

  it('tell a Member without projects whom to ask, not to create the first one', async () => {
    await open({ role: 'member', projects: 0 });
    await press('nav-projects');
    expect((await screen.findByTestId('empty')).textContent).toMatch(
      /No project is assigned to you. Ask ada@example.com/,
    );
    expect(at('page-projects').textContent).not.toContain('first project');
  });
});

describe('the address of a server', () => {
  it.each([
    ['gardien.example.com', 'https://gardien.example.com'],
    [' gardien.example.com:7421 ', 'https://gardien.example.com:7421'],
    ['127.0.0.1:7421', 'http://127.0.0.1:7421'],
    ['localhost:7421', 'http://localhost:7421'],
    ['[::1]:7421', 'http://[::1]:7421'],
    ['127.0.0.1.example.com', 'https://127.0.0.1.example.com'],
    ['https://gardien.example.com', 'https://gardien.example.com'],
  ])('%s is used as %s', (typed, used) => {
    expect(serverAddress(typed)).toBe(used);
    expect(addressProblem(typed)).toBeNull();
  });

  it.each(['', 'http://gardien.example.com', 'ftp://gardien.example.com', 'my server', 'https://'])(
    '%j gets no token',
    (typed) => {
      expect(addressProblem(typed)).not.toBeNull();
    },
  );

  it('is not given an API key for a token', () => {
    expect(tokenProblem('pha_org_gdn_x')).toContain('API key');
    expect(tokenProblem('gdn_session_x')).toBeNull();
  });
});
