use uuid::Uuid;

use super::*;

fn key(number: u128) -> KeyId {
    KeyId(Uuid::from_u128(number))
}

fn revocation(second: i64) -> Revocation {
    Revocation {
        at: Timestamp::from_second(second).unwrap(),
        by: MemberId(Uuid::from_u128(1)),
    }
}

fn head(number: u64) -> Head {
    Head {
        revision: Revision(number),
        hash: [u8::try_from(number % 256).unwrap(); 32],
    }
}

fn keys(witness: &Witness) -> Vec<(KeyId, bool)> {
    let all = witness.revocations().into_iter();
    all.map(|one| (one.key, one.written)).collect()
}

#[tokio::test]
async fn what_it_was_told_is_there_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made/gardien.witness");
    let witness = Arc::new(Witness::open(&path).unwrap());
    assert_eq!((witness.head(), witness.revocations()), (None, vec![]));
    for number in 1..=5 {
        witness.note(head(number)).unwrap();
    }
    witness.revoked(key(1), revocation(1), false).unwrap();
    witness.revoked(key(2), revocation(2), false).unwrap();
    witness.revoked(key(3), revocation(3), true).unwrap();
    witness.revoked(key(2), revocation(2), true).unwrap();
    witness.restored(key(3)).unwrap();
    witness.restored(key(4)).unwrap();
    witness.sync().await.unwrap();
    let known = witness.revocations();
    assert_eq!(keys(&witness), [(key(1), false), (key(2), true)]);
    drop(witness);
    let again = Witness::open(&path).unwrap();
    assert_eq!(again.head(), Some(head(5)));
    assert_eq!(again.revocations(), known);
    again.note(head(6)).unwrap();
    assert_eq!(Witness::open(&path).unwrap().head(), Some(head(6)));
    again.revoked(key(2), revocation(9), false).unwrap();
    assert_eq!(keys(&again), [(key(1), false), (key(2), true)]);
    again.note(head(3)).unwrap();
    let older = Witness::open(&path).unwrap().head();
    assert_eq!(older, Some(head(3)), "chosen by somebody");
    for (told, known) in [(4, 4), (3, 4), (4, 4)] {
        again.advance(head(told)).unwrap();
        let kept = Witness::open(&path).unwrap().head();
        assert_eq!(kept, Some(head(known)));
    }
}

#[test]
fn a_torn_head_leaves_the_one_before_and_its_room_is_taken_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gardien.witness");
    let witness = Witness::open(&path).unwrap();
    let size = path.metadata().unwrap().len();
    for number in 1..=3 {
        witness.note(head(number)).unwrap();
    }
    for number in 0..10 {
        let at = i64::try_from(number).unwrap();
        witness.revoked(key(number), revocation(at), false).unwrap();
    }
    assert_eq!(path.metadata().unwrap().len(), size, "it needs room later");
    assert_eq!(size, 1 << 20);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[40..100].fill(b'?');
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(Witness::open(&path).unwrap().head(), Some(head(2)));
}

#[test]
fn the_oldest_that_the_database_has_give_way_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gardien.witness");
    let witness = Witness::open(&path).unwrap();
    let lines = u128::try_from(REVOCATIONS).unwrap();
    for number in 0..lines {
        let at = i64::try_from(number).unwrap();
        witness
            .revoked(key(number), revocation(at), number % 2 == 1)
            .unwrap();
    }
    let witness = Witness::open(&path).unwrap();
    for number in lines..lines + 10 {
        let at = i64::try_from(number).unwrap();
        witness.revoked(key(number), revocation(at), true).unwrap();
    }
    let left = keys(&Witness::open(&path).unwrap());
    assert_eq!(left.len(), REVOCATIONS);
    let gone: Vec<_> = (0..lines)
        .filter(|number| !left.iter().any(|(id, _)| *id == key(*number)))
        .collect();
    assert_eq!(
        gone,
        (0..10).map(|number| number * 2 + 1).collect::<Vec<_>>()
    );

    // Where the database takes none, the file grows.
    for number in 0..lines + 10 {
        let number = 100_000 + number;
        witness.revoked(key(number), revocation(0), false).unwrap();
    }
    let again = Witness::open(&path).unwrap();
    assert_eq!(again.revocations().len(), witness.revocations().len());
    assert!(witness.revocations().len() > REVOCATIONS + 2_000);
}
