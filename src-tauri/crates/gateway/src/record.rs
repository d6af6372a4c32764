//! When each key was last used, for what, by what and from where: noted in memory on every call, written in batches. A
//! crash may lose a few seconds of it, never anything else.
//!
//! A call notes into a map of its own, which is swapped for an empty one before anything is made of it: no call waits
//! for a list to be gone through.

use std::collections::HashSet;
use std::iter;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gardien_domain::{ByKey, KeyId, LastUse, NotedUse, Operation, PreviousUse, SecretDigest};
use jiff::Timestamp;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::client;
use crate::clock::Clock;
use crate::ledger::Ledger;

mod gathering;

use gathering::Gathering;

/// One call that was granted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Use<'a> {
    pub(crate) key: KeyId,
    pub(crate) operation: &'static Operation,
    /// What the client calls itself, whatever that is.
    pub(crate) client: Option<&'a str>,
    pub(crate) address: Option<IpAddr>,
    /// The secret that it came with, unless that is the key's present one.
    pub(crate) replaced: Option<SecretDigest>,
    pub(crate) at: Timestamp,
}

/// A key that called in the last minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calling {
    /// Which.
    pub key: KeyId,
    /// What its client calls itself.
    pub client: Option<String>,
    /// When it called last.
    pub last_at: Timestamp,
    /// How often it did within a minute.
    pub calls: u32,
}

#[derive(Debug)]
pub(crate) struct Uses {
    noted: Mutex<Notes>,
    /// Taken before `noted` wherever both are.
    gathered: Mutex<Gathering>,
    ledger: Arc<dyn Ledger>,
}

/// What keys did since it was last gathered.
#[derive(Debug, Default)]
struct Notes {
    by_key: ByKey<Noted>,
    names: Names,
}

/// What clients call themselves that called lately: there are many keys, and few programs.
#[derive(Debug, Default)]
struct Names(HashSet<Arc<str>>);

/// Keys whose uses are written at once, and how long nothing is written then.
const AT_ONCE: usize = 200;
const PAUSE: Duration = Duration::from_millis(10);

/// Names that are remembered.
const NAMES: usize = 64;

/// What a key did last, and how often it called since that was last gathered.
#[derive(Debug)]
struct Noted {
    at: Timestamp,
    operation: &'static Operation,
    /// `None`: it does not say.
    client: Option<Arc<str>>,
    address: Option<IpAddr>,
    previous: Box<[PreviousUse]>,
    calls: u32,
}

// Every key that calls has one.
const _: () = assert!(size_of::<Noted>() <= 80);

impl Uses {
    pub(crate) fn new(ledger: Arc<dyn Ledger>) -> Self {
        Self {
            noted: Mutex::default(),
            gathered: Mutex::default(),
            ledger,
        }
    }

    pub(crate) fn note(&self, call: Use<'_>) {
        let mut noted = lock(&self.noted);
        let Notes { by_key, names } = &mut *noted;
        let known = by_key.entry(call.key).or_insert_with(|| Noted {
            at: call.at,
            operation: call.operation,
            client: None,
            address: call.address,
            previous: Box::default(),
            calls: 0,
        });
        known.calls += 1;
        if let Some(digest) = call.replaced {
            let at = call.at;
            note_previous(&mut known.previous, PreviousUse { digest, at });
        }
        // Calls that waited for the ledger are noted late.
        if known.at <= call.at {
            known.at = call.at;
            known.operation = call.operation;
            known.address = call.address;
            // Almost always it is the one before, which was looked at already.
            if known.client.as_deref() != call.client {
                known.client = call.client.and_then(|client| names.shown(client));
            }
        }
    }

    /// Writes every few seconds, until `stop`.
    pub(crate) async fn keep_writing(
        self: Arc<Self>,
        every: Duration,
        clock: Clock,
        stop: CancellationToken,
    ) {
        let mut tick = interval(every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => self.write(clock.wall(), &stop).await,
            }
        }
    }

    /// Writes what was noted since the last time, a few keys at a time: no call waits for the processor longer than these
    /// take, and no change for the database. Not once it is to `stop`: then somebody waits for the end. What cannot be
    /// written is tried again with the next batch.
    pub(crate) async fn write(&self, now: Timestamp, stop: &CancellationToken) {
        let keys = self.gather().begin_writing(now);
        let mut left = &keys[..];
        while !left.is_empty() {
            let (keys, rest) = left.split_at(left.len().min(AT_ONCE));
            let batch = lock(&self.gathered).take_unwritten(keys);
            if let Err(error) = self.ledger.record_uses(batch).await {
                tracing::warn!(error, keys = left.len(), "last uses cannot be written yet");
                lock(&self.gathered).not_written(keys, rest);
                return;
            }
            left = rest;
            stop.run_until_cancelled(sleep(PAUSE)).await;
        }
    }

    /// What was noted since it was last asked.
    pub(crate) fn untold(&self) -> Vec<NotedUse> {
        self.gather().take_untold()
    }

    /// How many keys were used since that was last written.
    pub(crate) fn unwritten(&self) -> usize {
        self.gather().unwritten()
    }

    /// Keys that called in the minute before `now`.
    pub(crate) fn calling(&self, now: Timestamp) -> Vec<Calling> {
        self.gather().calling(now)
    }

    fn gather(&self) -> MutexGuard<'_, Gathering> {
        let mut gathered = lock(&self.gathered);
        let noted = {
            let noted = &mut lock(&self.noted).by_key;
            // As many will call again: it does not have to grow once more.
            let room = ByKey::with_capacity_and_hasher(noted.len(), Default::default());
            std::mem::replace(noted, room)
        };
        for (key, noted) in noted {
            gathered.add(key, noted);
        }
        gathered
    }
}

impl Names {
    /// A name as it may be shown, shared by those whose it is.
    fn shown(&mut self, name: &str) -> Option<Arc<str>> {
        if let Some(known) = self.0.get(name) {
            return Some(Arc::clone(known));
        }
        let name: Arc<str> = client::shown(name)?.into();
        if self.0.len() == NAMES {
            self.0.clear();
        }
        self.0.insert(Arc::clone(&name));
        Some(name)
    }
}

impl Noted {
    fn of(&self, key: KeyId) -> NotedUse {
        NotedUse {
            key,
            last: LastUse {
                at: self.at,
                operation: self.operation.id.to_owned(),
                client: self.client.as_deref().map(str::to_owned),
                address: self.address,
            },
            previous: self.previous.to_vec(),
        }
    }
}

/// A key has two secrets that were replaced at most: of a third, the key has changed since.
fn note_previous(noted: &mut Box<[PreviousUse]>, previous: PreviousUse) {
    let others = noted.iter().filter(|known| known.digest != previous.digest);
    *noted = iter::once(&previous)
        .chain(others)
        .take(2)
        .copied()
        .collect();
}

/// Nothing in a critical section can panic half-way.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
