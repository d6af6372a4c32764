// A pasted key is found by what it is, and stays nowhere.
import { createEvent, fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { toasts } from '../src/components/toasts.svelte';
import type { FakeBridge } from '../src/bridge/fake';
import { asked, at, everything, gone, open, press, row, user } from './support';

const GRAFANA = 'Grafana dashboards';
const value = (testid: string) => (at(testid) as HTMLInputElement).value;

function secretOf(bridge: FakeBridge, name: string): string {
  const key = bridge.world.keys.find((each) => each.name === name);
  return bridge.world.secrets.get(key?.id ?? '') ?? 'no such key';
}

/** Pastes as a browser does: nothing enters the field if the event was taken. */
async function paste(testid: string, text: string, files: File[] = []): Promise<void> {
  const field = at(testid) as HTMLInputElement;
  field.focus();
  const event = createEvent.paste(field, { clipboardData: { files, getData: () => text } });
  await fireEvent(field, event);
  if (!event.defaultPrevented) await fireEvent.input(field, { target: { value: field.value + text } });
}

/** Nothing but the one call may know the secret. */
function nowhere(bridge: FakeBridge, secret: string): void {
  expect(everything()).not.toContain(secret);
  expect(JSON.stringify(toasts.list)).not.toContain(secret);
  const others = bridge.calls.filter(({ name }) => name !== 'find_pasted');
  expect(JSON.stringify(others)).not.toContain(secret);
  expect(JSON.stringify({ ...localStorage, ...sessionStorage }) + location.href).not.toContain(secret);
}

describe('a leaked key that is pasted into the search', () => {
  it('is revoked and replaced with Enter', async () => {
    const bridge = await open({ keys: 20 });
    const [old, secret] = [bridge.world.keys[0], secretOf(bridge, GRAFANA)];
    await user.keyboard('/');
    await paste('search', secret);
    const found = within(await screen.findByTestId('pasted-key'));
    expect(at('pasted-title').textContent).toBe('1 key of this organization found');
    expect(found.getByTestId('pasted-name').textContent).toBe(GRAFANA);
    await waitFor(() => {
      expect(at('pasted-key').textContent).toContain('listing monitors, by terraform-provider-phare');
    });
    expect(value('search')).toBe('');
    nowhere(bridge, secret);

    await waitFor(() => {
      expect(document.activeElement).toBe(at('pasted-replace'));
    });
    await user.keyboard('{Enter}');
    await screen.findByTestId('fresh-sheet');
    expect(asked(bridge, 'replace_key')).toEqual([{ id: old?.id }]);
    expect(old?.status).toBe('revoked');
    gone('pasted');
    nowhere(bridge, secret);
  });

  it('meets no other key, whatever is pressed while it is shown', async () => {
    const bridge = await open({ keys: 20 });
    await user.keyboard('jj');
    await paste('search', secretOf(bridge, GRAFANA));
    await waitFor(() => {
      expect(document.activeElement).toBe(at('pasted-replace'));
    });
    await user.keyboard('{Delete}cern');
    expect(asked(bridge, 'revoke_key')).toEqual([]);
    expect(asked(bridge, 'copy_secret')).toEqual([]);
    gone('edit-sheet');
    gone('key-name');
    await user.keyboard('{ArrowDown}{Enter}');
    await waitFor(() => {
      expect(asked(bridge, 'revoke_key')).toEqual([{ id: bridge.world.keys[0]?.id }]);
    });
  });

  it('is shown whatever its status, and opened even where the filter hides it', async () => {
    const bridge = await open({ keys: 20 });
    const dead = bridge.world.keys.find(({ status }) => status === 'revoked');
    await user.type(at('search'), 'nothing is called this');
    await screen.findByTestId('empty');
    await paste('search', secretOf(bridge, dead?.name ?? ''));
    expect((await screen.findByTestId('pasted-key')).textContent).toContain('It opens nothing any more');
    gone('pasted-revoke');
    await press('pasted-show');
    expect((await screen.findByTestId('drawer-name')).textContent).toBe(dead?.name);
  });

  it('by a secret that was replaced and still works, is spared: the old secret ends', async () => {
    const bridge = await open({ keys: 20 });
    const key = bridge.world.keys.find(({ status }) => status === 'rotating');
    if (!key) throw new Error('none rotates');
    const secret = secretOf(bridge, key.name);
    bridge.world.secrets.set(key.id, secret.replace('AAAA', 'BBBB'));
    bridge.world.replaced.set(secret, key.id);
    await paste('search', secret);
    expect((await screen.findByTestId('pasted-key')).textContent).toContain('still works until');
    await waitFor(() => {
      expect(document.activeElement).toBe(at('pasted-end-previous'));
    });
    await user.keyboard('{Enter}');
    expect((await screen.findByTestId('toast-title')).textContent).toContain(`Ended the old secret of “${key.name}”`);
    expect(asked(bridge, 'end_previous')).toEqual([{ id: key.id }]);
    expect(asked(bridge, 'revoke_key')).toEqual([]);
  });

  it('is shown to a Member without a button that would be refused', async () => {
    const bridge = await open({ role: 'member', keys: 9 });
    const name = bridge.world.keys.find(({ status }) => status === 'active')?.name ?? '';
    await paste('search', secretOf(bridge, name));
    await screen.findByTestId('pasted-key');
    gone('pasted-revoke');
    expect(at('pasted').textContent).toContain('Only Owners and Admins');
  });
});

describe('a secret never stays, nor is it searched for', () => {
  it('when it is dropped, typed, or comes from an input method', async () => {
    const bridge = await open();
    const secret = secretOf(bridge, GRAFANA);
    await fireEvent.drop(at('search'), { dataTransfer: { files: [], getData: () => secret } });
    await screen.findByTestId('pasted-key');
    nowhere(bridge, secret);
    await user.keyboard('{Escape}');

    await user.type(at('search'), secret);
    await screen.findByTestId('pasted-key');
    expect(value('search')).toBe('');
    nowhere(bridge, secret.slice(0, 24));
    await user.keyboard('{Escape}');

    const box = at('search');
    const init = { data: secret, inputType: 'insertText', bubbles: true, cancelable: true };
    const event = new InputEvent('beforeinput', init);
    await fireEvent(box, event);
    expect(event.defaultPrevented).toBe(true);
    await screen.findByTestId('pasted-key');
    expect(asked(bridge, 'find_pasted')).toHaveLength(3);
    nowhere(bridge, secret.slice(0, 24));
  });

  it('in the palette either', async () => {
    const bridge = await open();
    const secret = secretOf(bridge, GRAFANA);
    await press('find-anything');
    await paste('palette-input', secret);
    await screen.findByTestId('pasted-key');
    expect(value('palette-input')).toBe('');
    nowhere(bridge, secret);
    await press('pasted-revoke');
    await waitFor(() => {
      expect(row(GRAFANA).dataset['status']).toBe('revoked');
    });
    gone('palette');
    nowhere(bridge, secret);
  });
});

describe('a whole text', () => {
  it('of megabytes is looked through: each key once, and what else is in it', async () => {
    const bridge = await open({ keys: 20 });
    const [one, other] = [secretOf(bridge, GRAFANA), secretOf(bridge, 'terraform-production')];
    const noise = 'GET /uptime/monitors 200 12ms\n'.repeat(80_000);
    await paste('search', `${noise}${one}\n${one}\n${noise}TOKEN=${other}\npha_org_abcdefghijklmnopqrst\n`);
    await waitFor(() => {
      expect(screen.getAllByTestId('pasted-key')).toHaveLength(2);
    });
    expect(at('pasted-title').textContent).toBe('2 keys of this organization found');
    expect(at('pasted-strange').textContent).toContain('a Phare key');
    // Which of several is meant, somebody has to say.
    await waitFor(() => {
      expect(document.activeElement).toBe(at('pasted'));
    });

    await user.click(within(screen.getAllByTestId('pasted-key')[0] ?? at('pasted')).getByTestId('pasted-revoke'));
    await waitFor(() => {
      expect(screen.getAllByTestId('pasted-key')[0]?.textContent).toContain('It opens nothing any more');
    });
    expect(within(screen.getAllByTestId('pasted-key')[1] ?? at('pasted')).getByTestId('pasted-revoke')).toBeTruthy();
    await press('undo');
    await waitFor(() => {
      expect(screen.getAllByTestId('pasted-key')[0]?.textContent).toContain('It works now');
    });
  });

  it('in a file that is dropped', async () => {
    const bridge = await open();
    const text = `PHARE_API_KEY=${secretOf(bridge, GRAFANA)}\n`;
    // jsdom has no way to read a file.
    const file = Object.assign(new File([text], '.env'), { text: () => Promise.resolve(text) });
    await fireEvent.drop(at('search'), { dataTransfer: { files: [file], getData: () => '' } });
    expect((await screen.findByTestId('pasted-name')).textContent).toBe(GRAFANA);
  });

  it('without a key is said to have none; one line of words is searched for', async () => {
    const bridge = await open();
    await paste('search', 'one line\nand another\n');
    await waitFor(() => {
      expect(at('pasted-title').textContent).toBe('No key in this text');
    });
    expect(value('search')).toBe('');
    await user.keyboard('{Escape}');
    gone('pasted');
    expect(document.activeElement).toBe(at('search'));
    await paste('search', 'graf');
    await waitFor(() => {
      expect(asked(bridge, 'list_keys').at(-1)?.q).toBe('graf');
    });
    expect(asked(bridge, 'find_pasted')).toHaveLength(1);
  });

  it.each([
    ['pha_abcdefghijklmnopqrst', 'phare', 'in Phare’s own panel'],
    [`pha_org_gdn_${'a'.repeat(38)}`, 'gardien', 'another Gardien’s'],
    [`pha_org_gdn_${'a'.repeat(20)}`, 'truncated', 'whose end is missing'],
    [`gdn_session_${'a'.repeat(43)}`, 'session', 'a session token'],
  ])('says what is none of the organization’s: %s', async (secret, kind, words) => {
    const bridge = await open();
    await paste('search', secret);
    const strange = await screen.findByTestId('pasted-strange');
    expect(strange.dataset['kind']).toBe(kind);
    expect(strange.textContent).toContain(words);
    nowhere(bridge, secret);
  });

  it('that cannot be looked through says why', async () => {
    const bridge = await open({ failing: 'find_pasted', code: 'disk_full' });
    await paste('search', secretOf(bridge, GRAFANA));
    expect((await screen.findByTestId('problem')).dataset['code']).toBe('disk_full');
    nowhere(bridge, secretOf(bridge, GRAFANA));
  });
});

describe('the search', () => {
  it('is emptied with its filter by Escape, which then leaves it', async () => {
    const bridge = await open({ keys: 20 });
    await user.type(at('search'), 'grafana');
    await waitFor(() => {
      expect(screen.getAllByTestId('key-row')).toHaveLength(3);
    });
    await user.keyboard('{Escape}');
    await waitFor(() => {
      expect(screen.getAllByTestId('key-row').length).toBeGreaterThan(3);
    });
    expect(value('search')).toBe('');
    expect(document.activeElement).not.toBe(at('search'));
    expect(asked(bridge, 'list_keys').at(-1)).not.toHaveProperty('q');
  });

  it('asks one question at a time, and shows the answer to the last', async () => {
    const bridge = await open({ keys: 20 });
    const before = asked(bridge, 'list_keys').length;
    bridge.world.delay = 20;
    await user.type(at('search'), 'grafana dashboards');
    await waitFor(() => {
      expect(asked(bridge, 'list_keys').at(-1)?.q).toBe('grafana dashboards');
    });
    expect(asked(bridge, 'list_keys').length - before).toBeLessThan('grafana dashboards'.length);
  });
});
