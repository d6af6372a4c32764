// Where the focus goes when what had it is gone: never to the page as a whole.
import { tick } from 'svelte';

function holds(element: Element | null): element is HTMLElement {
  return (
    element instanceof HTMLElement &&
    element !== document.body &&
    element.isConnected &&
    !element.matches(':disabled, [inert] *')
  );
}

/** What a page marks with `data-focus-home` gets the focus when nothing better is left; the last mark counts. */
const home = () => [...document.querySelectorAll<HTMLElement>('[data-focus-home]')].at(-1);

/** Gives the focus back to what had it before, unless something else has taken it. */
export async function giveBack(former: Element | null): Promise<void> {
  await tick();
  if (holds(document.activeElement)) return;
  (holds(former) ? former : home())?.focus({ preventScroll: true });
}

/** Puts the focus on the first control of a form that something is wrong with. */
export async function focusProblem(form: HTMLElement | undefined): Promise<void> {
  await tick();
  form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}
