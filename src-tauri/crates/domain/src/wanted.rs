//! How many calls each key wanted to make, by minute, over the last hour.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::key::{ByKey, KeyId};

/// Minutes that are remembered.
pub const MINUTES: u64 = 60;
const MINUTE_MS: u64 = 60_000;
/// Minutes that are counted together: a key takes its place once, in however many of them it calls.
const SPAN: usize = 6;
const SPAN_MS: u64 = SPAN as u64 * MINUTE_MS;

/// What keys wanted in one minute: every call counts once, when it comes, whatever becomes of it.
#[derive(Debug, Clone)]
pub struct Minute {
    /// When it began, in milliseconds.
    pub began: u64,
    span: Arc<Span>,
    place: usize,
}

impl Minute {
    /// How often this key called.
    #[must_use]
    pub fn of(&self, key: KeyId) -> u32 {
        let few = self.span.few.get(&key).map(|few| few[self.place]);
        let more = self.span.more.get(&key).map(|more| more[self.place]);
        u32::from(few.unwrap_or_default()).saturating_add(more.unwrap_or_default())
    }

    /// Keys that called.
    pub fn keys(&self) -> impl Iterator<Item = KeyId> {
        let called = |(_, few): &(_, &[u8; SPAN])| few[self.place] > 0;
        self.span.few.iter().filter(called).map(|(key, _)| *key)
    }
}

/// The last hour, as far as it was counted.
#[derive(Debug, Clone, Default)]
pub struct Hour {
    /// Those minutes in which somebody called, oldest first.
    pub minutes: Vec<Minute>,
    /// How many there were, the one under way included.
    pub known: u32,
}

/// Counts the calls of the last hour. Times are milliseconds on one clock that never runs backwards.
///
/// To count costs the same whatever is remembered. Whoever reads shares what is counted; the span under way is copied once
/// by the next call after that.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// When the first minute began.
    first: u64,
    spans: VecDeque<Arc<Span>>,
}

/// The calls of some minutes, each in its place.
#[derive(Debug, Clone)]
struct Span {
    began: u64,
    /// Whether somebody called.
    called: [bool; SPAN],
    /// As many calls of a key as a byte holds.
    few: ByKey<[u8; SPAN]>,
    /// Those beyond that.
    more: ByKey<[u32; SPAN]>,
}

impl Wanted {
    /// Counts from now on.
    #[must_use]
    pub fn since(now: u64) -> Self {
        Self {
            first: beginning(now),
            spans: VecDeque::new(),
        }
    }

    /// Counts a call that comes now.
    pub fn count(&mut self, key: KeyId, now: u64) {
        let began = now - now % SPAN_MS;
        if self.spans.back().is_none_or(|last| last.began < began) {
            // As many will call again: it does not have to grow once more.
            let room = self.spans.back().map_or(0, |last| last.few.len());
            self.forget(now);
            self.spans.push_back(Arc::new(Span::new(began, room)));
        }
        if let Some(last) = self.spans.back_mut() {
            Arc::make_mut(last).count(key, now);
        }
    }

    /// The hour up to `now`.
    pub fn hour(&mut self, now: u64) -> Hour {
        self.forget(now);
        let known = (beginning(now) - self.first) / MINUTE_MS + 1;
        let minutes = self.spans.iter().flat_map(minutes);
        Hour {
            minutes: minutes.filter(|it| it.began >= oldest(now)).collect(),
            known: u32::try_from(known.min(MINUTES)).unwrap_or_default(),
        }
    }

    fn forget(&mut self, now: u64) {
        let is_over = |span: &Arc<Span>| span.began + SPAN_MS <= oldest(now);
        while self.spans.front().is_some_and(is_over) {
            self.spans.pop_front();
        }
    }
}

impl Span {
    fn new(began: u64, room: usize) -> Self {
        Self {
            began,
            called: [false; SPAN],
            few: ByKey::with_capacity_and_hasher(room, Default::default()),
            more: ByKey::default(),
        }
    }

    fn count(&mut self, key: KeyId, now: u64) {
        let place = now.saturating_sub(self.began) / MINUTE_MS;
        let place = usize::try_from(place).map_or(SPAN - 1, |place| place.min(SPAN - 1));
        self.called[place] = true;
        let few = &mut self.few.entry(key).or_default()[place];
        if *few < u8::MAX {
            *few += 1;
        } else {
            let more = &mut self.more.entry(key).or_default()[place];
            *more = more.saturating_add(1);
        }
    }
}

/// Those in which somebody called.
fn minutes(span: &Arc<Span>) -> impl Iterator<Item = Minute> {
    let places = span.called.iter().enumerate();
    let called = places.filter(|(_, called)| **called);
    called.map(|(place, _)| Minute {
        began: span.began + place as u64 * MINUTE_MS,
        span: Arc::clone(span),
        place,
    })
}

/// When the minute of this moment began.
fn beginning(now: u64) -> u64 {
    now - now % MINUTE_MS
}

/// When the oldest minute began that is remembered.
fn oldest(now: u64) -> u64 {
    beginning(now).saturating_sub((MINUTES - 1) * MINUTE_MS)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const KEY: KeyId = KeyId(Uuid::from_u128(1));
    const OTHER: KeyId = KeyId(Uuid::from_u128(2));
    /// Some minute's beginning.
    const ZERO: u64 = 1_000 * MINUTE_MS;

    fn told(wanted: &mut Wanted, now: u64) -> Vec<(u64, u32, u32)> {
        let minutes = wanted.hour(now).minutes.into_iter();
        minutes
            .map(|it| ((it.began - ZERO) / MINUTE_MS, it.of(KEY), it.of(OTHER)))
            .collect()
    }

    #[test]
    fn calls_count_in_the_minute_in_which_they_came_and_for_an_hour() {
        let mut wanted = Wanted::since(ZERO);
        for (key, after) in [
            (KEY, 0),
            (OTHER, 0),
            (KEY, 59_999),
            (KEY, 60_000),
            (KEY, 180_000),
        ] {
            wanted.count(key, ZERO + after);
        }
        let all = [(0, 2, 1), (1, 1, 0), (3, 1, 0)];
        assert_eq!(told(&mut wanted, ZERO + 180_000), all);
        let hour = ZERO + MINUTES * MINUTE_MS;
        assert_eq!(told(&mut wanted, hour - 1), all);
        assert_eq!(told(&mut wanted, hour), all[1..]);
        assert_eq!(told(&mut wanted, hour + 3 * MINUTE_MS), []);
    }

    #[test]
    fn no_more_than_an_hour_is_kept_though_nobody_asks() {
        let mut wanted = Wanted::since(ZERO);
        for minute in 0..500 {
            wanted.count(KEY, ZERO + minute * MINUTE_MS);
            assert!(wanted.spans.len() <= 11);
            assert!(wanted.hour(ZERO + minute * MINUTE_MS).minutes.len() <= 60);
        }
        // What somebody reads does not change under them.
        let now = ZERO + 499 * MINUTE_MS;
        let read = wanted.hour(now);
        wanted.count(KEY, now);
        assert_eq!(read.minutes.last().unwrap().of(KEY), 1);
    }

    #[test]
    fn many_calls_of_one_key_count_as_well_as_few() {
        let mut wanted = Wanted::since(ZERO);
        for (minute, calls) in [(0, 255), (1, 256), (2, 1_000), (3, 0), (5, 1), (6, 300)] {
            for _ in 0..calls {
                wanted.count(KEY, ZERO + minute * MINUTE_MS);
            }
        }
        wanted.count(OTHER, ZERO + 6 * MINUTE_MS);
        let all = [
            (0, 255, 0),
            (1, 256, 0),
            (2, 1_000, 0),
            (5, 1, 0),
            (6, 300, 1),
        ];
        assert_eq!(told(&mut wanted, ZERO + 6 * MINUTE_MS), all);
        let hour = wanted.hour(ZERO + 6 * MINUTE_MS);
        let called: Vec<_> = hour.minutes.iter().map(|it| it.keys().count()).collect();
        assert_eq!(called, [1, 1, 1, 1, 2]);
    }

    #[test]
    fn it_is_said_how_much_of_the_hour_was_counted() {
        let mut wanted = Wanted::since(ZERO + 30_000);
        for (after, known) in [
            (30_000, 1),
            (60_000, 2),
            (59 * MINUTE_MS, 60),
            (99 * MINUTE_MS, 60),
        ] {
            assert_eq!(wanted.hour(ZERO + after).known, known);
        }
    }
}
