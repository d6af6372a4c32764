//! Gateways, their database and those who wait for what they changed, in every order that a network and clocks can bring
//! about, for however long. The rules are those above; the rest is here.
//!
//! A message that is lost is one that is never delivered. A process that ends does nothing any more, and the one that is
//! started in its place is another gateway, without a lease.
//!
//! What is less than in the world: a term has three ticks, each gateway sends few renewals, and several gateways are looked
//! at less closely than one. No more is needed to find each of the flaws below, and what is said of a change is said of each
//! gateway by itself.

use std::hash::{DefaultHasher, Hash, Hasher};

use stateright::{Checker, Model, Property};

use super::{Acknowledgement, Held, Lease, Renewal, Terms};

/// In ticks, so few that the margin is one.
const TERMS: Terms = Terms { term: 3, margin: 1 };

/// Of a whole tick, where clocks do not differ.
const ONE_TICK: Terms = Terms { term: 1, margin: 0 };

/// What every clock shows. When time passes, what they have noted moves into the past instead, until it does not matter how
/// long ago it was: so the states are as many for however long it goes on.
const NOW: u64 = TERMS.term;

/// What is explored, and how far.
#[derive(Debug, Clone, Copy)]
struct Leases {
    gateways: usize,
    changes: usize,
    /// That each gateway sends.
    renewals: usize,
    /// That may be waited for at a time.
    waits: usize,
    /// Whether messages are late, clocks go slow, leases are given back, changes are applied one at a time, and the
    /// database and those who wait are held up between any two steps. If not, messages come at once or never.
    closely: bool,
    flaw: Flaw,
}

/// What is done wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    /// The clock of a gateway loses more than the margin in a term.
    SlowClock,
    /// The newest revision is read before the row is written.
    ReadsFirst,
    /// Nothing has to be applied for a lease.
    GrantsAtOnce,
    /// Nothing has to be applied for a lease whose row was held until it was renewed.
    GrantsIfHeld,
    /// A row is let go of although its gateway has renewed its lease since.
    Unguarded,
    /// Who gives a lease back goes on to grant by it.
    GrantsOn,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    /// The newest revision.
    newest: usize,
    gateways: Vec<Gateway>,
    /// What became of the changes, the first in front.
    waits: Vec<Wait>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Gateway {
    /// Ticks since its clock lost one, no more than matter.
    steady: u64,
    lease: Option<Lease>,
    row: Row,
    renewals: Vec<Message>,
    gives_back: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Row {
    term: u64,
    revision: u64,
    renewals: u64,
    held: bool,
}

/// Where a renewal is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Message {
    Sent(Renewal),
    /// Between the two things that the database does for it; and what it is answered, if that is known.
    Begun(Renewal, Option<u64>),
    Answered(Renewal, u64),
    Over,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Wait {
    Committed,
    Looked(Acknowledgement<usize>),
    /// And whose rows are to be let go of.
    Acknowledged(Vec<(usize, u64)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    /// Time passes. The clocks of the gateways whose bit is set do not see it.
    Tick(u32),
    Commit,
    Apply(usize),
    /// And whether its answer is heard, where that is at once or never.
    Renew(usize, bool),
    /// The database gets a step further with a renewal.
    Serve(usize, usize),
    Hear(usize, usize),
    GiveBack(usize),
    TakeBack(usize),
    /// Whoever waits for a change reads the rows.
    Look(usize),
    LetGo(usize, usize),
}

impl Gateway {
    fn new(terms: Terms) -> Self {
        Self {
            steady: TERMS.term - 1,
            lease: Some(Lease::new(terms, 0)),
            row: Row {
                term: terms.term,
                revision: 0,
                renewals: 0,
                held: false,
            },
            renewals: Vec::new(),
            gives_back: false,
        }
    }

    fn grants(&self) -> bool {
        let holds = |lease: &Lease| lease.holds(NOW);
        self.lease.as_ref().is_some_and(holds)
    }

    fn lacks(&self, revision: usize) -> bool {
        let lacks = |lease: &Lease| lease.applied < revision as u64;
        self.lease.as_ref().is_some_and(lacks)
    }

    fn hear(&mut self, index: usize) {
        if let (Some(lease), Message::Answered(renewal, newest)) =
            (&mut self.lease, &self.renewals[index])
        {
            lease.renewed(*renewal, *newest);
            self.renewals[index] = Message::Over;
        }
    }

    /// What makes no difference any more. `renewals` are those that each gateway sends.
    fn forget(&mut self, renewals: usize) {
        let over = |message: &Message| *message == Message::Over;
        let all_over = self.renewals.len() == renewals && self.renewals.iter().all(over);
        if let Some(lease) = &mut self.lease {
            if lease.told <= lease.applied {
                lease.told = 0;
            }
            if lease.then_until <= lease.until {
                lease.then_until = 0;
            }
            if all_over && lease.until == 0 && lease.then_until == 0 {
                self.lease = None;
            }
        } else {
            for message in &mut self.renewals {
                if let Message::Answered(..) = message {
                    *message = Message::Over;
                }
            }
        }
    }

    /// A tick of its clock.
    fn pass(&mut self) {
        if let Some(lease) = &mut self.lease {
            pass(&mut lease.until, NOW);
            pass(&mut lease.then_until, NOW);
        }
        for message in &mut self.renewals {
            if let Message::Sent(renewal)
            | Message::Begun(renewal, _)
            | Message::Answered(renewal, _) = message
            {
                pass(&mut renewal.sent, NOW - (TERMS.term - TERMS.margin));
            }
        }
    }

    fn write(&mut self, renewal: Renewal) {
        self.row = Row {
            term: self.row.term,
            revision: self.row.revision.max(renewal.applied),
            renewals: self.row.renewals.max(renewal.number),
            held: true,
        };
    }
}

impl State {
    /// The held rows that do not show the change.
    fn held_below(&self, revision: usize) -> Vec<Held<usize>> {
        let rows = self.gateways.iter().map(|gateway| &gateway.row).enumerate();
        rows.filter(|(_, row)| row.held && row.revision < revision as u64)
            .map(|(gateway, row)| Held {
                gateway,
                renewals: row.renewals,
                term: row.term,
            })
            .collect()
    }

    fn look(&mut self, revision: usize) {
        let held = self.held_below(revision);
        let wait = &mut self.waits[revision - 1];
        let acknowledgement = match wait {
            Wait::Committed => Acknowledgement::new(held, NOW),
            Wait::Looked(acknowledgement) => {
                let mut acknowledgement = acknowledgement.clone();
                acknowledgement.looked(held);
                acknowledgement
            }
            Wait::Acknowledged(_) => return,
        };
        *wait = if acknowledgement.is_done(NOW) {
            Wait::Acknowledged(acknowledgement.run_out(NOW).collect())
        } else {
            Wait::Looked(acknowledgement)
        };
    }

    /// Which gateway is which does not matter.
    fn simplify(&mut self, renewals: usize) {
        for gateway in &mut self.gateways {
            gateway.forget(renewals);
        }
        let hashes: Vec<u64> = self.gateways.iter().map(hash).collect();
        if hashes.is_sorted() {
            return;
        }
        let mut order: Vec<usize> = (0..hashes.len()).collect();
        order.sort_by_key(|index| hashes[*index]);
        let mut places = vec![0; order.len()];
        for (place, index) in order.iter().enumerate() {
            places[*index] = place;
        }
        self.gateways = order
            .iter()
            .map(|index| self.gateways[*index].clone())
            .collect();
        for wait in &mut self.waits {
            match wait {
                Wait::Committed => {}
                Wait::Looked(Acknowledgement { lacking }) => {
                    let moved = std::mem::take(lacking).into_iter();
                    *lacking = moved.map(|(index, wait)| (places[index], wait)).collect();
                }
                Wait::Acknowledged(run_out) => {
                    for (gateway, _) in run_out.iter_mut() {
                        *gateway = places[*gateway];
                    }
                    run_out.sort_unstable();
                }
            }
        }
    }

    fn acknowledged(&self) -> impl Iterator<Item = (usize, &Vec<(usize, u64)>)> {
        let waits = self.waits.iter().enumerate();
        waits.filter_map(|(index, wait)| match wait {
            Wait::Acknowledged(run_out) => Some((index + 1, run_out)),
            _ => None,
        })
    }
}

impl Leases {
    fn serve(&self, state: &mut State, gateway: usize, index: usize) {
        let newest = state.newest as u64;
        let gateway = &mut state.gateways[gateway];
        let next = match gateway.renewals[index] {
            Message::Sent(renewal) => {
                let was_held = gateway.row.held;
                if self.flaw != Flaw::ReadsFirst {
                    gateway.write(renewal);
                }
                let answer = match self.flaw {
                    Flaw::ReadsFirst => Some(newest),
                    Flaw::GrantsAtOnce => Some(0),
                    Flaw::GrantsIfHeld => was_held.then_some(0),
                    _ => None,
                };
                Message::Begun(renewal, answer)
            }
            Message::Begun(renewal, answer) => {
                if self.flaw == Flaw::ReadsFirst {
                    gateway.write(renewal);
                }
                Message::Answered(renewal, answer.unwrap_or(newest))
            }
            Message::Answered(..) | Message::Over => return,
        };
        gateway.renewals[index] = next;
    }

    fn tick(&self, state: &mut State, slow: u32) -> Option<()> {
        // In any term, a clock loses the margin at most.
        let needed = match self.flaw {
            Flaw::SlowClock => 1,
            _ => TERMS.term - 1,
        };
        for (index, gateway) in state.gateways.iter_mut().enumerate() {
            if slow >> index & 1 == 0 {
                gateway.pass();
                gateway.steady = (gateway.steady + 1).min(TERMS.term - 1);
            } else if gateway.steady >= needed {
                gateway.steady = 0;
            } else {
                return None;
            }
        }
        for wait in &mut state.waits {
            if let Wait::Looked(Acknowledgement { lacking }) = wait {
                lacking.values_mut().for_each(|(_, until)| pass(until, NOW));
            }
        }
        Some(())
    }

    fn act(&self, state: &mut State, action: Action) -> Option<()> {
        match action {
            Action::Tick(slow) => self.tick(state, slow)?,
            Action::Commit => {
                state.newest += 1;
                state.waits.push(Wait::Committed);
                if !self.closely {
                    state.look(state.newest);
                }
            }
            Action::Apply(gateway) => {
                let lease = state.gateways[gateway].lease.as_mut()?;
                let newest = state.newest as u64;
                let next = lease.applied + 1;
                lease.applied(if self.closely { next } else { newest });
            }
            Action::Renew(gateway, heard) => {
                let renewing = &mut state.gateways[gateway];
                let renewal = renewing.lease.as_mut()?.renew(NOW)?;
                let index = renewing.renewals.len();
                renewing.renewals.push(Message::Sent(renewal));
                if !self.closely {
                    self.serve(state, gateway, index);
                    self.serve(state, gateway, index);
                    if heard {
                        state.gateways[gateway].hear(index);
                    } else {
                        state.gateways[gateway].renewals[index] = Message::Over;
                    }
                }
            }
            Action::Serve(gateway, index) => self.serve(state, gateway, index),
            Action::Hear(gateway, index) => state.gateways[gateway].hear(index),
            Action::GiveBack(gateway) => {
                let gateway = &mut state.gateways[gateway];
                gateway.lease.as_ref()?;
                gateway.gives_back = true;
                if self.flaw != Flaw::GrantsOn {
                    gateway.lease = None;
                }
            }
            Action::TakeBack(gateway) => {
                state.gateways[gateway].gives_back = false;
                state.gateways[gateway].row.held = false;
            }
            Action::Look(revision) => state.look(revision),
            Action::LetGo(revision, index) => {
                let Wait::Acknowledged(run_out) = &state.waits[revision - 1] else {
                    return None;
                };
                let (gateway, renewals) = *run_out.get(index)?;
                let row = &mut state.gateways[gateway].row;
                if row.renewals == renewals || self.flaw == Flaw::Unguarded {
                    row.held = false;
                }
            }
        }
        Some(())
    }
}

impl Model for Leases {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let terms = if self.closely { TERMS } else { ONE_TICK };
        vec![State {
            newest: 0,
            gateways: vec![Gateway::new(terms); self.gateways],
            waits: Vec::new(),
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let slow = if self.closely { self.gateways } else { 0 };
        actions.extend((0..1 << slow).map(Action::Tick));
        let waits = state.newest - state.acknowledged().count();
        if state.newest < self.changes && waits < self.waits {
            actions.push(Action::Commit);
        }
        for (index, wait) in state.waits.iter().enumerate() {
            match wait {
                Wait::Acknowledged(run_out) => {
                    let each = 0..run_out.len();
                    actions.extend(each.map(|gateway| Action::LetGo(index + 1, gateway)));
                }
                _ => actions.push(Action::Look(index + 1)),
            }
        }
        for (index, gateway) in state.gateways.iter().enumerate() {
            if gateway.lacks(state.newest) {
                actions.push(Action::Apply(index));
            }
            if gateway.lease.is_some() {
                if gateway.renewals.len() < self.renewals {
                    actions.push(Action::Renew(index, true));
                    if !self.closely {
                        actions.push(Action::Renew(index, false));
                    }
                }
                if self.closely {
                    actions.push(Action::GiveBack(index));
                }
            }
            if gateway.gives_back {
                actions.push(Action::TakeBack(index));
            }
            for (number, message) in gateway.renewals.iter().enumerate() {
                match message {
                    Message::Sent(_) | Message::Begun(..) => {
                        actions.push(Action::Serve(index, number));
                    }
                    Message::Answered(..) => actions.push(Action::Hear(index, number)),
                    Message::Over => {}
                }
            }
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        self.act(&mut state, action)?;
        state.simplify(self.renewals);
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let promise = Property::always(PROMISE, |_, state: &State| {
            state.acknowledged().all(|(revision, _)| {
                let mut gateways = state.gateways.iter();
                !gateways.any(|gateway| gateway.grants() && gateway.lacks(revision))
            })
        });
        if self.flaw != Flaw::None {
            return vec![promise];
        }
        let mut properties = vec![
            promise,
            Property::sometimes("all show it and go on", |_, state: &State| {
                state.acknowledged().any(|(_, run_out)| run_out.is_empty())
                    && state.gateways.iter().all(|gateway| gateway.grants())
            }),
            Property::sometimes("one is cut off", |_, state: &State| {
                state.acknowledged().any(|(_, run_out)| {
                    let mut cut_off = run_out.iter().map(|(index, _)| &state.gateways[*index]);
                    cut_off.any(|gateway| !gateway.row.held)
                })
            }),
        ];
        if self.renewals > 1 {
            properties.push(Property::sometimes("and comes back", |_, state: &State| {
                state.acknowledged().any(|(_, run_out)| {
                    let mut cut_off = run_out.iter().map(|(index, _)| &state.gateways[*index]);
                    cut_off.any(Gateway::grants)
                })
            }));
        }
        properties
    }
}

/// A time that was noted is one tick longer ago. That of one up to `over` does not matter.
fn pass(noted: &mut u64, over: u64) {
    let then = noted.saturating_sub(1);
    *noted = if then > over { then } else { 0 };
}

const PROMISE: &str = "what was acknowledged is in force wherever a call is granted";

fn hash(gateway: &Gateway) -> u64 {
    let mut hasher = DefaultHasher::new();
    gateway.hash(&mut hasher);
    hasher.finish()
}

const ONE: Leases = Leases {
    gateways: 1,
    changes: 2,
    renewals: 2,
    waits: 1,
    closely: true,
    flaw: Flaw::None,
};

fn assert_kept(model: Leases) {
    model.checker().spawn_bfs().join().assert_properties();
}

#[test]
fn one_gateway_keeps_the_promise_whatever_is_late() {
    assert_kept(ONE);
}

#[test]
fn three_gateways_keep_it_of_three_changes_at_a_time() {
    let three = Leases {
        changes: 3,
        renewals: 3,
        waits: 3,
        closely: false,
        ..ONE
    };
    assert_kept(three);
    assert_kept(Leases {
        gateways: 3,
        renewals: 1,
        ..three
    });
}

/// So it is not kept by chance.
#[test]
fn each_flaw_breaks_it() {
    for flaw in [
        Flaw::SlowClock,
        Flaw::ReadsFirst,
        Flaw::GrantsAtOnce,
        Flaw::GrantsIfHeld,
        Flaw::Unguarded,
        Flaw::GrantsOn,
    ] {
        let closely = flaw != Flaw::Unguarded;
        let flawed = Leases {
            closely,
            flaw,
            ..ONE
        };
        let checker = flawed.checker().spawn_bfs().join();
        assert!(checker.discovery(PROMISE).is_some(), "{flaw:?}");
    }
}
