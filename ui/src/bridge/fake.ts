// An in-memory Gardien for component tests and for looking at screens without a backend. Never shipped.
import type { Closing, Commands, WindowEvent } from '../bindings';
import type { Bridge } from './interface';
import { COMMANDS } from './fake/commands';
import { makeWorld, type World, type WorldOptions } from './fake/world';

/** A bridge whose world can be looked into and disturbed. */
export interface FakeBridge extends Bridge {
  world: World;
  /** Every call so far, oldest first. */
  calls: { name: keyof Commands; args: unknown }[];
  /** Pushes an event to the window. */
  push(event: WindowEvent): void;
}

/** Makes a world and a bridge to it. */
export function fake(options: WorldOptions = {}): FakeBridge {
  const world = makeWorld(options);
  const calls: FakeBridge['calls'] = [];
  let handler: (event: WindowEvent) => void = () => undefined;
  return {
    world,
    calls,
    listen: (other) => {
      handler = other;
      return Promise.resolve();
    },
    push: (event) => {
      handler(event);
    },
    async call(name, args) {
      calls.push({ name, args });
      await new Promise((resolve) => setTimeout(resolve, world.delay));
      const failure = world.failing.get(name);
      if (failure) throw failure;
      return structuredClone(COMMANDS[name](world, structuredClone(args)));
    },
  };
}

/** The world that the address asks for: `?keys=5000&role=member&stage=failed&code=data_damaged`. */
export function fakeFromAddress(query: URLSearchParams): FakeBridge {
  const number = (name: string) => (query.has(name) ? { [name]: Number(query.get(name)) } : {});
  const text = (name: string) => (query.has(name) ? { [name]: query.get(name) } : {});
  const options = {
    ...number('keys'),
    ...number('projects'),
    ...number('delay'),
    ...number('kept'),
    ...number('used'),
    ...number('notices'),
    ...number('gateways'),
    ...['role', 'stage', 'code', 'keychain', 'gateway', 'connection', 'theme', 'failing', 'upstream', 'phare'].reduce(
      (all, name) => ({ ...all, ...text(name) }),
      {},
    ),
  };
  const bridge = fake({ keys: 3, delay: 60, ...(options as WorldOptions) });
  const closing = query.get('closing');
  if (closing !== null) {
    setTimeout(() => {
      bridge.push({ type: 'closing', closing: sampleClosing(bridge.world, closing === 'quit') });
    }, 500);
  }
  return bridge;
}

/** What is asked when the window of this world is closed, or the app is left. */
export function sampleClosing({ keys }: World, quitting: boolean): Closing {
  const callers = keys.slice(0, 2).map(({ id, name, display }, index) => ({
    id,
    name,
    display,
    client: index === 0 ? 'terraform-provider-phare' : null,
    last_at: new Date(Date.now() - 3000).toISOString(),
    calls: 12 - index * 11,
  }));
  return { live_keys: keys.length, callers, tray: true, quitting };
}
