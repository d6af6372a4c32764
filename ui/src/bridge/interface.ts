import type { CommandError, Commands, WindowEvent } from '../bindings';

/** The one way from the window to the backend. Rejects with a `CommandError`, never with anything else. */
export interface Bridge {
  call<K extends keyof Commands>(name: K, args: Commands[K]['args']): Promise<Commands[K]['result']>;
  /** Gives everything that the backend pushes to `handler`, from its answer on and until the window is gone. */
  listen(handler: (event: WindowEvent) => void): Promise<void>;
}

/** Whether something thrown is the error shape that crosses from Rust. */
export function isCommandError(thrown: unknown): thrown is CommandError {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown;
}

/** Makes a `CommandError` of whatever was thrown, so that callers meet one shape only. */
export function asCommandError(thrown: unknown): CommandError {
  if (isCommandError(thrown)) return thrown;
  return { code: 'internal', message: String(thrown), remedy: 'Try again. If it happens again, restart Gardien.' };
}
