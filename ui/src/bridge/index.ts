// Chooses the bridge once at start. The fake is compiled in for `vite dev`, tests and `--mode fake` only.
import type { Commands, WindowEvent } from '../bindings';
import type { Bridge } from './interface';

export { asCommandError, isCommandError, type Bridge } from './interface';

let bridge: Bridge | undefined;

/** Puts another bridge in place: tests do this. */
export function use(other: Bridge): void {
  bridge = other;
}

/** Chooses the bridge for this window, unless one is in place already. */
export async function open(): Promise<void> {
  if (bridge) return;
  if ((import.meta.env.DEV || import.meta.env.MODE === 'fake') && !('__TAURI_INTERNALS__' in window)) {
    const { fakeFromAddress } = await import('./fake');
    use(fakeFromAddress(new URLSearchParams(location.search)));
    return;
  }
  const { tauri } = await import('./tauri');
  use(tauri);
}

/** Sends one command to the backend. */
export async function call<K extends keyof Commands>(
  name: K,
  args: Commands[K]['args'],
): Promise<Commands[K]['result']> {
  if (!bridge) throw new Error('the bridge is not open yet');
  return bridge.call(name, args);
}

/** Gives everything that the backend pushes to `handler`. One handler for the window: the last one. */
export async function listen(handler: (event: WindowEvent) => void): Promise<void> {
  await bridge?.listen(handler);
}
