// The spans of time that the trail is asked for, and the days that its entries are gathered under.
import type { DateValue } from '@internationalized/date';
import { date } from '../../format';

export interface Span {
  since: string | null;
  until: string | null;
}

const startOfDay = (now: number, daysBack: number): Date => {
  const day = new Date(now);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() - daysBack);
};

/** What can be chosen, beside a range of one's own: so many days up to the end of today. */
export const SPANS = [
  { value: 'today', label: 'Today', days: 1 },
  { value: 'week', label: 'Last 7 days', days: 7 },
  { value: 'month', label: 'Last 30 days', days: 30 },
] as const;

/** Since the start of the first of so many days. */
export const lastDays = (days: number, now = Date.now()): Span => ({
  since: startOfDay(now, days - 1).toISOString(),
  until: null,
});

/** From the start of one day to the end of another, in local time. */
export function range(start: DateValue | undefined, end: DateValue | undefined): Span {
  const at = (day: DateValue, more: number) => new Date(day.year, day.month - 1, day.day + more).toISOString();
  return { since: start ? at(start, 0) : null, until: end ? at(end, 1) : null };
}

/** "Today", "Yesterday", "24 Nov 2026" */
export function dayWords(time: string, now = Date.now()): string {
  const day = date(time);
  if (day === date(new Date(now).toISOString())) return 'Today';
  return day === date(startOfDay(now, 1).toISOString()) ? 'Yesterday' : day;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' });
/** "16:54" */
export const timeOfDay = (time: string): string => clock.format(new Date(time));
/** "Tuesday 24 November 2026 at 16:54:03 CET" */
export const exactTime = (time: string): string => exact.format(new Date(time));
