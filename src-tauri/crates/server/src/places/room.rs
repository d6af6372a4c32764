//! How many places each holder has, and who gives way.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use foldhash::fast::RandomState;
use uuid::Uuid;

use super::Seat;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Holder {
    Address(IpAddr),
    Known(Uuid),
}

impl Holder {
    pub(super) fn at(address: IpAddr) -> Self {
        Self::Address(match address {
            IpAddr::V4(_) => address,
            // Whoever has one address there has the whole network that it is in.
            IpAddr::V6(address) => {
                let network = u128::from(address) & !u128::from(u64::MAX);
                Ipv6Addr::from(network).into()
            }
        })
    }
}

#[derive(Debug)]
pub(super) struct Room {
    capacity: usize,
    pub(super) taken: HashMap<u64, Arc<Seat>>,
    /// How many each has of them: behind a proxy, connections change hands with every request.
    pub(super) held: HashMap<Holder, usize, RandomState>,
}

impl Room {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            taken: HashMap::new(),
            held: HashMap::default(),
        }
    }

    /// Whether there is a place for a connection of this holder's, if need be because another gives way.
    pub(super) fn has_place_for(&mut self, holder: Holder) -> bool {
        let theirs = self.held.get(&holder).copied().unwrap_or_default();
        if theirs >= self.half() {
            return self.displace(|other| other == holder);
        }
        self.taken.len() < self.capacity
            || self.displace(|other| matches!(other, Holder::Address(_)))
            || self.displace(|_| true)
    }

    pub(super) fn take(&mut self, number: u64, seat: Arc<Seat>, holder: Holder) {
        self.taken.insert(number, seat);
        *self.held.entry(holder).or_default() += 1;
    }

    /// Whether a place is this holder's from now on: not when that has half of them without it.
    pub(super) fn hand_over(&mut self, from: Holder, to: Holder) -> bool {
        let half = self.half();
        let theirs = self.held.entry(to).or_default();
        let has_room = *theirs < half;
        if has_room {
            *theirs += 1;
            self.subtract(from);
        }
        has_room
    }

    fn half(&self) -> usize {
        self.capacity.div_ceil(2)
    }

    fn subtract(&mut self, holder: Holder) {
        if let Entry::Occupied(mut held) = self.held.entry(holder) {
            *held.get_mut() -= 1;
            if *held.get() == 0 {
                held.remove();
            }
        }
    }

    /// Takes a place away from whoever has it, unless that was done before.
    pub(super) fn remove(&mut self, number: u64) {
        if let Some(seat) = self.taken.remove(&number) {
            let holder = seat.sitting().holder;
            self.subtract(holder);
        }
    }

    /// Whether one of those gave way: whoever makes no request for the longest time.
    fn displace(&mut self, of: impl Fn(Holder) -> bool) -> bool {
        loop {
            let sitting = self.taken.iter().filter_map(|(number, seat)| {
                let sitting = seat.sitting();
                let idle = sitting.idle.filter(|_| of(sitting.holder))?;
                Some((idle, *number))
            });
            let Some((idle, number)) = sitting.min() else {
                return false;
            };
            // Unless it has just begun a request.
            if self.taken[&number].gives_way_since(idle) {
                self.remove(number);
                return true;
            }
        }
    }
}
