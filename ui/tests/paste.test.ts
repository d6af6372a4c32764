// A pasted key is found by what it is, and stays nowhere.
import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { GRAFANA, nowhere, paste, secretOf, value } from './pasting';
import { asked, at, gone, open, press, row, user } from './support';

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

  it('can be given a new secret instead, and is known as an old one from then on', async () => {
    const bridge = await open({ keys: 20 });
    const [grafana] = bridge.world.keys;
    await paste('search', `${secretOf(bridge, GRAFANA)} ${secretOf(bridge, 'Status page bot')}`);
    const [first] = await screen.findAllByTestId('pasted-key');
    await user.click(within(first ?? document.body).getByTestId('pasted-rotate'));
    await press('confirm-rotate');
    await press('fresh-done');
    expect(asked(bridge, 'rotate_key').map(({ id }) => id)).toEqual([grafana?.id]);
    await waitFor(() => {
      const [old, other] = screen.getAllByTestId('pasted-key');
      expect([old, other].map((each) => each?.dataset['credential'])).toEqual(['replaced', 'current']);
      expect(old?.textContent).toContain('It still works until');
      expect(within(old ?? document.body).queryByTestId('pasted-rotate')).toBeNull();
      expect(within(old ?? document.body).getByTestId('pasted-end-previous')).toBeTruthy();
    });
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

  it('by one of two that were replaced and still work, is said to lose both', async () => {
    const bridge = await open({ keys: 20 });
    const key = bridge.world.keys.find(({ status }) => status === 'rotating');
    if (!key) throw new Error('none rotates');
    const secret = secretOf(bridge, key.name);
    bridge.world.replaced.set(secret, key.id);
    key.earlier_valid_until = new Date(Date.now() + 9 * 3_600_000).toISOString();
    bridge.world.secrets.set(key.id, secret.replace('AAAA', 'BBBB'));
    await paste('search', secret);
    expect((await screen.findByTestId('pasted-end-previous')).textContent).toBe('End both old secrets');
    await press('pasted-end-previous');
    expect((await screen.findByTestId('toast-title')).textContent).toContain(`Ended both old secrets of “${key.name}”`);
    expect(at('toast-detail').textContent).toContain('Calls with both old secrets are refused now.');
  });

  it('by a secret that was replaced, is known to work again once its revocation is undone', async () => {
    const bridge = await open({ keys: 20 });
    const key = bridge.world.keys.find(({ status }) => status === 'rotating');
    if (!key) throw new Error('none rotates');
    const secret = secretOf(bridge, key.name);
    bridge.world.replaced.set(secret, key.id);
    bridge.world.secrets.set(key.id, secret.replace('AAAA', 'BBBB'));
    await paste('search', `${secret} ${secretOf(bridge, GRAFANA)}`);
    const panel = async () => {
      const all = await screen.findAllByTestId('pasted-key');
      return all.find(({ dataset }) => dataset['credential'] === 'replaced') ?? document.body;
    };
    expect((await panel()).textContent).toContain('still works until');
    await user.click(within(await panel()).getByTestId('pasted-revoke'));
    await waitFor(async () => {
      expect((await panel()).textContent).toContain('It opens nothing any more');
    });
    await press('undo');
    await waitFor(async () => {
      expect((await panel()).textContent).toContain('still works until');
      expect(within(await panel()).getByTestId('pasted-end-previous')).toBeTruthy();
    });
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
