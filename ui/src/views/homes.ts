// What is said of the places where a person can be.
import type { Connection, GatewayState, HomeView } from '../bindings';
import { plural } from '../format';

/** "This computer", or the name of the server. */
export const hostOf = (connection: Connection): string =>
  connection.kind === 'team' ? new URL(connection.url).host : 'This computer';

/** "Go to “Acme” at gardien.example.com": two homes can have one name. */
export function wayTo({ connection, organization }: HomeView): string {
  const team = connection.kind === 'team';
  const host = team ? hostOf(connection) : 'this computer';
  return organization === null ? `Go to ${host}` : `Go to “${organization}” ${team ? 'at' : 'on'} ${host}`;
}

const STATES: Record<GatewayState['state'], string> = {
  running: 'answers',
  remote: 'answers at the server',
  paused: 'is paused',
  port_busy: 'is closed: its port is taken',
  stopped: 'is closed',
};

/** "The gateway answers, 7 live keys" */
export function stateOf({ gateway, live_keys }: HomeView): string {
  const keys = live_keys === null ? '' : `, ${plural(live_keys, 'live key')}`;
  return gateway ? `The gateway ${STATES[gateway.state]}${keys}` : '';
}
