//! Which answers are kept: whole ones that are meant to be, and are not too large.

use super::*;

#[tokio::test]
async fn a_cut_answer_is_not_kept_and_its_twin_gets_a_whole_one() {
    let reads = Reads::of(|call, _| match call {
        1 => in_chunks(vec![Ok("half"), Err("cut".into())]),
        _ => in_chunks(vec![Ok("ha"), Ok("lf and half")]),
    })
    .await;
    let first = reads.asks_and_is_held(&reads.owner).await;
    let twin = reads.asks(&reads.owner);
    reads.phare.go();
    let cut = first.await.unwrap().into_body().collect().await;
    assert!(cut.is_err());
    let twin = Answer::read(twin.await.unwrap()).await;
    assert_eq!(twin.body, "half and half");
    let kept = reads.read(&reads.owner, MONITORS).await;
    assert_eq!((&*kept.body, kept.header("age")), (&twin.body[..], "0"));
    assert_eq!(reads.phare.calls(), 2);
}

/// One that a client leaves half-way is not kept either.
#[tokio::test]
async fn an_answer_that_is_not_taken_to_its_end_is_not_kept() {
    let reads = Reads::of(|_, _| in_chunks(vec![Ok("ha"), Ok("lf")])).await;
    let mut first = reads.asks(&reads.owner).await.unwrap();
    first.frame().await.unwrap().unwrap();
    drop(first);
    assert_eq!(reads.body(&reads.owner, MONITORS).await, "half");
    assert_eq!(reads.phare.calls(), 2);
}

/// As Laravel says of every answer: it is the key's own, and nobody else is given it.
#[tokio::test]
async fn what_is_private_is_kept_for_the_key_itself() {
    let answer: Answering =
        |call, request| with(call, request, "cache-control", "no-cache, private");
    let reads = Reads::of(answer).await;
    for _ in 0..2 {
        reads.body(&reads.owner, MONITORS).await;
    }
    assert_eq!(reads.phare.calls(), 1);
}

#[tokio::test]
async fn what_is_not_meant_to_be_kept_is_not() {
    let answers: [Answering; 7] = [
        |call, request| with(call, request, "set-cookie", "a=b"),
        |call, request| with(call, request, "cache-control", "max-age=5, No-Store"),
        |call, request| with(call, request, "vary", "accept, *"),
        |call, request| {
            let mut answer = numbered(call, request);
            *answer.status_mut() = http::StatusCode::NOT_FOUND;
            answer
        },
        |_, _| Response::new(whole(vec![b'x'; 256 * 1024 + 1])),
        // Where nothing says how long it is, its end may be a cut.
        |_, _| {
            let mut answer = in_chunks(vec![Ok("x")]);
            answer.headers_mut().remove("transfer-encoding");
            answer
        },
        |_, _| Response::new(endless()),
    ];
    for (number, answering) in answers.into_iter().enumerate() {
        let reads = Reads::of(answering).await;
        for call in 1..=2 {
            let answer = reads.asks(&reads.owner).await.unwrap();
            assert!(!answer.headers().contains_key("age"), "{number}");
            // Of one without an end nobody waits for it.
            let taken = answer.into_body().collect();
            timeout(Duration::from_millis(200), taken).await.ok();
            assert_eq!(reads.phare.calls(), call, "{number}");
        }
    }
    let reads = Reads::of(|call, request| with(call, request, "vary", "accept")).await;
    for _ in 0..2 {
        assert_eq!(reads.body(&reads.owner, MONITORS).await, "1");
    }
}

fn with(
    call: usize,
    request: &Request<()>,
    name: &'static str,
    value: &'static str,
) -> Response<Body> {
    let mut answer = numbered(call, request);
    answer.headers_mut().insert(name, value.parse().unwrap());
    answer
}

fn endless() -> Body {
    let chunks = stream::repeat_with(|| Ok::<_, BoxError>(Frame::data(Bytes::from_static(b"x"))));
    let begun = futures_util::StreamExt::take(chunks, 3);
    let forever = futures_util::StreamExt::chain(begun, stream::pending());
    Body::new(StreamBody::new(forever))
}
