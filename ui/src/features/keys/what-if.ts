// What a share would have meant in the last hour, in words.
import type { CouldMake, WhatIfView } from '../../bindings';
import { count, plural } from '../../format';

/** "71 of its 84 calls"; "all of its 84 calls" */
function part({ wanted, made }: CouldMake): string {
  if (wanted === 1) return made === 1 ? 'its only call' : 'no call, of the one that it wanted to make';
  return `${made === wanted ? 'all' : count(made)} of its ${count(wanted)} calls`;
}

/** "In the last hour’s worst minute"; "In the worst of the last 12 minutes" */
function when(known: number, which: 'worst' | 'busiest'): string {
  if (known >= 60) return `In the last hour’s ${which} minute`;
  return known <= 1 ? 'In the last minute' : `In the ${which} of the last ${plural(known, 'minute')}`;
}

/** What it would have meant for the key itself; of one that is not made yet, for all others. */
export function ownWords({ known_minutes: known, key, other }: WhatIfView, isNew: boolean): string {
  if (key) return `${when(known, key.made < key.wanted ? 'worst' : 'busiest')} this key could have made ${part(key)}.`;
  if (isNew && other) return '';
  const since = known >= 60 ? 'in the last hour' : `in the last ${plural(known, 'minute')}, since Gardien started`;
  if (isNew) return `It would have cost no other key a call ${since}.`;
  return known >= 60 ? `This key made no call ${since}.` : `Not enough is known yet: this key made no call ${since}.`;
}

/** What follows the name of the key that it would have cost the most. */
export const otherWords = (other: CouldMake): string => `could have made ${part(other)} in its worst minute.`;
