//! Who may be connected: so many at a time, and nobody more than half of them.
//!
//! A connection belongs to the address that it comes from until it has shown a good key or session, from then on to
//! the holder of that. Where everybody comes from one address, behind a proxy or on one machine, only what was shown
//! tells them apart. When there is no room, whoever waits longest for a request to make gives way, first one that has
//! shown nothing: silence keeps nobody out.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
pub(crate) struct Places(Arc<Mutex<Room>>);

#[derive(Debug)]
struct Room {
    capacity: usize,
    taken: HashMap<u64, Taken>,
    /// Counts arrivals and ends of requests: what happened before what.
    moment: u64,
}

#[derive(Debug)]
struct Taken {
    holder: Holder,
    /// Since when it may have to give way; none while it makes a request.
    idle: Option<u64>,
    displaced: CancellationToken,
}

impl Places {
    pub(crate) fn new(capacity: usize) -> Self {
        Self(Arc::new(Mutex::new(Room {
            capacity,
            taken: HashMap::new(),
            moment: 0,
        })))
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
        let displaced = CancellationToken::new();
        let number = room.tick();
        room.taken.insert(
            number,
            Taken {
                holder,
                idle: Some(number),
                displaced: displaced.clone(),
            },
        );
        Some(Place {
            places: self.clone(),
            number,
            displaced,
        })
    }

    /// Nothing in a critical section can panic half-way.
    fn room(&self) -> MutexGuard<'_, Room> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    fn tick(&mut self) -> u64 {
        self.moment += 1;
        self.moment
    }

    fn is_half(&self, holder: Holder) -> bool {
        let theirs = self.taken.values().filter(|taken| taken.holder == holder);
        theirs.count() >= self.capacity.div_ceil(2)
    }

    /// Whether one of those gave way: whoever makes no request for the longest time.
    fn displace(&mut self, of: impl Fn(Holder) -> bool) -> bool {
        let theirs = self.taken.iter().filter(|(_, taken)| of(taken.holder));
        let longest = theirs
            .filter_map(|(number, taken)| Some((taken.idle?, *number)))
            .min();
        let displaced = longest.and_then(|(_, number)| self.taken.remove(&number));
        displaced.is_some_and(|taken| {
            taken.displaced.cancel();
            true
        })
    }
}

/// The place of one connection, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    number: u64,
    displaced: CancellationToken,
}

impl Place {
    /// Comes back when another connection needs the place.
    pub(crate) async fn displaced(&self) {
        self.displaced.cancelled().await;
    }

    /// A request begins, and lasts until what this gives is dropped; `None` when another connection has the place.
    pub(crate) fn request(self: &Arc<Self>) -> Option<InRequest> {
        let mut room = self.places.room();
        room.taken.get_mut(&self.number)?.idle = None;
        Some(InRequest(self.clone()))
    }

    /// What a service hears of it.
    pub(crate) fn connected(self: &Arc<Self>) -> Connected {
        Connected(Arc::downgrade(self))
    }

    /// The connection has shown whose it is. When that holder has half of the places without it, it gives way from now on.
    fn prove(&self, holder: Uuid) {
        let holder = Holder::Known(holder);
        let mut room = self.places.room();
        let before = room.taken.get(&self.number).map(|taken| taken.holder);
        if before == Some(holder) {
            return;
        }
        let (has_room, now) = (!room.is_half(holder), room.tick());
        if let Some(taken) = room.taken.get_mut(&self.number) {
            if has_room {
                taken.holder = holder;
            } else {
                taken.idle = Some(now);
            }
        }
    }

    /// Whether it has to end, or has ended: it gives way although it makes a request.
    fn gives_way(&self) -> bool {
        let room = self.places.room();
        let taken = room.taken.get(&self.number);
        taken.is_none_or(|taken| taken.idle.is_some())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.room().taken.remove(&self.number);
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct InRequest(Arc<Place>);

impl InRequest {
    /// Whether its connection has to end with it: its holder has half of the places without it.
    pub(crate) fn is_last(&self) -> bool {
        self.0.gives_way()
    }
}

impl Drop for InRequest {
    fn drop(&mut self) {
        let Self(place) = self;
        let mut room = place.places.room();
        let now = room.tick();
        if let Some(taken) = room.taken.get_mut(&place.number) {
            taken.idle = Some(now);
        }
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
            .filter(|(_, place)| place.displaced.is_cancelled())
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
        assert!(places.room().taken.is_empty());
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
