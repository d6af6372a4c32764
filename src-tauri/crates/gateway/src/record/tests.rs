use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use gardien_domain::operation::Operation;
use jiff::SignedDuration;
use tokio::time::Instant;
use uuid::Uuid;

use super::*;
use crate::body::BoxError;
use crate::ledger::{Asking, GatewayCalls, Leased, OwnCalls, SavedCalls};

/// Takes so many batches before it breaks.
#[derive(Debug, Default)]
struct Batches {
    written: Mutex<Vec<Vec<NotedUse>>>,
    breaks_after: AtomicUsize,
}

#[async_trait]
impl Ledger for Batches {
    async fn load(&self) -> Result<SavedCalls, BoxError> {
        Ok(SavedCalls::default())
    }
    async fn others(&self) -> Result<Option<Vec<GatewayCalls>>, BoxError> {
        Ok(None)
    }
    async fn save(&self, _: OwnCalls, _: Asking) -> Result<Leased, BoxError> {
        Err("no call is granted here".into())
    }
    async fn record_uses(&self, uses: Vec<NotedUse>) -> Result<(), BoxError> {
        let mut written = lock(&self.written);
        if written.len() == self.breaks_after.load(Ordering::SeqCst) {
            return Err("disk full".into());
        }
        written.push(uses);
        Ok(())
    }
}

impl Batches {
    /// Which keys came, and with how many at a time.
    fn taken(&self) -> (BTreeSet<KeyId>, Vec<usize>) {
        let batches = std::mem::take(&mut *lock(&self.written));
        let keys = batches.iter().flatten().map(|noted| noted.key).collect();
        (keys, batches.iter().map(Vec::len).collect())
    }
}

fn noting(breaks_after: usize) -> (Arc<Batches>, Uses) {
    let batches = Arc::new(Batches {
        breaks_after: breaks_after.into(),
        ..Batches::default()
    });
    (batches.clone(), Uses::new(batches))
}

fn operation() -> &'static Operation {
    gardien_phare::match_request(&http::Method::GET, "/projects")
        .unwrap()
        .operation
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn key(number: usize) -> KeyId {
    KeyId(Uuid::from_u128(number as u128))
}

fn note(uses: &Uses, keys: std::ops::Range<usize>, at: Timestamp) {
    for number in keys {
        uses.note(Use {
            key: key(number),
            operation: operation(),
            client: Some("curl/8"),
            address: None,
            replaced: None,
            at,
        });
    }
}

#[tokio::test(start_paused = true)]
#[expect(clippy::disallowed_methods, reason = "how long it pauses")]
async fn a_few_at_a_time_are_written_and_all_of_them_before_the_end_without_a_pause() {
    let (batches, uses) = noting(usize::MAX);
    note(&uses, 0..2 * AT_ONCE + 1, second(0));
    let (stop, begun) = (CancellationToken::new(), Instant::now());
    uses.write(second(1), &stop).await;
    assert!(begun.elapsed() >= 2 * PAUSE, "{:?}", begun.elapsed());
    let (keys, sizes) = batches.taken();
    assert_eq!(sizes, [AT_ONCE, AT_ONCE, 1]);
    assert_eq!(keys.len(), 2 * AT_ONCE + 1);
    uses.write(second(4), &stop).await;
    assert_eq!(batches.taken().1, [0; 0], "nothing is written twice");

    note(&uses, 0..2 * AT_ONCE, second(5));
    stop.cancel();
    let begun = Instant::now();
    uses.write(second(5), &stop).await;
    assert_eq!(batches.taken().1, [AT_ONCE; 2]);
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_written_is_however_long_that_takes_and_once() {
    let (batches, uses) = noting(1);
    let stop = CancellationToken::new();
    note(&uses, 0..3 * AT_ONCE, second(0));
    uses.write(second(1), &stop).await;
    assert_eq!(batches.taken().1, [AT_ONCE]);
    batches.breaks_after.store(0, Ordering::SeqCst);
    assert_eq!(uses.unwritten(), 2 * AT_ONCE);
    // One of those that failed calls once more.
    note(&uses, AT_ONCE..AT_ONCE + 1, second(2));
    assert_eq!(uses.unwritten(), 2 * AT_ONCE);
    for minute in 1..5 {
        uses.write(second(60 * minute), &stop).await;
        assert_eq!(uses.unwritten(), 2 * AT_ONCE, "after {minute} minutes");
    }
    batches.breaks_after.store(usize::MAX, Ordering::SeqCst);
    uses.write(second(300), &stop).await;
    let (keys, sizes) = batches.taken();
    assert_eq!(sizes, [AT_ONCE; 2]);
    assert_eq!(keys, (AT_ONCE..3 * AT_ONCE).map(key).collect());
}

#[tokio::test(start_paused = true)]
async fn who_called_is_known_for_a_minute_and_forgotten_after_two() {
    let (_, uses) = noting(usize::MAX);
    let stop = CancellationToken::new();
    let calling = |at| uses.calling(at).len();
    note(&uses, 0..2, second(0));
    for at in (0..=59).step_by(3) {
        uses.write(second(at), &stop).await;
        assert_eq!(calling(second(at)), 2, "after {at} seconds");
    }
    note(&uses, 0..1, second(59));
    uses.write(second(61), &stop).await;
    assert_eq!(calling(second(61)), 1);
    let (calls, last_at) = (uses.calling(second(61))[0].calls, second(59));
    assert_eq!((calls, uses.calling(second(61))[0].last_at), (1, last_at));
    uses.write(second(121), &stop).await;
    uses.write(second(182), &stop).await;
    let long_ago = second(59) - SignedDuration::from_secs(30);
    assert_eq!(calling(long_ago), 0, "it is held still");
}

#[test]
fn keys_of_one_program_share_its_name_and_few_names_are_kept() {
    let mut names = Names::default();
    let one = names.shown("curl").unwrap();
    assert!(Arc::ptr_eq(&one, &names.shown("curl").unwrap()));
    for number in 0..1_000 {
        let name = format!("curl-{number}");
        assert_eq!(names.shown(&name).as_deref(), Some(&*name));
        assert!(names.0.len() <= NAMES);
    }
    assert_eq!(names.shown("curl").as_deref(), Some("curl"));
    // What may be a secret is neither shown nor kept.
    let kept = names.0.len();
    for name in ["", "pha_org_gdn_x"] {
        assert_eq!(names.shown(name), None);
    }
    assert_eq!(names.0.len(), kept);
}
