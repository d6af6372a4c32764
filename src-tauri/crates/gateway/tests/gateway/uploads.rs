//! Bodies that come slowly: they hold no slot before their call goes out, and come at a pace.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use gardien_gateway::{Body, Gateway, LocalUpstream, MinDataRate, Timing};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, Empty, StreamBody};
use tokio::time::{sleep, timeout};

use crate::support::*;

type Change = Box<dyn FnOnce(&Gateway) + Send>;
type Pieces<S> = Request<StreamBody<S>>;

pub(crate) fn upload<S>(owned: &Owned, pieces: S) -> Pieces<S> {
    Request::post("/projects")
        .header("authorization", owned.bearer())
        .header("host", "localhost")
        .body(StreamBody::new(pieces))
        .unwrap()
}

/// Pieces of this size, one each so many milliseconds, without end.
pub(crate) fn trickle(
    size: usize,
    pause: u64,
) -> impl Stream<Item = Result<Frame<Bytes>, Infallible>> + Unpin + Send {
    Box::pin(
        stream::repeat(Bytes::from(vec![b'x'; size])).then(move |piece| async move {
            sleep(Duration::from_millis(pause)).await;
            Ok(Frame::data(piece))
        }),
    )
}

#[tokio::test]
async fn a_slow_body_holds_no_slot_before_its_call_goes_out() {
    let world = World::with(1, Upstream::answering(ok("{}")).await).await;
    let slow = world.gateway.handle(upload(&world.owner, trickle(1, 20)));
    tokio::pin!(slow);
    assert!(
        timeout(Duration::from_millis(500), &mut slow)
            .await
            .is_err()
    );
    assert_eq!(world.gateway.limits().used, 0);
    assert_eq!(world.upstream.seen().len(), 0);
    assert_eq!(
        world.get(&world.reader, "/uptime/monitors").await.status,
        200
    );
}

/// Whoever changes where calls go while a body is awaited has it meant for that call as well.
#[tokio::test]
async fn a_call_goes_where_it_should_go_once_its_body_is_there() {
    let world = World::new().await;
    let other = Upstream::answering(ok("{}")).await;
    let transport = other.transport();
    let changes: [(Change, u16, &str); 3] = [
        (Box::new(move |it| it.attach(Some(transport))), 200, ""),
        (Box::new(|it| it.pause(true)), 503, "gateway_paused"),
        (Box::new(|it| it.attach(None)), 503, "upstream_missing"),
    ];
    for (change, status, code) in changes {
        world.gateway.pause(false);
        world.gateway.attach(Some(world.upstream.transport()));
        let gateway = world.gateway.clone();
        let body = stream::once(async move {
            change(&gateway);
            Ok::<_, Infallible>(Frame::data(Bytes::from("x")))
        });
        let request = upload(&world.owner, Box::pin(body));
        let answer = Answer::read(world.gateway.handle(request).await).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code));
    }
    assert_eq!(world.upstream.seen().len(), 0, "it went to the one before");
    assert_eq!(other.seen().len(), 1);
    assert_eq!(world.gateway.limits().used, 1);
}

#[tokio::test]
async fn a_body_that_is_there_goes_out_at_once_and_whole() {
    let world = World::new().await;
    let gone = stream::iter([Ok(Frame::data(Bytes::from("x"))), Err("gone")]);
    let broken = world.gateway.handle(upload(&world.owner, gone)).await;
    assert_eq!(broken.status(), 400);
    assert_eq!(world.upstream.open(), 0, "nothing went out");
    assert_eq!(world.gateway.limits().used, 0);
    for size in [1, 16 * 1024 - 1, 16 * 1024, 40_000] {
        let pieces = stream::iter(vec![Ok::<_, Infallible>(vec![b'x'; size / 2 + 1]); 2])
            .map(|piece| piece.map(|piece| Frame::data(Bytes::from(piece))));
        let answer = world.gateway.handle(upload(&world.owner, pieces)).await;
        assert_eq!(answer.status(), 200);
        let seen = world.upstream.seen();
        let body = seen.last().unwrap().split_once("\r\n\r\n").unwrap().1;
        let sent = body.bytes().filter(|byte| *byte == b'x').count();
        assert_eq!(sent, 2 * (size / 2 + 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_comes_to_anything_is_given_up() {
    let timing = Timing {
        min_data_rate: MinDataRate {
            grace: Duration::from_millis(600),
            bytes_per_second: 100_000,
        },
        ..TIMING
    };
    let world = World::timed(100, Upstream::answering(ok("{}")).await, timing).await;
    let reading = tower::service_fn(|request: Request<Body>| async {
        let _ = request.into_body().collect().await;
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    });
    let reading = Arc::new(LocalUpstream::new(reading));
    world.gateway.attach(Some(reading));
    // No pause is as long as patience is. The second is large enough to go out before it is found too slow.
    for size in [1, 8 * 1024] {
        let used = world.gateway.limits().used;
        let pieces = trickle(size, 200);
        let answer = world.gateway.handle(upload(&world.owner, pieces));
        let answer = timeout(Duration::from_secs(20), answer).await;
        let answer = Answer::read(answer.expect("it may go on for ever")).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (408, "request_timeout")
        );
        assert_eq!(world.gateway.limits().used - used, u32::from(size > 1));
    }
    let swift = trickle(16 * 1024, 50).take(40);
    let answer = world.gateway.handle(upload(&world.owner, swift)).await;
    assert_eq!(answer.status(), 200, "twice as long, and larger");
}
