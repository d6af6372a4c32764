// What a share would have meant in the last hour, in words.
import type { CouldMake, WhatIfView } from '../../bindings';
import { count, plural } from '../../format';

/** "71 of its 84 calls"; "all of its 84 calls" */
function part({ wanted, made }: CouldMake): string {
  if (wanted === 1) return made === 1 ? 'its only call' : 'no call, of the one that it wanted to make';
  return `${made === wanted ? 'all' : count(made)} of its ${count(wanted)} calls`;
}

/** "12 minutes since Gardien started" */
const known = (minutes: number): string => `${plural(minutes, 'minute').replace(/^1 /, '')} since Gardien started`;

/** "In the last hour’s worst minute"; "In the worst of the 12 minutes since Gardien started" */
function when(minutes: number, which: 'worst' | 'busiest'): string {
  if (minutes >= 60) return `In the last hour’s ${which} minute`;
  return minutes <= 1 ? `In the ${known(minutes)}` : `In the ${which} of the ${known(minutes)}`;
}

/** What it would have meant for the key itself; of one that is not made yet, for all others. */
export function ownWords({ known_minutes: minutes, key, other }: WhatIfView, isNew: boolean): string {
  if (key)
    return `${when(minutes, key.made < key.wanted ? 'worst' : 'busiest')} this key could have made ${part(key)}.`;
  if (isNew && other) return '';
  const all = minutes >= 60;
  const since = all ? 'in the last hour' : `in the ${known(minutes)}`;
  if (isNew) return `It would have cost no other key a call ${since}.`;
  return all ? `This key made no call ${since}.` : `Not enough is known yet: this key made no call ${since}.`;
}

/** What follows the name of the key that it would have cost the most. */
export const otherWords = (other: CouldMake): string => `could have made ${part(other)} in its worst minute.`;
