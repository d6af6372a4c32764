import { fireEvent, screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../src/bindings';
import { ERRORS, explain } from '../src/errors';
import { dateTime } from '../src/format';
import { asked, at, gone, inRow, open, press, row, user } from './support';

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

  it('says a time as the person’s clock has it', () => {
    const until = '2026-11-27T12:00:00.123456Z';
    const { what } = explain({ ...error('too_many_secrets'), message: `One of them until ${until}. Wait.` });
    expect(what).toBe(`One of them until ${dateTime(until)}. Wait.`);
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

describe('what was asked for and did not come', () => {
  const away = (bridge: Awaited<ReturnType<typeof open>>, name: 'list_keys' | 'list_audit') =>
    bridge.world.failing.set(name, error('unreachable'));
  const back = (bridge: Awaited<ReturnType<typeof open>>) => {
    bridge.world.failing.clear();
    window.dispatchEvent(new Event('gardien:reload'));
  };

  it('is said above the keys that are still on show, and comes when it is asked for again', async () => {
    const bridge = await open({ connection: 'team', keys: 9 });
    away(bridge, 'list_keys');
    await press('filter-status');
    await press('filter-status-revoked');
    const problem = await screen.findByTestId('problem');
    expect(problem.compareDocumentPosition(at('key-table'))).toBe(Node.DOCUMENT_POSITION_FOLLOWING);
    expect(screen.getAllByTestId('key-row')).toHaveLength(7);
    bridge.world.failing.clear();
    await press('problem-retry');
    await waitFor(() => {
      expect(screen.getAllByTestId('key-row').map(({ dataset }) => dataset['keyName'])).toEqual(['nightly-report']);
    });
    gone('problem');
    expect(document.activeElement).not.toBe(document.body);
  });

  it('comes by itself once the server is back, in place of the keys that answered another question', async () => {
    const bridge = await open({ connection: 'team', keys: 9 });
    away(bridge, 'list_keys');
    await press('filter-status');
    await press('filter-status-revoked');
    await screen.findByTestId('problem');
    back(bridge);
    await waitFor(() => {
      expect(row('nightly-report').dataset['status']).toBe('revoked');
    });
    expect(screen.getAllByTestId('key-row')).toHaveLength(1);
    gone('problem');
  });

  it('waits while the pointer lies on a row, and leaves nothing chosen that has none', async () => {
    const bridge = await open({ connection: 'team', keys: 9 });
    away(bridge, 'list_keys');
    await press('filter-status');
    await press('filter-status-revoked');
    await screen.findByTestId('problem');
    const names = () => screen.getAllByTestId('key-row').map(({ dataset }) => dataset['keyName']);
    const before = names();
    await fireEvent.pointerEnter(at('key-table'));
    const [first, second] = screen.getAllByTestId('row-select');
    if (first && second) for (const box of [first, second]) await fireEvent.click(box);
    expect(await screen.findByTestId('bulk-bar')).toBeTruthy();
    back(bridge);
    await new Promise((done) => setTimeout(done, 50));
    expect(names()).toEqual(before);
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    await fireEvent.pointerLeave(at('key-table'));
    await waitFor(() => {
      expect(names()).toEqual(['nightly-report']);
      gone('bulk-bar');
    });
  });

  it('is said below where only further keys are lacking, so that no row moves under the pointer', async () => {
    const bridge = await open({ keys: 1200 });
    away(bridge, 'list_keys');
    const scroller = at('key-table').querySelector('[role="rowgroup"]') ?? document.body;
    scroller.scrollTop = 44 * 300;
    await fireEvent.scroll(scroller);
    const problem = await screen.findByTestId('problem');
    expect(problem.compareDocumentPosition(at('key-table'))).toBe(Node.DOCUMENT_POSITION_PRECEDING);
    await press('problem-retry');
    await screen.findByTestId('problem');
    back(bridge);
    const live = bridge.world.keys.filter(({ status }) => status === 'active' || status === 'rotating');
    await waitFor(() => {
      expect(screen.getAllByTestId('key-row').map(({ dataset }) => dataset['keyId'])).toContain(live[300]?.id);
    });
    gone('problem');
  });

  it('is said above the entries of the trail, under which no older ones of another question come', async () => {
    const bridge = await open({ connection: 'team', keys: 180 });
    await press('nav-activity');
    expect(await screen.findAllByTestId('audit-row')).toHaveLength(100);
    away(bridge, 'list_audit');
    await press('filter-what');
    await press('filter-what-project');
    expect((await screen.findByTestId('problem')).dataset['code']).toBe('unreachable');
    expect(screen.getAllByTestId('audit-row')).toHaveLength(100);
    gone('audit-more');
    back(bridge);
    await waitFor(() => {
      expect(screen.getAllByTestId('audit-row')).toHaveLength(3);
    });
    gone('problem');
    expect(asked(bridge, 'list_audit').at(-1)).toMatchObject({ action: 'project' });
  });

  it('is said beside the button where only older entries are lacking', async () => {
    const bridge = await open({ keys: 180 });
    await press('nav-activity');
    await screen.findAllByTestId('audit-row');
    away(bridge, 'list_audit');
    await press('audit-more');
    expect(await screen.findByText('These could not be loaded. Try again.')).toBeTruthy();
    gone('problem');
    bridge.world.failing.clear();
    await press('audit-more');
    await waitFor(() => {
      expect(screen.getAllByTestId('audit-row').length).toBeGreaterThan(100);
    });
    expect(screen.queryByText('These could not be loaded. Try again.')).toBeNull();
  });
});
