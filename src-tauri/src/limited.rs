//! Tells by the system when a shared limit begins to hold calls up: that of this computer, and that of the team's server
//! where the person is. Whether anybody sees the window does not matter.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use gardien_authority::Client;
use gardien_authority::api::LimitReached;
use jiff::{SignedDuration, Timestamp};

use crate::app::App;
use crate::home::Place;
use crate::notices;
use crate::preferences::Connection;

/// How often a home is asked.
const PAUSE: Duration = Duration::from_secs(10);
/// What happened while nobody asked for so long is no news.
const GAP: SignedDuration = SignedDuration::from_mins(10);
/// A home that was started anew does not know what it told within the hour. How far apart two that are told lie: a minute
/// less, because its clock may be set.
const APART: SignedDuration = SignedDuration::from_mins(59);

/// Asks until the app ends.
#[expect(clippy::disallowed_methods, reason = "when a home was last asked")]
pub(crate) async fn tell(app: Arc<App>) {
    let mut here = Told::opened(Timestamp::now());
    let mut teams = HashMap::<String, Told>::new();
    loop {
        let (turn, place) = app.place();
        let now = Timestamp::now();
        let local = async {
            match app.local() {
                Some(local) => here.ask(&local.client(), &local.organization, now).await,
                None => here.asked = Some(now),
            }
        };
        let team = async {
            if let Place::Ready(ready) = place
                && let Connection::Team { url } = ready.connection
            {
                let told = teams.entry(url).or_default();
                told.ask(&ready.client, &ready.session.organization, now)
                    .await;
            }
        };
        tokio::join!(local, team);
        // Asked at once, so that what was so before is known and not told.
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = app.moved(turn) => {}
        }
    }
}

/// What was told of one home's limit.
#[derive(Debug, Default)]
struct Told {
    /// When it last answered. What it says first was told to whoever was there.
    asked: Option<Timestamp>,
    /// Since when calls were held up, by its clock, when that was told last.
    at: Option<Timestamp>,
}

impl Told {
    /// Of a home that has nothing to tell before `now`.
    fn opened(now: Timestamp) -> Self {
        Self {
            asked: Some(now),
            at: None,
        }
    }

    async fn ask(&mut self, client: &Client, organization: &str, now: Timestamp) {
        // A server that does not answer is told of elsewhere.
        let Ok(limits) = client.limits().await else {
            return;
        };
        if self.asked.is_none() {
            tracing::debug!(organization, "a limit is looked at for the first time");
        }
        if let Some(reached) = self.news(limits.reached, now) {
            let most = reached.most.map(|most| (most.name, most.calls));
            notices::tell_of_the_limit(organization, most).await;
        }
    }

    /// What is to be told of what it answers `now`.
    fn news(&mut self, reached: Option<LimitReached>, now: Timestamp) -> Option<LimitReached> {
        let asked = self.asked.replace(now);
        let reached = reached?;
        let told = self.at;
        // Either way: whoever's clock was ahead and is set right tells of the next as well.
        if told.is_some_and(|told| reached.at.duration_since(told).abs() < APART) {
            return None;
        }
        self.at = Some(reached.at);
        let heard = asked.is_some_and(|asked| now.duration_since(asked) < GAP);
        heard.then_some(reached)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    /// Whether it is told that the limit was reached at one moment, asked at another.
    fn tells(told: &mut Told, reached: i64, now: i64) -> bool {
        let reached = LimitReached {
            at: at(reached),
            most: None,
        };
        told.news(Some(reached), at(now)).is_some()
    }

    #[test]
    fn what_a_home_says_is_told_once_and_again_after_an_hour() {
        let mut told = Told::opened(at(0));
        assert_eq!(told.news(None, at(10)), None);
        assert!(tells(&mut told, 15, 20));
        assert!(!tells(&mut told, 15, 30));
        for now in 1..=360 {
            assert!(!tells(&mut told, 15, 30 + now * 10));
        }
        assert!(tells(&mut told, 3_615, 3_640));
        assert!(!tells(&mut told, 3_600, 3_650), "set back a little");
        assert!(tells(&mut told, -80_000, 3_660), "a day ahead until now");
    }

    #[test]
    fn what_was_told_before_is_not_told_again_to_whoever_comes_or_comes_back() {
        let mut told = Told::default();
        assert!(!tells(&mut told, 15, 30), "it was so already");
        // It was lost for a while, and began anew meanwhile.
        assert_eq!(told.news(None, at(60)), None);
        assert!(!tells(&mut told, 70, 80));
        assert!(!tells(&mut told, 3_700, 4_900), "long ago");
        assert!(tells(&mut told, 8_000, 5_000 + 10), "whatever its clock");
    }
}
