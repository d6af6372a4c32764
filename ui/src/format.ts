// How times, numbers and the project's words read on screen.
import type { Access, KeyStatus, Product, ProductScope, Role } from './bindings';
import { now } from './state/clock.svelte';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * DAY],
  ['month', 30 * DAY],
  ['day', DAY],
  ['hour', HOUR],
  ['minute', MINUTE],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const dayAndMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const monthAndYear = new Intl.DateTimeFormat('en-GB', { month: 'short', year: 'numeric' });
const moment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' });
const number = new Intl.NumberFormat('en');

/** "3 minutes ago", "in 5 days", "just now". */
export function ago(time: string, at = now()): string {
  const distance = Date.parse(time) - at;
  for (const [unit, size] of UNITS) {
    if (Math.abs(distance) >= size) return relative.format(Math.trunc(distance / size), unit);
  }
  return 'just now';
}

/** "3 s ago", and further back as `ago` says it. */
export function secondsAgo(time: string, at = now()): string {
  const seconds = Math.max(0, Math.round((at - Date.parse(time)) / 1000));
  return seconds < 60 ? `${String(seconds)} s ago` : ago(time, at);
}

const SHORT = { year: 'y', month: 'mo', day: 'd', hour: 'h', minute: 'min' };

/** The same in a narrow column: "3 min ago", "in 5 d". */
export function agoShort(time: string, at = now()): string {
  return ago(time, at).replace(/(year|month|day|hour|minute)s?/, (_, unit: keyof typeof SHORT) => SHORT[unit]);
}

/** "24 Nov 2026" */
export const date = (time: string): string => day.format(new Date(time));
/** The same in a narrow column: "24 Nov", with the year alone where it is another one by far: "Nov 2028". */
export function dayShort(time: string, at = now()): string {
  const far = Math.abs(Date.parse(time) - at) > 300 * DAY;
  return (far ? monthAndYear : dayAndMonth).format(new Date(time));
}
/** "5 h left" */
export const timeLeft = (until: string, at = now()): string => {
  const time = agoShort(until, at);
  return time.startsWith('in ') ? `${time.slice(3)} left` : 'ending';
};
/** "24 Nov 2026, 16:54" */
export const dateTime = (time: string): string => moment.format(new Date(time));
/** "16:54" */
export const time = (moment: string): string => clock.format(new Date(moment));
/** "16:54", and on another day "24 Nov 2026, 16:54" */
export const sinceWhen = (moment: string, at = now()): string =>
  new Date(moment).toDateString() === new Date(at).toDateString() ? time(moment) : dateTime(moment);
/** "5,000" */
export const count = (value: number): string => number.format(value);
/** "1 key", "5,000 keys" */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

/** "Shop, Blog and Docs" */
export const list = (words: string[], last: 'and' | 'or'): string =>
  new Intl.ListFormat('en-GB', { type: last === 'and' ? 'conjunction' : 'disjunction' }).format(words);

/** Whether a time lies within so many days, before or after now. */
export function isWithinDays(time: string, days: number, at = now()): boolean {
  return Math.abs(Date.parse(time) - at) <= days * DAY;
}

/** So many days from now, as the backend wants it. */
export const inDays = (days: number, at = now()): string => new Date(at + days * DAY).toISOString();

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** A long name with its middle left out, where no line ends, so that both ends tell which one it is: "terraform-p…pe-2". */
export function shorten(name: string, longest = 28): string {
  if (name.length <= longest) return name;
  const parts = Array.from(graphemes.segment(name), ({ segment }) => segment);
  if (parts.length <= longest) return name;
  const end = Math.floor((longest - 1) / 4);
  return `${parts.slice(0, longest - 1 - end).join('')}…\u2060${parts.slice(-end).join('')}`;
}

/** The end of a secret's display form, by which keys of one name are told apart: "…3fQz". */
export const tail = (display: string): string => `…${display.split('…').at(-1) ?? ''}`;

/** A key in a sentence: "“terraform-production” …3fQz", whose end no line break tears apart. */
export const named = ({ name, display }: { name: string; display: string }): string =>
  `“${shorten(name)}” ${tail(display).replace('…', '…\u2060')}`;

export const SCOPE_WORDS: Record<ProductScope, string> = {
  none: 'No access',
  read: 'Read',
  read_write: 'Read-write',
};
/** The same where no column says what they are about: where it is chosen, and in a sentence. */
export const SCOPE_PHRASES: Record<ProductScope, string> = { ...SCOPE_WORDS, read: 'Read-only' };
export const PRODUCT_WORDS: Record<Product, string> = { platform: 'Platform', uptime: 'Uptime' };
export const STATUS_WORDS: Record<KeyStatus, string> = {
  active: 'Active',
  rotating: 'Rotating',
  expired: 'Expired',
  revoked: 'Revoked',
};
export const ROLE_WORDS: Record<Role, string> = { owner: 'Owner', admin: 'Admin', member: 'Member' };

/** Whether a scope lets an access through. Writing covers reading. */
export function allows(scope: ProductScope, access: Access): boolean {
  return scope === 'read_write' || (scope === 'read' && access === 'read');
}

/** `a, b and c` of parts that are more than words. */
export function join<Part>(parts: (Part | string)[][], last = ' and '): (Part | string)[] {
  return parts.flatMap((part, index) => [...(index === 0 ? [] : [index === parts.length - 1 ? last : ', ']), ...part]);
}
