//! A process that may be killed at any time, and the ledger that outlives it.

use gardien_domain::limit::WINDOW_MS;
use proptest::prelude::*;

use super::*;

struct Process {
    limit: u32,
    ledger: SavedCalls,
    now: u64,
    born: u64,
    meter: Meter,
    /// When they end.
    under_way: Vec<(u64, Turn)>,
    /// When calls reach the upstream.
    calls: Vec<u64>,
}

impl Process {
    fn new(limit: u32) -> Self {
        let (ledger, now) = (SavedCalls::default(), 1_000_000);
        Self {
            limit,
            meter: Meter::restore(limit, &ledger, now, 60_000),
            ledger,
            now,
            born: now,
            under_way: Vec::new(),
            calls: Vec::new(),
        }
    }

    /// On the clock that begins with the process.
    fn mono(&self, at: u64) -> u64 {
        at - self.born + 60_000
    }

    /// Lets time go on, and calls end: those that are lost never reached the upstream.
    fn pass(&mut self, gap: u64, is_lost: fn(u64) -> bool) {
        self.now += gap;
        self.under_way.sort_by_key(|(end, _)| *end);
        let ended = self.under_way.partition_point(|(end, _)| *end <= self.now);
        let ended: Vec<_> = self.under_way.drain(..ended).collect();
        for (end, turn) in ended {
            if is_lost(end) {
                self.meter.cancel(turn);
            } else {
                self.meter.finish(turn, self.mono(end));
            }
        }
    }

    fn enter(&mut self) -> Entry {
        let mono = self.mono(self.now);
        enter(&mut self.meter, mono)
    }

    /// It reaches the upstream somewhere between now and its end.
    fn goes(&mut self, turn: Turn, lasts: u64) {
        self.calls.push(self.now + lasts / 2);
        self.under_way.push((self.now + lasts, turn));
    }

    fn renewal(&mut self) -> Renewal {
        self.meter.renewal(self.now, self.mono(self.now))
    }

    fn rest(&mut self) -> Option<Renewal> {
        self.meter.rest(self.now, self.mono(self.now))
    }

    fn saved(&mut self, renewal: Renewal) {
        self.ledger = renewal.saved;
        self.meter.renewed(renewal.extra);
    }

    fn enter_or_renew(&mut self) -> Entry {
        let entry = self.enter();
        if !matches!(entry, Entry::Dry) {
            return entry;
        }
        let renewal = self.renewal();
        self.saved(renewal);
        self.enter()
    }

    /// Kills it and starts it again, on what the ledger says.
    fn kill(&mut self) {
        // What was under way has reached the upstream by now, or never will.
        for call in &mut self.calls {
            *call = self.now.min(*call);
        }
        self.under_way.clear();
        self.born = self.now;
        self.meter = Meter::restore(self.limit, &self.ledger, self.now, 60_000);
    }

    fn assert_no_minute_holds_more(mut self) {
        self.calls.sort_unstable();
        for (index, start) in self.calls.iter().enumerate() {
            let is_inside = |at: &&u64| **at < start + WINDOW_MS;
            let inside = self.calls[index..].iter().take_while(is_inside).count();
            let limit = self.limit;
            assert!(
                inside <= limit as usize,
                "{inside} calls in one minute, limit {limit}"
            );
        }
    }
}

proptest! {
    /// Whatever the arrivals, and whenever the upstream says that it takes no calls, none is granted before the
    /// time that it named: not even by a process that was killed, for as long as the ledger knows.
    #[test]
    fn no_call_is_granted_before_the_upstream_takes_calls_again(
        limit in 1_u32..40,
        steps in prop::collection::vec((0_u64..2_000, 0_u64..8_000, 0_u8..24), 1..300),
    ) {
        let mut process = Process::new(limit);
        let mut named = 0;
        for (gap, lasts, fate) in steps {
            process.pass(gap, |end| end % 3 == 0);
            let now = process.now;
            let mono = process.mono(now);
            match fate {
                0 => process.kill(),
                1 => {
                    let wait = lasts * 3;
                    named = named.max(now + wait);
                    prop_assert!(process.meter.hold(wait, now, mono) >= wait);
                    process.ledger = process.renewal().saved;
                }
                _ => {
                    let left = process.meter.state(mono).hold.map(|hold| hold.until - now);
                    match process.enter_or_renew() {
                        Entry::Granted { turn, .. } => {
                            prop_assert!(now >= named, "{} ms too early", named - now);
                            process.goes(turn, lasts);
                        }
                        Entry::Full(Full { retry_after_ms, .. }) => {
                            prop_assert!(retry_after_ms >= left.unwrap_or(0));
                        }
                        entry => prop_assert!(false, "{entry:?}"),
                    }
                }
            }
        }
    }

    /// Rule 6 across kills: whatever the arrivals, and wherever the process is killed, even between a
    /// save and the word of it, no 60 seconds hold more calls than the limit.
    #[test]
    fn rule_6_a_killed_gateway_never_grants_more(
        limit in 1_u32..40,
        steps in prop::collection::vec((0_u64..4_000, 0_u64..8_000, 0_u8..40), 1..300),
    ) {
        let mut process = Process::new(limit);
        for (gap, lasts, fate) in steps {
            process.pass(gap, |_| false);
            match fate {
                0 => process.kill(),
                1 => {
                    // It never comes to use what was saved.
                    process.ledger = process.renewal().saved;
                    process.kill();
                }
                2 => {
                    if let Some(renewal) = process.rest() {
                        process.ledger = renewal.saved;
                    }
                }
                _ => {
                    if let Entry::Granted { turn, .. } = process.enter_or_renew() {
                        process.goes(turn, lasts);
                    }
                }
            }
        }
        process.assert_no_minute_holds_more();
    }

    /// The same of a limit that is large enough for a lease at rest, which is used up by many calls at once.
    #[test]
    fn rule_6_holds_for_what_is_leased_at_rest(
        limit in 200_u32..1_000,
        steps in prop::collection::vec((0_u64..4_000, 0_u64..8_000, 0_u8..12, 1_u32..200), 1..60),
    ) {
        let mut process = Process::new(limit);
        for (gap, lasts, fate, calls) in steps {
            process.pass(gap, |_| false);
            match fate {
                0 => process.kill(),
                1 => {
                    // It never comes to use what was saved.
                    if let Some(renewal) = process.rest() {
                        process.ledger = renewal.saved;
                        process.kill();
                    }
                }
                2..8 => {
                    if let Some(renewal) = process.rest() {
                        // Calls that come while it is written go by what is left.
                        for _ in 0..calls % 3 {
                            if let Entry::Granted { turn, .. } = process.enter() {
                                process.goes(turn, lasts);
                            }
                        }
                        process.saved(renewal);
                    }
                }
                _ => {
                    for _ in 0..calls {
                        if let Entry::Granted { turn, .. } = process.enter_or_renew() {
                            process.goes(turn, lasts);
                        }
                    }
                }
            }
        }
        process.assert_no_minute_holds_more();
    }

    /// Whatever goes while the ledger cannot be written: from the first good save on, no 60 seconds hold more calls than
    /// the limit, wherever the process is killed.
    #[test]
    fn rule_6_holds_again_from_the_first_good_save_on(
        limit in 1_u32..40,
        steps in prop::collection::vec((0_u64..1_500, 0_u64..4_000, 0_u8..40), 1..300),
    ) {
        let mut process = Process::new(limit);
        let mut writing: Option<Renewal> = None;
        for (gap, lasts, fate) in steps {
            process.pass(gap, |_| false);
            match fate {
                0 | 1 if !process.meter.is_ledger_broken() => {
                    if fate == 1 && let Some(renewal) = writing.take() {
                        process.ledger = renewal.saved;
                    }
                    writing = None;
                    process.kill();
                }
                2 | 3 => {
                    writing = None;
                    process.meter.ledger_failed();
                }
                4..8 if writing.is_none() => writing = process.rest(),
                8..14 => if let Some(renewal) = writing.take() {
                    process.saved(renewal);
                },
                _ => match process.enter() {
                    Entry::Granted { turn, low, .. } => {
                        process.goes(turn, lasts);
                        if low && writing.is_none() {
                            writing = Some(process.renewal());
                        }
                    }
                    Entry::Dry if writing.is_none() => writing = Some(process.renewal()),
                    _ => {}
                },
            }
        }
        process.assert_no_minute_holds_more();
    }
}
