//! Three gateways of one limit, the ledger between them, and all that can befall them.

use std::collections::BTreeMap;
use std::ops::Range;

use gardien_domain::lease::GatewayId;
use gardien_domain::limit::{Asking, GatewayCalls, Leased, OwnCalls, WINDOW_MS};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

/// As what keeps the lease has it.
const LOOK: u64 = 400;
const PATIENCE: u64 = 2_000;
/// A write that nothing befalls is there after so long, and its answer after as long again.
const WAY: u64 = 2;

fn pacing(limit: u32) -> Organization {
    Organization {
        at_limit: AtLimit::Pace,
        ..rejecting(limit)
    }
}

/// What the store keeps, as it keeps it.
#[derive(Default)]
struct Rows {
    rows: BTreeMap<GatewayId, (u64, OwnCalls, u64)>,
    clock: u64,
}

impl Rows {
    fn others(&self, of: GatewayId) -> Vec<GatewayCalls> {
        let others = self.rows.iter().filter(|(gateway, _)| **gateway != of);
        let row =
            |(gateway, (number, own, written)): (&GatewayId, &(u64, OwnCalls, u64))| GatewayCalls {
                gateway: *gateway,
                number: *number,
                age: self.clock.saturating_sub(*written),
                own: own.clone(),
            };
        others.map(row).collect()
    }

    fn lease(&mut self, of: GatewayId, number: u64, own: &OwnCalls, asking: &Asking) -> Leased {
        let others = self.others(of);
        if self.rows.get(&of).is_some_and(|row| row.0 >= number) {
            return Leased { extra: 0, others };
        }
        let extra = asking.extra(own, &others);
        let mut own = own.clone();
        own.calls.leased = asking.leased(&own, extra);
        self.rows.insert(of, (number, own, self.clock));
        for (gateway, number) in &asking.spent {
            if self.rows.get(gateway).is_some_and(|row| row.0 == *number) {
                self.rows.remove(gateway);
            }
        }
        Leased { extra, others }
    }
}

/// Something that is sent to the ledger.
struct Write {
    of: GatewayId,
    number: u64,
    own: OwnCalls,
    asking: Asking,
    composed: u64,
    /// When it gets there, and when its answer is back, if it does.
    commits: Option<u64>,
    answers: Option<u64>,
    given_up: u64,
    leased: Option<Leased>,
}

struct Gateway {
    id: GatewayId,
    meter: Meter,
    born: u64,
    wall: u64,
    written: u64,
    looks: u64,
    stalled: u64,
    cut: u64,
    write: Option<Write>,
    under_way: Vec<(u64, Turn)>,
}

struct World {
    now: u64,
    limit: u32,
    is_paced: bool,
    rows: Rows,
    gateways: Vec<Gateway>,
    /// Of those that are gone, or gave up.
    late: Vec<Write>,
    born: u128,
    /// What befalls the next write, in milliseconds of its ways; a third or so gets lost.
    fate: Option<(u64, u64)>,
    /// When calls reach the upstream, and when each holds its slot no more.
    calls: Vec<u64>,
    granted: u32,
}

impl World {
    fn new(limit: u32, is_paced: bool) -> Self {
        let mut world = Self {
            now: 1_000_000,
            limit,
            is_paced,
            rows: Rows::default(),
            gateways: Vec::new(),
            late: Vec::new(),
            born: 0,
            fate: None,
            calls: Vec::new(),
            granted: 0,
        };
        world.rows.clock = 500_000;
        for _ in 0..3 {
            let gateway = world.start(7_000_000);
            world.gateways.push(gateway);
        }
        world
    }

    fn start(&mut self, wall: u64) -> Gateway {
        self.born += 1;
        let mut meter = Meter::restore(self.limit, &SavedCalls::default(), 0, WINDOW_MS);
        let organization = if self.is_paced {
            pacing(self.limit)
        } else {
            rejecting(self.limit)
        };
        meter.set_limit(&organization, WINDOW_MS);
        let id = GatewayId(Uuid::from_u128(self.born));
        meter.share(self.rows.others(id), wall, WINDOW_MS);
        Gateway {
            id,
            meter,
            born: self.now,
            wall,
            written: 0,
            looks: self.now + LOOK,
            stalled: 0,
            cut: 0,
            write: None,
            under_way: Vec::new(),
        }
    }

    /// Whatever was sent gets there no sooner for it, and what was made is made by now or never.
    fn kill(&mut self, of: usize, wall: u64) {
        let next = self.start(wall);
        let gone = std::mem::replace(&mut self.gateways[of], next);
        self.late.extend(gone.write);
        for call in &mut self.calls {
            // Whosever it is: each reaches the upstream somewhere between its grant and its end.
            *call = (*call).min(self.now);
        }
    }

    /// Lets time go on until then, with all that happens meanwhile.
    fn pass(&mut self, until: u64) {
        while let Some(next) = self.next().filter(|next| *next <= until) {
            self.go_on(next.max(self.now));
        }
        self.go_on(until);
    }

    fn next(&self) -> Option<u64> {
        let of_gateway = |gateway: &Gateway| {
            let write = gateway.write.as_ref();
            let answer = write.map(|write| write.answers.unwrap_or(u64::MAX).min(write.given_up));
            let ends = gateway.under_way.iter().map(|(end, _)| *end).min();
            let own = [answer, ends, answer.is_none().then_some(gateway.looks)];
            let own = own.into_iter().flatten().min();
            own.map(|own| own.max(gateway.stalled))
        };
        let gateways = self.gateways.iter().filter_map(of_gateway);
        let writes = self
            .gateways
            .iter()
            .filter_map(|gateway| gateway.write.as_ref());
        let commits = writes.chain(&self.late).filter_map(|write| write.commits);
        gateways.chain(commits).min()
    }

    fn go_on(&mut self, now: u64) {
        self.rows.clock += now - self.now;
        for gateway in &mut self.gateways {
            gateway.wall += now - self.now;
        }
        self.now = now;
        let rows = &mut self.rows;
        let writes = self.gateways.iter_mut();
        let writes = writes.filter_map(|gateway| gateway.write.as_mut());
        for write in writes.chain(&mut self.late) {
            if write.commits.is_some_and(|at| at <= now) {
                write.commits = None;
                let leased = rows.lease(write.of, write.number, &write.own, &write.asking);
                write.leased = Some(leased);
            }
        }
        self.late.retain(|write| write.commits.is_some());
        for of in 0..self.gateways.len() {
            if self.gateways[of].stalled <= now {
                self.run(of);
            }
        }
    }

    /// All that is due in a gateway.
    fn run(&mut self, of: usize) {
        let now = self.now;
        let gateway = &mut self.gateways[of];
        let mono = now - gateway.born + WINDOW_MS;
        gateway.under_way.sort_by_key(|(end, _)| *end);
        let ended = gateway.under_way.partition_point(|(end, _)| *end <= now);
        for (end, turn) in gateway.under_way.drain(..ended) {
            if end.is_multiple_of(7) {
                gateway.meter.cancel(turn);
            } else {
                gateway.meter.finish(turn, mono);
            }
        }
        let is_over =
            |write: &mut Write| write.given_up <= now || write.answers.is_some_and(|at| at <= now);
        if let Some(mut write) = gateway.write.take_if(is_over) {
            match write.leased.take_if(|_| write.given_up > now) {
                Some(leased) => {
                    let asked = (write.asking.wanted, write.composed);
                    gateway.meter.leased(leased, asked, gateway.wall, mono);
                }
                None => {
                    gateway.meter.ledger_failed();
                    self.late.push(write);
                }
            }
        }
        if gateway.write.is_none() && gateway.looks <= now {
            gateway.looks = now + LOOK;
            if gateway.cut > now {
                gateway.meter.ledger_failed();
            } else if let Some(renewal) = gateway.meter.rest(gateway.wall, mono) {
                self.write(of, renewal);
            } else {
                let rows = self.rows.others(gateway.id);
                gateway.meter.looked(rows, gateway.wall, mono);
            }
        }
        self.turns(of);
    }

    /// Whoever waits goes, as far as there are slots.
    fn turns(&mut self, of: usize) {
        let gateway = &mut self.gateways[of];
        let mono = self.now - gateway.born + WINDOW_MS;
        let (due, _, low) = gateway.meter.due(mono);
        for ((), turn) in due.go {
            self.goes(of, turn, 900);
        }
        if low {
            self.ask(of);
        }
    }

    fn ask(&mut self, of: usize) {
        let gateway = &mut self.gateways[of];
        if gateway.write.is_none() && gateway.cut <= self.now {
            let mono = self.now - gateway.born + WINDOW_MS;
            let renewal = gateway.meter.renewal(gateway.wall, mono);
            self.write(of, renewal);
        }
    }

    fn write(&mut self, of: usize, renewal: Renewal) {
        let gateway = &mut self.gateways[of];
        gateway.written += 1;
        let composed = renewal.composed.1;
        let (own, asking) = gateway.meter.told(renewal);
        let (there, back) = self.fate.take().unwrap_or((WAY, WAY));
        let commits = (there % 3 != 1).then_some(self.now + there);
        let answers = commits.filter(|_| back % 3 != 1).map(|at| at + back);
        gateway.write = Some(Write {
            of: gateway.id,
            number: gateway.written,
            own,
            asking,
            composed,
            commits,
            answers,
            given_up: self.now + PATIENCE,
            leased: None,
        });
    }

    /// It reaches the upstream somewhere between now and its end.
    fn goes(&mut self, of: usize, turn: Turn, lasts: u64) {
        self.granted += 1;
        let end = self.now + lasts;
        if !end.is_multiple_of(7) {
            self.calls.push(self.now + lasts / 2);
        }
        self.gateways[of].under_way.push((end, turn));
    }

    /// A call comes to a gateway.
    fn call(&mut self, of: usize, lasts: u64) -> Option<Entry> {
        let patience = if self.is_paced { 25_000 } else { 0 };
        let gateway = &mut self.gateways[of];
        if gateway.stalled > self.now {
            return None;
        }
        let mono = self.now - gateway.born + WINDOW_MS;
        let entry = gateway.meter.enter(None, patience, mono, || ());
        match entry {
            Entry::Granted { turn, low, .. } => {
                self.goes(of, turn, lasts);
                if low {
                    self.ask(of);
                }
                None
            }
            Entry::Dry => {
                self.ask(of);
                Some(Entry::Dry)
            }
            entry => Some(entry),
        }
    }

    /// One that waits for the ledger, if that is what there is to wait for.
    fn call_and_wait(&mut self, of: usize, lasts: u64) -> Option<Entry> {
        let mut entry = self.call(of, lasts);
        for _ in 0..4 {
            if !matches!(entry, Some(Entry::Dry)) {
                break;
            }
            self.pass(self.now + 2 * WAY);
            entry = self.call(of, lasts);
        }
        entry
    }

    /// So many calls come to each of these gateways at once, and again when there is what they asked for.
    fn burst(&mut self, to: Range<usize>, calls: u32, lasts: u64) {
        self.calls(to.clone(), calls, lasts);
        self.pass(self.now + 2 * WAY);
        self.calls(to, calls, lasts);
    }

    /// So many calls come to each of these gateways at once.
    fn calls(&mut self, to: Range<usize>, calls: u32, lasts: u64) {
        for of in to {
            for _ in 0..calls {
                self.call(of, lasts);
            }
        }
    }

    fn assert_no_minute_holds_more(&mut self) -> Result<(), TestCaseError> {
        self.calls.sort_unstable();
        let mut first = 0;
        for (index, call) in self.calls.iter().enumerate() {
            while self.calls[first] + WINDOW_MS <= *call {
                first += 1;
            }
            let inside = index - first + 1;
            prop_assert!(
                inside <= self.limit as usize,
                "{inside} calls in one minute, limit {}",
                self.limit
            );
        }
        Ok(())
    }
}

#[test]
fn what_was_leased_is_void_by_the_time_that_others_have_it() {
    let mut world = World::new(10, false);
    assert!(matches!(world.call(0, 0), Some(Entry::Dry)));
    world.pass(world.now + 2 * WAY);
    let stalled = world.now + 130_000;
    world.gateways[0].stalled = stalled;
    world.gateways[0].looks = stalled + LOOK;
    for (until, granted) in [(stalled - 70_000, 9), (stalled - 3_000, 10)] {
        world.pass(until);
        world.granted = 0;
        while world.call_and_wait(1, 100).is_none() {}
        assert_eq!(world.granted, granted);
    }
    world.pass(stalled);
    assert!(matches!(world.call(0, 100), Some(Entry::Dry)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Rule 6 over several gateways: whatever comes, whichever is killed, stalls or is cut off, whatever gets lost or comes
    /// late, and whatever one kind of clock shows, no 60 seconds hold more calls than the limit.
    #[test]
    fn rule_6_several_gateways_never_grant_more(
        limit in prop_oneof![9 => 1_u32..12, 6 => 12_u32..100, 1 => 1_000_u32..1_020],
        is_paced in any::<bool>(),
        is_of_walls in any::<bool>(),
        steps in prop::collection::vec(
            (0_u64..1_500, 0_usize..3, 0_u8..40, 0_u64..200_000, 0_u64..4_000),
            1..120,
        ),
    ) {
        let mut world = World::new(limit, is_paced);
        for (gap, of, fate, long, way) in steps {
            world.pass(world.now + gap);
            let now = world.now;
            let wall = world.gateways[of].wall;
            match fate {
                0 => world.kill(of, if is_of_walls { long * 100 } else { wall }),
                1 => world.gateways[of].stalled = now + long,
                2 => world.gateways[of].cut = now + long / 4,
                3 if is_of_walls => world.gateways[of].wall = long * 100,
                3 => world.rows.clock = long * 10,
                4..10 => world.fate = Some((way, way / 7)),
                10 => world.gateways[of].meter.forfeit(),
                11 => {
                    let mono = now - world.gateways[of].born + WINDOW_MS;
                    world.gateways[of].meter.hold(long / 2, wall, mono);
                    world.ask(of);
                }
                12..15 => {
                    // Something is leased, and nothing heard of it for so long that others have it.
                    world.calls(of..of + 1, limit / 2 + 1, 0);
                    world.pass(now + 2 * WAY);
                    let stalled = world.now + 120_000 + long / 8;
                    world.gateways[of].stalled = stalled;
                    world.gateways[of].looks = stalled + LOOK;
                    world.pass(stalled - 3_000);
                    world.burst(0..3, limit, long % 2_000);
                    world.pass(stalled);
                    world.calls(of..of + 1, limit, long % 2_000);
                }
                15..27 => world.burst(of..of + 1, 1 + limit / 10, long % 30_000),
                _ => world.burst(0..3, limit, long % 30_000),
            }
        }
        world.assert_no_minute_holds_more()?;
    }

    /// Nothing lies idle: where nothing fails and somebody always wants to call, somewhere, a free slot is used within a
    /// second.
    #[test]
    fn no_slot_is_free_for_long_while_somebody_wants_one(
        limit in prop_oneof![9 => 1_u32..12, 6 => 12_u32..100, 1 => 1_000_u32..1_020],
        where_to in prop::collection::vec((1_u8..8, 0_u64..3_000), 20..60),
    ) {
        // A pace would hold back what is free.
        let mut world = World::new(limit, false);
        let mut free_since = world.now;
        let mut granted = 0;
        for (to, lasts) in where_to {
            // For a while calls come to these gateways.
            for _ in 0..50 {
                world.pass(world.now + 100);
                for of in (0..3).filter(|of| to & (1 << of) != 0) {
                    while world.call_and_wait(of, lasts).is_none() {}
                }
                let now = world.now;
                let under_way: usize = world.gateways.iter().map(|it| it.under_way.len()).sum();
                let of_late: u32 = world.gateways.iter_mut().map(|gateway| {
                    let mono = now - gateway.born + WINDOW_MS;
                    let window = gateway.meter.schedule.window();
                    window.remaining(0, mono);
                    window.held_here() - window.in_flight()
                }).sum();
                let held = of_late + u32::try_from(under_way).unwrap();
                prop_assert!(held <= limit);
                if held == limit || world.granted > granted {
                    free_since = now;
                }
                granted = world.granted;
                prop_assert!(
                    now - free_since <= 1_000,
                    "{held} of {limit} held for {} ms, asked at {to:b}",
                    now - free_since
                );
            }
        }
        world.assert_no_minute_holds_more()?;
    }
}
