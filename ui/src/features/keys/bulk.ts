// One change to many keys. The backend knows changes of one key only, so a few are under way at a time.
import type { CommandError, KeyView } from '../../bindings';
import { asCommandError } from '../../bridge';
import { explain } from '../../errors';
import { plural } from '../../format';
import { app } from '../../state/app.svelte';

const AT_ONCE = 8;

export interface Outcome {
  done: KeyView[];
  /** In force, though nothing could write it down yet. */
  unwritten: KeyView[];
  failed: CommandError[];
}

/** Whether a key is refused from now on although the change could not be written. */
export const isInForce = (error: CommandError): boolean => error.code === 'revoked_in_memory';

/** Revokes or restores every key; one that fails does not keep the others from it. */
export async function each(command: 'revoke_key' | 'restore_key', keys: KeyView[]): Promise<Outcome> {
  const outcome: Outcome = { done: [], unwritten: [], failed: [] };
  const waiting = [...keys];
  const work = async () => {
    for (let key = waiting.shift(); key; key = waiting.shift()) {
      try {
        outcome.done.push(await app.ask(command, { id: key.id }));
      } catch (thrown) {
        const error = asCommandError(thrown);
        if (isInForce(error)) outcome.unwritten.push(key);
        else outcome.failed.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return outcome;
}

/** What became of keys that were to be revoked together, the best news first. */
export function told({ done, unwritten, failed }: Outcome): {
  title: string;
  detail: string;
  tone: 'plain' | 'problem';
} {
  const [first] = failed;
  const [title = '', ...rest] = [
    ...(done.length > 0 ? [`Revoked ${plural(done.length, 'key')}`] : []),
    ...(unwritten.length > 0 ? [`Refused ${plural(unwritten.length, 'key')}, but not written down yet`] : []),
    ...(first ? [`Could not revoke ${plural(failed.length, 'key')}: ${explain(first).title}`] : []),
  ];
  if (unwritten.length === 0 && !first) return { title, detail: 'Calls with them are refused now.', tone: 'plain' };
  return { title, detail: rest.map((each) => `${each}.`).join(' '), tone: 'problem' };
}
