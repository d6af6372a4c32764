//! Reads that are answered from memory, or by what somebody else is being answered.

use std::time::Duration;

use http::Response;
use http::request::Parts;
use tokio::time::timeout;

use super::Gateway;
use super::answer::Route;
use crate::body::Body;
use crate::cache::Found;
use crate::head;
use crate::headers;
use crate::keeping::Keeping;
use crate::question::Question;
use crate::refusal::CallRefusal;

/// What became of a call before it takes a slot.
pub(super) enum Recalled {
    /// It needs none.
    Answer(Response<Body>),
    /// It has to be made.
    Call {
        route: Route,
        /// Leave to keep its answer.
        keeping: Option<Keeping>,
        /// How long it waited for the answer to another one.
        waited: Duration,
    },
}

impl Gateway {
    /// The answer to a call that was decided about, from memory if it is there, or about to be.
    pub(super) async fn recall(
        &self,
        mut route: Route,
        head: &Parts,
        has_body: bool,
    ) -> Result<Recalled, CallRefusal> {
        let mut waited = Duration::ZERO;
        for is_first in [true, false] {
            let found = self.look(&route, head, has_body);
            match found {
                Found::Kept(mut answer) => {
                    self.note(&route.admitted, head);
                    headers::waited(answer.headers_mut(), waited);
                    return Ok(Recalled::Answer(answer));
                }
                Found::Coming(coming) if is_first => {
                    let came = self.0.clock.now();
                    let patience = head::patience(&head.headers).min(self.0.timing.patience);
                    // However it ends: what is there then is what counts.
                    let _ = timeout(patience, coming.over()).await;
                    waited = Duration::from_millis(self.0.clock.now() - came);
                    // It may not be what it was when the call came.
                    route = self.route(head)?;
                }
                // Whoever waited once for nothing waits for nobody any more.
                Found::Coming(_) => break,
                Found::Nothing(keeping) => {
                    return Ok(Recalled::Call {
                        route,
                        keeping,
                        waited,
                    });
                }
            }
        }
        Ok(Recalled::Call {
            route,
            keeping: None,
            waited,
        })
    }

    fn look(&self, route: &Route, head: &Parts, has_body: bool) -> Found {
        let cache = &self.0.cache;
        // What a body asks is not known.
        if !cache.is_on() || has_body {
            return Found::Nothing(None);
        }
        let question = Question::of(&route.admitted, head, &self.called(head));
        question.map_or(Found::Nothing(None), |question| {
            let (now, wall) = (self.0.clock.now(), self.0.clock.wall());
            cache.ask(&question, route.changes, now, wall)
        })
    }
}
