// A form may be longer than the window: what is wrong with it must come into sight, and the focus to it.
import { tick } from 'svelte';

export async function showFirstProblem(form: HTMLElement | undefined): Promise<void> {
  await tick();
  const problem = form?.querySelector('[role="alert"]');
  const field = problem?.closest('[role="group"], .field') ?? problem;
  field?.scrollIntoView({ block: 'center' });
  field?.querySelector<HTMLElement>('input, [role="radio"]:not([tabindex="-1"])')?.focus({ preventScroll: true });
}
