// Where two secrets of one key differ, in words: what a switch would change.
import type { PhareSecret, Product } from '../../bindings';
import { allows, list, PRODUCT_WORDS } from '../../format';
import { scopeOf } from '../../phare';

const PRODUCTS: Product[] = ['platform', 'uptime'];

/** Sentences about `other`, called `name`, as against the one in use. None where nothing differs that is known. */
export function differences(inUse: PhareSecret, other: PhareSecret, name: string): string[] {
  return [...PRODUCTS.flatMap((product) => ofProduct(product, inUse, other, name)), ...ofProjects(inUse, other, name)];
}

function ofProduct(product: Product, inUse: PhareSecret, other: PhareSecret, name: string): string[] {
  const [mine, theirs] = [scopeOf(inUse, product), scopeOf(other, product)];
  if (mine === null || theirs === null || mine === theirs) return [];
  const word = PRODUCT_WORDS[product];
  const access = allows(mine, 'read') && allows(theirs, 'read') ? 'write' : 'read';
  if (allows(theirs, access)) return [`${name} can ${access} ${word}; the one in use cannot.`];
  return [`${name} cannot ${access} ${word}; the one in use can.`];
}

function ofProjects(inUse: PhareSecret, other: PhareSecret, name: string): string[] {
  if (!inUse.findings || !other.findings) return [];
  const [mine, theirs] = [inUse.findings.projects, other.findings.projects];
  const lacking = mine.filter(({ id }) => !theirs.some((seen) => seen.id === id)).map((seen) => seen.name);
  const added = theirs.filter(({ id }) => !mine.some((seen) => seen.id === id)).map((seen) => seen.name);
  return [
    ...(lacking.length > 0 ? [`${name} does not see ${short(lacking)}; the one in use does.`] : []),
    ...(added.length > 0 ? [`${name} sees ${short(added)}; the one in use does not.`] : []),
  ];
}

const NAMED = 4;
const short = (names: string[]): string =>
  names.length <= NAMED
    ? list(names, 'and')
    : list([...names.slice(0, NAMED), `${String(names.length - NAMED)} more`], 'and');
