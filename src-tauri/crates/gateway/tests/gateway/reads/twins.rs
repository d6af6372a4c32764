//! Twins: the same read again while the first is under way.

use super::*;

/// A read that is under way, and its twin that waits for the answer.
async fn first_and_twin(reads: &Reads) -> (Asked, Asked) {
    let first = reads.asks_and_is_held(&reads.owner).await;
    let twin = reads.asks(&reads.owner);
    settled().await;
    (first, twin)
}

#[tokio::test]
async fn twins_share_one_call() {
    let reads = Reads::new().await;
    let first = reads.asks_and_is_held(&reads.owner).await;
    let twins = (0..5).map(|_| reads.read(&reads.owner, MONITORS));
    let go = async {
        settled().await;
        assert_eq!(reads.phare.calls(), 1);
        reads.phare.go();
        Answer::read(first.await.unwrap()).await
    };
    let (twins, first) = tokio::join!(join_all(twins), go);
    assert_eq!((&*first.body, first.header("age")), (&b"1"[..], ""));
    for twin in twins {
        assert_eq!((&*twin.body, twin.header("age")), (&b"1"[..], "0"));
        let waited = twin.header("server-timing").strip_prefix("wait;dur=");
        assert!(waited.is_some(), "{twin:?}");
    }
    assert_eq!(reads.phare.calls(), 1);
    assert_eq!(reads.gateway.saved_calls(), 5);
}

#[tokio::test]
async fn a_twin_waits_for_nobody_who_is_not_answered() {
    let reads = Reads::new().await;

    // The first one goes away: each of the others goes by itself, and waits for no other.
    let first = reads.asks_and_is_held(&reads.owner).await;
    let twins = [(); 3].map(|()| reads.asks(&reads.owner));
    settled().await;
    assert_eq!(reads.phare.calls(), 1);
    first.abort();
    reads.phare.until(4).await;
    reads.phare.go();
    for twin in twins {
        assert_eq!(twin.await.unwrap().status(), 200);
    }

    // Somebody writes.
    pass(Duration::from_secs(11)).await;
    let (first, twin) = first_and_twin(&reads).await;
    let written = reads
        .send("POST", &reads.owner, "/uptime/monitors/1", &[])
        .await;
    assert_eq!(written.status, 200);
    reads.phare.until(7).await;
    reads.phare.go();
    assert_eq!(Answer::read(first.await.unwrap()).await.body, "5");
    assert_eq!(Answer::read(twin.await.unwrap()).await.body, "7");

    // It does not want to wait.
    pass(Duration::from_secs(11)).await;
    reads.phare.hold(Method::GET);
    let impatient = [("prefer", "wait=0")];
    let twins = (0..2).map(|_| reads.send("GET", &reads.owner, MONITORS, &impatient));
    let go = async {
        reads.phare.until(9).await;
        reads.phare.go();
    };
    let (twins, ()) = tokio::join!(join_all(twins), go);
    assert!(twins.iter().all(|twin| twin.status == 200));
}

/// What a key may is asked again when the answer is there.
#[tokio::test]
async fn a_twin_whose_key_is_narrowed_meanwhile_is_refused() {
    let reads = Reads::new().await;
    let (first, twin) = first_and_twin(&reads).await;
    reads.gateway.put_key(&narrowed(&reads.owner));
    assert_eq!(twin.await.unwrap().status(), 403);
    reads.phare.go();
    assert_eq!(Answer::read(first.await.unwrap()).await.body, "1");
    assert_eq!(reads.phare.calls(), 1);
}

#[tokio::test]
async fn a_twin_of_a_call_that_is_refused_goes_by_itself() {
    let reads = Reads::of(|call, request| {
        let mut answer = numbered(call, request);
        if call == 1 {
            *answer.status_mut() = http::StatusCode::UNAUTHORIZED;
        }
        answer
    })
    .await;
    let (first, twin) = first_and_twin(&reads).await;
    reads.phare.go();
    assert_eq!(first.await.unwrap().status(), 502);
    assert_eq!(Answer::read(twin.await.unwrap()).await.body, "2");
}

#[tokio::test]
async fn a_twin_whose_key_is_revoked_meanwhile_is_refused() {
    let reads = Reads::new().await;
    let (first, twin) = first_and_twin(&reads).await;
    reads.gateway.put_key(&reads.owner.revoked());
    for call in [first, twin] {
        assert_eq!(call.await.unwrap().status(), 401);
    }
    assert_eq!(reads.phare.calls(), 1);
}
