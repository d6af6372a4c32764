// Opens the whole window over a fake world, and finds things in it the way the tester of the real window does.
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { expect } from 'vitest';
import type { Commands } from '../src/bindings';
import { use } from '../src/bridge';
import { fake, type FakeBridge } from '../src/bridge/fake';
import type { WorldOptions } from '../src/bridge/fake/world';
import { app } from '../src/state/app.svelte';
import App from '../src/views/App.svelte';

export const user = userEvent.setup({ pointerEventsCheck: 0 });

/** Opens the window and waits until it has drawn what the world holds. */
export async function open(options: WorldOptions = {}): Promise<FakeBridge> {
  const bridge = fake(options);
  use(bridge);
  render(App);
  await waitFor(() => {
    expect(screen.queryByTestId('starting')).toBeNull();
    expect(screen.queryByTestId('loading')).toBeNull();
  });
  return bridge;
}

export const at = (testid: string): HTMLElement => screen.getByTestId(testid);
export const gone = (testid: string): void => {
  expect(screen.queryByTestId(testid)).toBeNull();
};
export const press = async (testid: string): Promise<void> => user.click(await screen.findByTestId(testid));
export const fill = async (testid: string, text: string): Promise<void> =>
  user.type(await screen.findByTestId(testid), text);

/** Fills the form of a new key, for an organization key that may read everything. */
export async function fillIn(keep = true) {
  await press('new-key');
  await fill('key-name', 'grafana');
  await press('scope-organization');
  await press('preset-monitoring');
  if (!keep) await press('keep-secret');
}

/** Chooses a project where a list of them is on show. */
export async function chooseProject(id: number): Promise<void> {
  const options = await screen.findAllByTestId('project-option');
  await user.click(options.find((option) => option.dataset['projectId'] === String(id)) ?? document.body);
}

/** The row of the key with this name. */
export function row(name: string): HTMLElement {
  const found = screen.getAllByTestId('key-row').find((each) => each.dataset['keyName'] === name);
  if (!found) throw new Error(`no row of ${name}`);
  return found;
}
export const inRow = (name: string, testid: string): HTMLElement => within(row(name)).getByTestId(testid);
/** Opens the form that changes this key. */
export async function edit(name: string): Promise<void> {
  await user.click(inRow(name, 'row-menu'));
  await press('edit-key-item');
}

/** Opens the palette and types into it. */
export async function openPalette(text = ''): Promise<void> {
  await user.keyboard('{Control>}k{/Control}');
  await screen.findByTestId('palette-input');
  if (text) await user.keyboard(text);
}
export const paletteRows = () => [...at('palette').querySelectorAll<HTMLElement>('[role="option"]')];
export const highlighted = () => at('palette').querySelector<HTMLElement>('[role="option"][data-selected]');

/** Keeps back what the backend does about this command until the returned function is called. */
export function hold(bridge: FakeBridge, command: keyof Commands): () => void {
  const { call } = bridge;
  let answer: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (answer = resolve));
  bridge.call = async (name, args) => {
    if (name === command) await held;
    return call(name, args);
  };
  return answer;
}

/** Opens Settings while this much of the limit is used. */
export async function openSettings(bridge: FakeBridge, used = 84): Promise<void> {
  bridge.world.used = used;
  await app.loadLimits();
  await press('nav-settings');
  await screen.findAllByTestId('limit-use');
}

/** What the window asked of the backend under this name, oldest first. */
export function asked<K extends keyof Commands>(bridge: FakeBridge, name: K): Commands[K]['args'][] {
  return bridge.calls.filter((call) => call.name === name).map((call) => call.args as Commands[K]['args']);
}

/** Everything that the page holds, text and attributes and fields. */
export const everything = (): string =>
  document.documentElement.outerHTML + [...document.querySelectorAll('input')].map(({ value }) => value).join('\n');
