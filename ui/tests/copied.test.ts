// What was copied is said on what was pressed, for a moment.
import { screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import { Briefly } from '../src/components/briefly.svelte';
import { at, inRow, open, press, row, user } from './support';

const GRAFANA = 'Grafana dashboards';
const label = (element: HTMLElement) => element.getAttribute('aria-label');

it('a moment is three seconds, and begins anew with the next press', () => {
  vi.useFakeTimers();
  const said = new Briefly<string>();
  said.say('one');
  vi.advanceTimersByTime(2900);
  said.say('two');
  vi.advanceTimersByTime(2900);
  expect(said.value).toBe('two');
  vi.advanceTimersByTime(200);
  expect(said.value).toBeNull();
  said.say('three');
  said.say(null);
  expect(said.value).toBeNull();
});

describe('a secret that was copied is ticked', () => {
  it.each(['a press', 'its key'])('on the row by %s, and on no other', async (by) => {
    await open({ keys: 6 });
    if (by === 'a press') await user.click(inRow(GRAFANA, 'row-copy'));
    else await user.keyboard('jc');
    await waitFor(() => {
      expect(label(inRow(GRAFANA, 'row-copy'))).toBe(`Copied the secret of ${GRAFANA}`);
    });
    expect(label(inRow('Status page bot', 'row-copy'))).toBe('Copy the secret of Status page bot');
  });

  it('in the drawer, but not when it could not be copied', async () => {
    const bridge = await open();
    await user.click(row(GRAFANA));
    bridge.world.failing.set('copy_secret', { code: 'clipboard_unavailable', message: 'No.', remedy: '' });
    await press('drawer-copy');
    await screen.findByTestId('toast');
    expect(at('drawer-copy').textContent.trim()).toBe('Copy');
    bridge.world.failing.clear();
    await press('drawer-copy');
    await waitFor(() => {
      expect(at('drawer-copy').textContent.trim()).toBe('Copied');
    });
  });

  it('on the row of a kept Phare key', async () => {
    await open({ upstream: 'phare', kept: 3 });
    await press('keys-tab-kept');
    const [first, second] = screen.getAllByTestId('kept-copy');
    await user.click(first ?? document.body);
    await waitFor(() => {
      expect(label(first ?? document.body)).toMatch(/^Copied /);
    });
    expect(label(second ?? document.body)).toMatch(/^Copy /);
  });
});

describe('what is no secret says so by itself, without a message', () => {
  it('the id of a project', async () => {
    const bridge = await open();
    await press('nav-projects');
    const [first] = await screen.findAllByTestId('project-row');
    const shown = () =>
      within(first ?? document.body)
        .getByTestId('project-id')
        .querySelector('span span:not(.away)');
    expect(shown()?.textContent).toBe('1');
    await user.click(within(first ?? document.body).getByTestId('project-id'));
    await waitFor(() => {
      expect(shown()?.textContent).toBe('Copied');
    });
    expect(bridge.world.clipboard).toBe('1');
    expect(screen.getByText('Copied the id of “Lighthouse”').getAttribute('role')).toBe('status');
    expect(screen.queryByTestId('toast')).toBeNull();
  });

  it('the seal of an entry', async () => {
    await open();
    await press('nav-activity');
    await user.click((await screen.findAllByTestId('audit-toggle'))[0] ?? document.body);
    await press('copy-seal');
    await waitFor(() => {
      expect(at('copy-seal').textContent.trim()).toBe('Copied');
    });
    expect(screen.queryByTestId('toast')).toBeNull();
  });
});
