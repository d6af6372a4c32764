// A name is shown as it was written, whatever way its writing runs, and can be read whole where it is cut.
import { screen, within } from '@testing-library/svelte';
import { expect, it } from 'vitest';
import { open, press, user } from './support';

const NAME = 'מפתח של הלוח (ישן)';
const shown = (place: HTMLElement) => {
  const name = within(place).getByText(NAME);
  return [name.tagName, name.closest('[title]')?.getAttribute('title')];
};

it('of a project', async () => {
  const bridge = await open();
  for (const project of bridge.world.projects) project.name = NAME;
  await press('nav-projects');
  const [first] = await screen.findAllByTestId('project-row');
  expect(shown(first ?? document.body)).toEqual(['BDI', NAME]);
});

it('of a kept Phare key', async () => {
  const bridge = await open({ upstream: 'phare', kept: 1 });
  for (const key of bridge.world.phareKeys) key.name = NAME;
  bridge.push({ type: 'changed', change: { type: 'phare_keys' } });
  await press('keys-tab-kept');
  await screen.findAllByText(NAME);
  expect(shown(screen.getAllByTestId('kept-row')[0] ?? document.body)).toEqual(['BDI', NAME]);
});

it('of a key that is about to go', async () => {
  const bridge = await open();
  for (const key of bridge.world.keys) key.name = NAME;
  window.dispatchEvent(new Event('gardien:reload'));
  await screen.findAllByText(NAME);
  await user.click(screen.getAllByTestId('row-select')[0] ?? document.body);
  await press('bulk-revoke');
  expect(shown(await screen.findByTestId('doomed-keys'))).toEqual(['BDI', NAME]);
});
