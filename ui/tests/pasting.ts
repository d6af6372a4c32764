// Pasting into the window, and looking whether a secret stayed anywhere.
import { createEvent, fireEvent } from '@testing-library/svelte';
import { expect } from 'vitest';
import type { FakeBridge } from '../src/bridge/fake';
import { toasts } from '../src/components/toasts.svelte';
import { at, everything } from './support';

export const GRAFANA = 'Grafana dashboards';
export const value = (testid: string) => (at(testid) as HTMLInputElement).value;

export function secretOf(bridge: FakeBridge, name: string): string {
  const key = bridge.world.keys.find((each) => each.name === name);
  return bridge.world.secrets.get(key?.id ?? '') ?? 'no such key';
}

/** Pastes as a browser does: nothing enters the field if the event was taken. */
export async function paste(testid: string, text: string, files: File[] = []): Promise<void> {
  const field = at(testid) as HTMLInputElement;
  field.focus();
  const event = createEvent.paste(field, { clipboardData: { files, getData: () => text } });
  await fireEvent(field, event);
  if (!event.defaultPrevented) await fireEvent.input(field, { target: { value: field.value + text } });
}

/** Nothing but the one call may know the secret. */
export function nowhere(bridge: FakeBridge, secret: string): void {
  expect(everything()).not.toContain(secret);
  expect(JSON.stringify(toasts.list)).not.toContain(secret);
  const others = bridge.calls.filter(({ name }) => name !== 'find_pasted');
  expect(JSON.stringify(others)).not.toContain(secret);
  expect(JSON.stringify({ ...localStorage, ...sessionStorage }) + location.href).not.toContain(secret);
}
