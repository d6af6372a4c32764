// The last day of a key, as people write days.
import { CalendarDate, fromDate, getLocalTimeZone, toCalendarDate, today } from '@internationalized/date';

const LANGUAGE = typeof navigator === 'undefined' ? 'en-GB' : navigator.language;
const UNITS = { day: 'days', week: 'weeks', month: 'months', year: 'years' } as const;
type Unit = keyof typeof UNITS;

const long = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full' });

/** "Wednesday, 24 February 2027" */
export const dayInWords = (day: CalendarDate): string => long.format(day.toDate(getLocalTimeZone()));

/** The day that a text means, such as `2027-02-24`, `24.2.2027`, `24 Feb`, `in 3 weeks`; null if it means none. */
export function understandDay(text: string, now = today(getLocalTimeZone()), language = LANGUAGE): CalendarDate | null {
  const locale = localeOf(language);
  const words = text.trim().toLowerCase().replace(/\s+/g, ' ');
  return relative(words, now) ?? numbers(words, now, locale) ?? named(words, now, locale);
}

/** A web view may call the system's language by what is no name of any: WebKitGTK says `C`. */
function localeOf(language: string): string {
  try {
    return Intl.getCanonicalLocales(language)[0] ?? 'en-GB';
  } catch {
    return 'en-GB';
  }
}

function relative(words: string, now: CalendarDate): CalendarDate | null {
  if (words === 'today') return now;
  if (words === 'tomorrow') return now.add({ days: 1 });
  const next = /^(?:in )?(\d{1,4}|an?|next) (day|week|month|year)s?(?: from now)?$/.exec(words);
  if (next) return now.add({ [UNITS[next[2] as Unit]]: Number(next[1]) || 1 });
  const weekday = /^(?:on |next )?([a-z]{3,9})$/.exec(words)?.[1];
  const ahead = [1, 2, 3, 4, 5, 6, 7].map((days) => now.add({ days }));
  return (weekday && ahead.find((day) => dayInWords(day).toLowerCase().split(',')[0] === whole(weekday))) || null;
}

const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const whole = (short: string) => WEEKDAYS.find((day) => day.startsWith(short));

function numbers(words: string, now: CalendarDate, locale: string): CalendarDate | null {
  const iso = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/.exec(words);
  if (iso) return make(Number(iso[1]), Number(iso[2]), Number(iso[3]));
  const match = /^(\d{1,2})([./-]) ?(\d{1,2})(?:\2 ?(\d{4}|\d{2})?)?$/.exec(words);
  if (!match) return null;
  const [one, other] = [Number(match[1]), Number(match[3])];
  // With dots the day always stands first; otherwise as the system writes it, unless that cannot be.
  const dayFirst = other <= 12 && (match[2] === '.' || one > 12 || writesDayFirst(locale));
  return inYear(match[4], dayFirst ? other : one, dayFirst ? one : other, now);
}

function named(words: string, now: CalendarDate, locale: string): CalendarDate | null {
  const match =
    /^(?<day>\d{1,2})(?:st|nd|rd|th|\.)?(?: of)? (?<month>\p{L}{3,})\.?,?(?: (?<year>\d{4}))?$/u.exec(words) ??
    /^(?<month>\p{L}{3,})\.? (?<day>\d{1,2})(?:st|nd|rd|th)?,?(?: (?<year>\d{4}))?$/u.exec(words);
  const { day, month = '', year } = match?.groups ?? {};
  const number = ['en', locale].map((language) => monthOf(month, language)).find((found) => found > 0);
  return number ? inYear(year, number, Number(day), now) : null;
}

function monthOf(word: string, locale: string): number {
  const name = new Intl.DateTimeFormat(locale, { month: 'long' });
  const months = Array.from({ length: 12 }, (_, month) => name.format(new Date(2027, month, 1)).toLowerCase());
  return word === ''
    ? 0
    : months.findIndex((each) => each.startsWith(word) || (word === 'sept' && each === 'september')) + 1;
}

function writesDayFirst(locale: string): boolean {
  const parts = new Intl.DateTimeFormat(locale).formatToParts().map(({ type }) => type);
  return parts.indexOf('day') < parts.indexOf('month');
}

/** Without a year: the next such day. */
function inYear(year: string | undefined, month: number, day: number, now: CalendarDate): CalendarDate | null {
  if (year) return make(year.length === 2 ? 2000 + Number(year) : Number(year), month, day);
  const soon = make(now.year, month, day);
  return soon && soon.compare(now) < 0 ? make(now.year + 1, month, day) : soon;
}

/** Null for a day that does not exist, which the calendar would move to one that does. */
function make(year: number, month: number, day: number): CalendarDate | null {
  const made = new CalendarDate(year, month, day);
  return made.year === year && made.month === month && made.day === day ? made : null;
}

/** The last moment of a day, in local time, as the backend wants it. */
export function endOf(day: CalendarDate): string {
  return new Date(day.year, day.month - 1, day.day, 23, 59, 59).toISOString();
}

/** The local day of a moment. */
export const localDay = (moment: string): CalendarDate =>
  toCalendarDate(fromDate(new Date(moment), getLocalTimeZone()));
