// The projects' buttons stand still: a click that is under way meets the one that was aimed at.
import { screen } from '@testing-library/svelte';
import { expect, it } from 'vitest';
import { at, gone, hold, open, press } from './support';

it('shows none of them before it is known which there are', async () => {
  const bridge = await open();
  const answer = hold(bridge, 'list_projects');
  await press('nav-projects');
  for (const button of ['read-from-phare', 'new-project']) gone(button);
  answer();
  await screen.findAllByTestId('project-row');
  for (const button of ['read-from-phare', 'new-project']) expect(at(button)).toBeTruthy();
});
