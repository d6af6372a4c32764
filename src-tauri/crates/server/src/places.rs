//! Who may be connected: so many at a time, and nobody more than half of them.
//!
//! A connection belongs to the address that it comes from until it has shown a good key or session, from then on to
//! the holder of that. Where everybody comes from one address, behind a proxy or on one machine, only what was shown
//! tells them apart. When there is no room, whoever waits longest for a request to make gives way, first one that has
//! shown nothing: silence keeps nobody out.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The connection of a request, for its service to say whose it is. The listener puts it on every request.
#[derive(Debug, Clone)]
pub struct Connected(Weak<Place>);

impl Connected {
    /// The request came with a good credential of this holder's. To be said before its body is awaited: a connection that
    /// is nobody's yet is in the way of everybody at its address.
    pub fn belongs_to(&self, holder: Uuid) {
        if let Some(place) = self.0.upgrade() {
            place.prove(holder);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Holder {
    Address(IpAddr),
    Known(Uuid),
}

impl Holder {
    fn at(address: IpAddr) -> Self {
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

/// The places of a listener. Clones are one.
#[derive(Debug, Clone)]
pub(crate) struct Places(Arc<Hall>);

#[derive(Debug)]
struct Hall {
    room: Mutex<Room>,
    /// Counts arrivals and ends of requests: what happened before what.
    moment: AtomicU64,
}

#[derive(Debug)]
struct Room {
    capacity: usize,
    taken: HashMap<u64, Arc<Seat>>,
    /// How many each has of them: behind a proxy, connections change hands with every request.
    held: HashMap<Holder, usize>,
}

/// What a request changes is its connection's alone: it waits for no other's. Locked after the room wherever both are.
#[derive(Debug)]
struct Seat {
    sitting: Mutex<Sitting>,
    displaced: CancellationToken,
}

#[derive(Debug, Clone, Copy)]
struct Sitting {
    holder: Holder,
    /// Since when it may have to give way; none while it makes a request.
    idle: Option<u64>,
    is_displaced: bool,
}

impl Places {
    pub(crate) fn new(capacity: usize) -> Self {
        Self(Arc::new(Hall {
            room: Mutex::new(Room {
                capacity,
                taken: HashMap::new(),
                held: HashMap::new(),
            }),
            moment: AtomicU64::default(),
        }))
    }

    /// A place for a connection from `address`, if need be in another's stead; `None` when all that could give way are
    /// making requests.
    pub(crate) fn enter(&self, address: IpAddr) -> Option<Place> {
        let holder = Holder::at(address);
        let mut room = self.room();
        let has_room = if room.is_half(holder) {
            room.displace(|other| other == holder)
        } else {
            room.taken.len() < room.capacity
                || room.displace(|other| matches!(other, Holder::Address(_)))
                || room.displace(|_| true)
        };
        if !has_room {
            return None;
        }
        let number = self.tick();
        let seat = Arc::new(Seat {
            sitting: Mutex::new(Sitting {
                holder,
                idle: Some(number),
                is_displaced: false,
            }),
            displaced: CancellationToken::new(),
        });
        room.taken.insert(number, seat.clone());
        room.add(holder);
        Some(Place {
            places: self.clone(),
            number,
            seat,
        })
    }

    fn tick(&self) -> u64 {
        self.0.moment.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        lock(&self.0.room)
    }
}

impl Room {
    fn is_half(&self, holder: Holder) -> bool {
        let theirs = self.held.get(&holder).copied().unwrap_or_default();
        theirs >= self.capacity.div_ceil(2)
    }

    fn add(&mut self, holder: Holder) {
        *self.held.entry(holder).or_default() += 1;
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
    fn remove(&mut self, number: u64) {
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

impl Seat {
    fn gives_way_since(&self, idle: u64) -> bool {
        let mut sitting = self.sitting();
        sitting.is_displaced = sitting.idle == Some(idle);
        if sitting.is_displaced {
            self.displaced.cancel();
        }
        sitting.is_displaced
    }

    fn sitting(&self) -> MutexGuard<'_, Sitting> {
        lock(&self.sitting)
    }
}

/// Nothing in a critical section can panic half-way.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The place of one connection, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    number: u64,
    seat: Arc<Seat>,
}

impl Place {
    /// Comes back when another connection needs the place.
    pub(crate) async fn displaced(&self) {
        self.seat.displaced.cancelled().await;
    }

    /// A request begins, and lasts until what this gives is dropped; `None` when another connection has the place.
    pub(crate) fn request(self: &Arc<Self>) -> Option<InRequest> {
        let mut sitting = self.seat.sitting();
        if sitting.is_displaced {
            return None;
        }
        sitting.idle = None;
        Some(InRequest(self.clone()))
    }

    /// What a service hears of it.
    pub(crate) fn connected(self: &Arc<Self>) -> Connected {
        Connected(Arc::downgrade(self))
    }

    /// The connection has shown whose it is. When that holder has half of the places without it, it gives way from now on.
    fn prove(&self, holder: Uuid) {
        let holder = Holder::Known(holder);
        if self.seat.sitting().holder == holder {
            return;
        }
        let mut room = self.places.room();
        let mut sitting = self.seat.sitting();
        if sitting.is_displaced {
            return;
        }
        if room.is_half(holder) {
            sitting.idle = Some(self.places.tick());
        } else {
            room.subtract(std::mem::replace(&mut sitting.holder, holder));
            room.add(holder);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.room().remove(self.number);
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct InRequest(Arc<Place>);

impl InRequest {
    /// Whether its connection has to end with it: its holder has half of the places without it.
    pub(crate) fn is_last(&self) -> bool {
        let sitting = self.0.seat.sitting();
        sitting.is_displaced || sitting.idle.is_some()
    }
}

impl Drop for InRequest {
    fn drop(&mut self) {
        let Self(place) = self;
        place.seat.sitting().idle = Some(place.places.tick());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SELF: &str = "127.0.0.1";

    fn enter(places: &Places, address: &str) -> Option<Arc<Place>> {
        places.enter(address.parse().unwrap()).map(Arc::new)
    }

    fn many(places: &Places, address: &str, count: usize) -> Vec<Arc<Place>> {
        let enter = || enter(places, address).unwrap();
        std::iter::repeat_with(enter).take(count).collect()
    }

    fn displaced(of: &[Arc<Place>]) -> Vec<usize> {
        let numbered = of.iter().enumerate();
        numbered
            .filter(|(_, place)| place.seat.displaced.is_cancelled())
            .map(|(number, _)| number)
            .collect()
    }

    #[test]
    fn an_address_that_shows_nothing_has_half_of_the_places() {
        let places = Places::new(8);
        let silent = many(&places, "192.0.2.1", 9);
        assert_eq!(displaced(&silent), [0, 1, 2, 3, 4], "the oldest gave way");
        let others = many(&places, "192.0.2.2", 4);
        assert!(displaced(&others).is_empty());
        assert_eq!(displaced(&silent).len(), 5, "there was room");
        // A whole network is one address.
        let near = many(&places, "2001:db8::1", 1);
        let next = many(&places, "2001:db8::2", 4);
        assert_eq!((displaced(&near), displaced(&next)), (vec![0], vec![]));
    }

    #[test]
    fn whoever_has_shown_a_good_key_is_not_counted_with_the_rest() {
        let places = Places::new(8);
        let silent = many(&places, SELF, 4);
        let shown = enter(&places, SELF).unwrap();
        assert_eq!(displaced(&silent), [0]);
        let key = Uuid::from_u128(1);
        shown.prove(key);
        shown.prove(key);
        let more = many(&places, SELF, 100);
        assert_eq!(displaced(std::slice::from_ref(&shown)), [0; 0]);
        assert_eq!(displaced(&silent), [0, 1, 2, 3]);

        // It has half of them, too, and no more: what it has beyond gives way even in a request.
        let last = &more[96..];
        let requests: Vec<_> = last.iter().map(|place| place.request().unwrap()).collect();
        for place in last {
            place.prove(key);
        }
        let ending: Vec<_> = requests.iter().map(InRequest::is_last).collect();
        assert_eq!(ending, [false, false, false, true]);
        let others = many(&places, SELF, 4);
        assert_eq!((displaced(last), displaced(&others)), (vec![3], vec![]));
        assert!(last[3].request().is_none(), "it has no place");
    }

    #[test]
    fn those_that_make_requests_do_not_give_way_and_the_longest_idle_does() {
        let places = Places::new(4);
        let at_work = many(&places, SELF, 2);
        let requests: Vec<_> = at_work
            .iter()
            .map(|place| place.request().unwrap())
            .collect();
        assert!(enter(&places, SELF).is_none(), "nobody can give way");
        let other = enter(&places, "192.0.2.1").unwrap();
        drop(requests);
        let again = at_work[0].request().unwrap();
        let new = enter(&places, SELF).unwrap();
        assert_eq!(displaced(&at_work), [1]);
        drop((other, new));
        assert_eq!(places.room().taken.len(), 1);
        drop(at_work);
        drop(again);
        let room = places.room();
        assert!(room.taken.is_empty() && room.held.is_empty());
    }

    #[test]
    fn in_a_full_room_the_unknown_give_way_before_the_known() {
        let places = Places::new(4);
        let known = many(&places, "192.0.2.1", 2);
        for (place, who) in known.iter().zip(1..) {
            place.connected().belongs_to(Uuid::from_u128(who));
        }
        let unknown = many(&places, "192.0.2.2", 2);
        let third = enter(&places, "192.0.2.3").unwrap();
        assert_eq!((displaced(&known), displaced(&unknown)), (vec![], vec![0]));
        let _busy = [&unknown[1], &third].map(|place| place.request().unwrap());
        let _fourth = enter(&places, "192.0.2.4").unwrap();
        assert_eq!(displaced(&known), [0], "and then they do");
    }
}
