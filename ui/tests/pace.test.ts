// How calls that wait their turn follow one another: what is in force, and what somebody sets on Settings.
import { screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { fault } from '../src/bridge/fake/world';
import { app } from '../src/state/app.svelte';
import { asked, at, fill, gone, open, openSettings, press, user } from './support';

describe('the pace', () => {
  it('is the one that is in force', async () => {
    const bridge = await open();
    await openSettings(bridge);
    expect(at('pace').textContent).toContain('40 calls at once, then 60 a minute.');
    const limits = app.limits;
    if (!limits) throw new Error('no limits');
    app.limits = { ...limits, pace: { burst: 1, per_minute: 30 } };
    await waitFor(() => {
      expect(at('pace').textContent).toContain('1 call at once, then 30 a minute.');
    });
  });

  it('is changed behind a press: what comes at once, and how long a call waits', async () => {
    const bridge = await open();
    await openSettings(bridge);
    gone('burst');
    await press('pace-change');
    expect(document.activeElement).toBe(at('burst'));
    expect(at('burst')).toHaveProperty('placeholder', '40');
    await fill('burst', '10');
    await user.clear(at('longest-wait'));
    await fill('longest-wait', '9');
    await press('pace-save');
    await waitFor(() => {
      gone('burst');
    });
    expect(asked(bridge, 'update_organization')).toEqual([{ burst: 10, longest_wait_seconds: 9 }]);
    await waitFor(() => {
      expect(at('pace').textContent).toContain('10 calls at once, then 90 a minute.');
    });
    expect(at('pace').textContent).toContain('no call waits over 9 s');
    expect(document.activeElement).toBe(at('pace-change'));

    await press('pace-change');
    await user.clear(at('burst'));
    await press('pace-save');
    await waitFor(() => {
      expect(asked(bridge, 'update_organization')[1]).toEqual({ burst: null });
    });
  });

  it('is not sent while it cannot be, and what was refused stands at its field', async () => {
    const bridge = await open();
    await openSettings(bridge);
    await press('pace-change');
    await fill('burst', '100');
    await user.clear(at('longest-wait'));
    await fill('longest-wait', '26');
    await press('pace-save');
    expect(at('burst-problem').textContent).toContain('A number from 1 to 99.');
    expect(at('longest-wait-problem').textContent).toContain('A number from 1 to 25.');
    expect(asked(bridge, 'update_organization')).toEqual([]);
    await press('pace-cancel');
    gone('burst');

    const why = 'A number from 1 to 4: the rest of the limit follows after it.';
    bridge.world.failing.set('update_organization', fault('invalid', 'Some fields need a look.', { burst: [why] }));
    await user.clear(at('calls-per-minute'));
    await fill('calls-per-minute', '5');
    await press('calls-per-minute-save');
    await waitFor(() => {
      expect(at('burst-problem').textContent).toContain(why);
    });
    await press('pace-cancel');
    await waitFor(() => {
      gone('burst');
    });
  });

  it('keeps what somebody else set meanwhile, and sends only what was written', async () => {
    const bridge = await open();
    await openSettings(bridge);
    await press('pace-change');
    bridge.world.organization.burst = 70;
    bridge.push({ type: 'changed', change: { type: 'organization' } });
    await waitFor(() => {
      expect(at('burst')).toHaveProperty('value', '70');
    });
    await user.clear(at('longest-wait'));
    await fill('longest-wait', '9');
    await press('pace-save');
    await waitFor(() => {
      expect(asked(bridge, 'update_organization')).toEqual([{ longest_wait_seconds: 9 }]);
    });
  });

  it('is nobody’s business where calls are refused', async () => {
    const bridge = await open();
    await openSettings(bridge);
    await press('at-limit-reject');
    await waitFor(() => {
      gone('pace');
    });
    gone('pace-change');
  });

  it('is on show where calls are refused if that is why something is not saved', async () => {
    const bridge = await open();
    bridge.world.organization.at_limit = 'reject';
    await openSettings(bridge);
    gone('pace');
    const why = 'A number from 1 to 4: the rest of the limit follows after it.';
    bridge.world.failing.set('update_organization', fault('invalid', 'Some fields need a look.', { burst: [why] }));
    await user.clear(at('calls-per-minute'));
    await fill('calls-per-minute', '5');
    await press('calls-per-minute-save');
    expect((await screen.findByTestId('burst-problem')).textContent).toContain(why);
  });
});
