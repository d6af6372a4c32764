// Wherever an address of this computer stands, it says how far it reaches.
import { screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { isThisComputer, reach } from '../src/address';
import { sampleClosing } from '../src/bridge/fake';
import { at, open, press } from './support';

const HERE = 'orks on this computer only';

it('an address on this computer is known as one', () => {
  for (const address of ['http://127.0.0.1:7420', 'http://localhost:1', 'http://[::1]:7420', 'http://127.8.0.1']) {
    expect([address, isThisComputer(address), reach(address)]).toEqual([address, true, `It w${HERE}.`]);
  }
  for (const address of ['https://phare.example.com', 'http://10.0.0.1:7420', 'https://127.0.0.1.example.com', '']) {
    expect([address, isThisComputer(address), reach(address)]).toEqual([address, false, '']);
  }
});

describe('that an address works on this computer only is said', () => {
  it('in the sidebar, in words that tell what to do instead', async () => {
    await open();
    expect(at('this-computer-only').textContent.trim()).toBe(`W${HERE}`);
    await press('other-computers');
    expect((await screen.findByTestId('other-computers-help')).textContent).toContain('gardien-server');
  });

  it('in the settings, also while the gateway is paused', async () => {
    await open({ gateway: 'paused' });
    await press('nav-settings');
    expect((await screen.findByTestId('gateway-words')).textContent).toMatch(new RegExp(`not answered.*${HERE}`, 's'));
    expect(screen.getByText(/Programs use http:\/\/127/).textContent).toContain(HERE);
  });

  it('by the message about a new port', async () => {
    const bridge = await open();
    await press('nav-settings');
    const field = (await screen.findByTestId('gateway-port')) as HTMLInputElement;
    bridge.world.status.gateway = { state: 'running', address: 'http://127.0.0.1:8080' };
    field.value = '8080';
    field.dispatchEvent(new Event('input', { bubbles: true }));
    await press('gateway-port-save');
    expect((await screen.findByTestId('toast-title')).textContent).toBe('Opened the gateway at http://127.0.0.1:8080');
    expect(at('toast-detail').textContent).toContain(HERE);
  });

  it('when the window is closed', async () => {
    const bridge = await open();
    bridge.push({ type: 'closing', closing: sampleClosing(bridge.world, false) });
    const dialog = within(await screen.findByTestId('closing-dialog'));
    await waitFor(() => {
      expect(
        dialog.getByText(/^Programs call with 3 live keys at 127\.0\.0\.1:7420, which works on this/),
      ).toBeTruthy();
    });
  });
});
