//! Who may be connected: so many at a time, and nobody more than half of them.
//!
//! A connection belongs to the address that it comes from until it has shown a good key or session, from then on to
//! the holder of that. Where everybody comes from one address, behind a proxy or on one machine, only what was shown
//! tells them apart. When there is no room, whoever waits longest for a request to make gives way, first one that has
//! shown nothing: silence keeps nobody out.

mod room;

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::room::{Holder, Room};

/// A connection, for its service to say whose it is.
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

/// The places of a listener. Clones are one.
#[derive(Debug, Clone)]
pub(crate) struct Places(Arc<Hall>);

#[derive(Debug)]
struct Hall {
    room: Mutex<Room>,
    /// Counts arrivals and ends of requests: what happened before what.
    moment: AtomicU64,
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
            room: Mutex::new(Room::new(capacity)),
            moment: AtomicU64::default(),
        }))
    }

    /// A place for a connection from `address`, if need be in another's stead; `None` when all that could give way are
    /// making requests.
    pub(crate) fn enter(&self, address: IpAddr) -> Option<Place> {
        let holder = Holder::at(address);
        let mut room = self.room();
        if !room.has_place_for(holder) {
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
        room.take(number, seat.clone(), holder);
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
        if room.hand_over(sitting.holder, holder) {
            sitting.holder = holder;
        } else {
            sitting.idle = Some(self.places.tick());
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
mod tests;
