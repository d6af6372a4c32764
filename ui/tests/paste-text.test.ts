// A whole log or file is looked through, and what is none of the organization's is named.
import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { GRAFANA, nowhere, paste, secretOf, value } from './pasting';
import { asked, at, gone, open, press, user } from './support';

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
