//! When each key was last used, for what, by what and from where: noted in memory on every call, written in batches. A
//! crash may lose a few seconds of it, never anything else.
//!
//! A call notes into a map of its own, which is swapped for an empty one before anything is made of it: no call waits
//! for a list to be gone through.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gardien_domain::{ByKey, KeyId, LastUse, NotedUse, Operation, PreviousUse, SecretDigest};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::client;
use crate::clock::Clock;
use crate::ledger::Ledger;
use crate::minute::Minute;

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
    noted: Mutex<ByKey<Noted>>,
    /// Taken before `noted` wherever both are.
    gathered: Mutex<ByKey<Gathered>>,
    ledger: Arc<dyn Ledger>,
}

/// What a key did since it was last gathered.
#[derive(Debug)]
struct Noted {
    at: Timestamp,
    operation: &'static str,
    /// Empty: it does not say.
    client: String,
    address: Option<IpAddr>,
    previous: Vec<PreviousUse>,
    calls: u32,
}

/// What a key did in the last minute, and before that as far as it is not written.
#[derive(Debug)]
struct Gathered {
    last: NotedUse,
    minute: Minute,
    written: bool,
    told: bool,
}

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
        let known = noted.entry(call.key).or_insert_with(|| Noted {
            at: call.at,
            operation: call.operation.id,
            client: String::new(),
            address: call.address,
            previous: Vec::new(),
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
            known.operation = call.operation.id;
            known.address = call.address;
            let client = call.client.unwrap_or_default();
            // Almost always it is the one before, which was looked at already.
            if known.client != client {
                known.client.clear();
                known
                    .client
                    .push_str(client::shown(client).unwrap_or_default());
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
                _ = tick.tick() => self.write(clock.wall()).await,
            }
        }
    }

    /// Writes what was noted since the last time. What cannot be written is tried again with the next batch.
    pub(crate) async fn write(&self, now: Timestamp) {
        let batch: Vec<NotedUse> = {
            let mut gathered = self.gather();
            gathered.retain(|_, of| !of.written || within_a_minute(of.last.last.at, now));
            let unwritten = gathered.values_mut().filter(|of| !of.written);
            unwritten
                .map(|of| {
                    of.written = true;
                    of.last.clone()
                })
                .collect()
        };
        if batch.is_empty() {
            return;
        }
        let keys: Vec<KeyId> = batch.iter().map(|noted| noted.key).collect();
        if let Err(error) = self.ledger.record_uses(batch).await {
            tracing::warn!(error, keys = keys.len(), "last uses cannot be written yet");
            let mut gathered = lock(&self.gathered);
            for key in keys {
                gathered.entry(key).and_modify(|of| of.written = false);
            }
        }
    }

    /// What was noted since it was last asked.
    pub(crate) fn untold(&self) -> Vec<NotedUse> {
        let mut gathered = self.gather();
        let untold = gathered.values_mut().filter(|of| !of.told);
        untold
            .map(|of| {
                of.told = true;
                of.last.clone()
            })
            .collect()
    }

    /// Keys that called in the minute before `now`.
    pub(crate) fn calling(&self, now: Timestamp) -> Vec<Calling> {
        let gathered = self.gather();
        let lately = gathered
            .values()
            .filter(|of| within_a_minute(of.last.last.at, now));
        lately
            .map(|of| Calling {
                key: of.last.key,
                client: of.last.last.client.clone(),
                last_at: of.last.last.at,
                calls: of.minute.calls(now),
            })
            .collect()
    }

    fn gather(&self) -> MutexGuard<'_, ByKey<Gathered>> {
        let mut gathered = lock(&self.gathered);
        let noted = {
            let mut noted = lock(&self.noted);
            // As many will call again: it does not have to grow once more.
            let room = ByKey::with_capacity_and_hasher(noted.len(), Default::default());
            std::mem::replace(&mut *noted, room)
        };
        for (key, noted) in noted {
            let (at, calls) = (noted.at, noted.calls);
            let noted = noted.of(key);
            let known = gathered.entry(key).or_insert_with(|| Gathered {
                last: noted.clone(),
                minute: Minute::default(),
                written: false,
                told: false,
            });
            known.minute.add(calls, at);
            known.written = false;
            known.told = false;
            for previous in noted.previous.into_iter().rev() {
                note_previous(&mut known.last.previous, previous);
            }
            if known.last.last.at <= noted.last.at {
                known.last.last = noted.last;
            }
        }
        gathered
    }
}

/// A key has two secrets that were replaced at most: of a third, the key has changed since.
fn note_previous(noted: &mut Vec<PreviousUse>, previous: PreviousUse) {
    noted.retain(|known| known.digest != previous.digest);
    noted.truncate(1);
    noted.insert(0, previous);
}

impl Noted {
    fn of(self, key: KeyId) -> NotedUse {
        NotedUse {
            key,
            last: LastUse {
                at: self.at,
                operation: self.operation.to_owned(),
                client: Some(self.client).filter(|client| !client.is_empty()),
                address: self.address,
            },
            previous: self.previous,
        }
    }
}

fn within_a_minute(at: Timestamp, now: Timestamp) -> bool {
    at > now - SignedDuration::from_mins(1)
}

/// Nothing in a critical section can panic half-way.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
