//! Several ways to the same thing, tried side by side.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::timeout;

/// What the first attempt that succeeds comes to. The next begins when one has failed, or has taken longer than `head_start`;
/// none is given up before all are. `None` without an attempt.
///
/// # Errors
/// The first failure, once all have failed.
pub(crate) async fn first<T, E>(
    attempts: impl IntoIterator<Item = impl Future<Output = Result<T, E>>>,
    head_start: Duration,
) -> Option<Result<T, E>> {
    let mut waiting = attempts.into_iter();
    let mut running = FuturesUnordered::new();
    let mut failure = None;
    loop {
        running.extend(waiting.next());
        if running.is_empty() {
            return failure.map(Err);
        }
        match timeout(head_start, running.next()).await {
            Ok(Some(Ok(done))) => return Some(Ok(done)),
            Ok(Some(Err(error))) => {
                failure.get_or_insert(error);
            }
            Ok(None) | Err(_) => {}
        }
    }
}

/// The addresses in the order that the system prefers, the families in turn, so that one that leads nowhere costs one
/// head start and not many.
pub(crate) fn in_turn(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let Some(preferred) = addresses.first().map(IpAddr::is_ipv4) else {
        return addresses;
    };
    let (one, other): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv4() == preferred);
    let mut other = other.into_iter();
    let mut ordered = Vec::new();
    for address in one {
        ordered.push(address);
        ordered.extend(other.next());
    }
    ordered.extend(other);
    ordered
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use futures_util::FutureExt as _;
    use futures_util::future::BoxFuture;
    use tokio::time::{Instant, sleep};

    use super::*;

    const HEAD_START: Duration = Duration::from_millis(250);

    type Attempt = BoxFuture<'static, Result<u8, &'static str>>;

    async fn timed(attempts: Vec<Attempt>) -> (Option<Result<u8, &'static str>>, Duration) {
        let begun = Instant::now();
        let done = first(attempts, HEAD_START).await;
        (done, begun.elapsed())
    }

    fn after(time: Duration, done: Result<u8, &'static str>) -> Attempt {
        sleep(time).map(move |()| done).boxed()
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_leads_nowhere_costs_a_head_start() {
        let (done, took) = timed(vec![pending().boxed(), ready(Ok(2)).boxed()]).await;
        assert_eq!(done, Some(Ok(2)));
        assert!(took < HEAD_START * 2, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_fails_costs_nothing_and_one_that_is_slow_still_wins() {
        let (done, took) = timed(vec![ready(Err("no")).boxed(), ready(Ok(2)).boxed()]).await;
        assert_eq!(done, Some(Ok(2)));
        assert!(took < HEAD_START, "{took:?}");
        let slow = after(HEAD_START * 10, Ok(1));
        let (done, _) = timed(vec![slow, after(HEAD_START, Err("no"))]).await;
        assert_eq!(done, Some(Ok(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn all_that_fail_come_to_what_the_preferred_one_said() {
        let failing = vec![ready(Err("first")).boxed(), ready(Err("second")).boxed()];
        assert_eq!(timed(failing).await.0, Some(Err("first")));
        assert_eq!(timed(Vec::new()).await.0, None);
    }

    #[test]
    fn families_take_turns() {
        let addresses =
            |text: &str| -> Vec<IpAddr> { text.split(' ').map(|ip| ip.parse().unwrap()).collect() };
        assert_eq!(
            in_turn(addresses("::1 ::2 ::3 1.1.1.1")),
            addresses("::1 1.1.1.1 ::2 ::3")
        );
        assert_eq!(
            in_turn(addresses("1.1.1.1 ::1 ::2")),
            addresses("1.1.1.1 ::1 ::2")
        );
    }
}
