import { screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { ERRORS, explain, type ErrorCode } from '../src/errors';
import { at, gone, inRow, open, press, user } from './support';

const CODES = Object.keys(ERRORS) as ErrorCode[];
const error = (code: string) => ({ code, message: 'What happened.', remedy: 'What to do.' });

describe('the table of errors', () => {
  it.each(CODES)('has a title, something to do and a way back for %s', (code) => {
    const words = explain(error(code));
    expect(words.title).not.toContain(code);
    expect(words.next).toMatch(/[.]$/);
    expect(words.what).toBe('What happened.');
    if (words.severity === 'blocking') expect(words.reassurance).toMatch(/^Nothing/);
  });

  it('lets the backend speak when it does not know a code', () => {
    const words = explain(error('never_heard_of'));
    expect([words.title, words.what, words.next]).toEqual(['What happened.', '', 'What to do.']);
  });
});

describe('a failure of the whole', () => {
  it.each(CODES.filter((code) => ERRORS[code].severity === 'blocking'))('%s has its screen', async (code) => {
    await open({ stage: 'failed', code });
    expect(at('failure-screen').dataset['code']).toBe(code);
    expect(screen.getByRole('heading', { level: 1 }).textContent).toBe(ERRORS[code].title);
    gone('key-table');
    await press('retry');
    await waitFor(() => {
      expect(at('key-table')).toBeTruthy();
    });
  });

  it('of a session offers to connect again', async () => {
    await open({ stage: 'failed', code: 'session_refused' });
    await press('connect-again');
    expect(at('session-token').getAttribute('type')).toBe('password');
  });
});

describe('a failure of a part', () => {
  it('of the port says which, and opens the next one', async () => {
    const bridge = await open({ gateway: 'port_busy' });
    expect(at('banner').dataset['code']).toBe('port_busy');
    expect(at('gateway-pill').textContent).toContain('Port taken');
    await press('use-other-port');
    await waitFor(() => {
      gone('banner');
    });
    expect(bridge.world.preferences.gateway_port).toBe(7421);
    expect(at('gateway-pill').textContent).toContain('127.0.0.1:7421');
  });

  it.each(['locked', 'unavailable'] as const)('of a keychain that is %s says what it means', async (keychain) => {
    await open({ keychain });
    expect(at('banner').dataset['code']).toBe(`keychain_${keychain}`);
    expect(at('banner').textContent).toContain('kept for this run only');
  });

  it('of the connection keeps readable what was loaded', async () => {
    const bridge = await open({ connection: 'team' });
    bridge.world.failing.set('copy_secret', error('unreachable'));
    await user.click(inRow('Grafana dashboards', 'row-copy'));
    expect((await screen.findByTestId('banner')).dataset['code']).toBe('connection_lost');
    expect(screen.getAllByTestId('key-row')).toHaveLength(3);
  });

  it('of a list offers to try again', async () => {
    const bridge = await open({ failing: 'list_keys', code: 'disk_full' });
    expect(at('problem').dataset['code']).toBe('disk_full');
    bridge.world.failing.clear();
    await press('problem-retry');
    expect(await screen.findAllByTestId('key-row')).toHaveLength(3);
  });
});
