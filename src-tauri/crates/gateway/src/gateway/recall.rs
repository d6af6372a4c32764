//! Reads that are answered from memory, or by what somebody else is being answered.

use std::net::IpAddr;
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
use crate::links::Destination;
use crate::question::Question;
use crate::refusal::CallRefusal;

/// What became of a call before it takes a slot.
pub(super) enum Recalled {
    /// It needs none.
    Answer(Response<Body>),
    /// It has to be made.
    Call(ToMake),
}

/// A call that has to be made.
pub(super) struct ToMake {
    pub(super) route: Box<Route>,
    /// Leave to keep its answer.
    pub(super) keeping: Option<Box<Keeping>>,
    /// How long it waited for the answer to another one.
    pub(super) waited: Duration,
}

impl ToMake {
    pub(super) fn of(route: Box<Route>) -> Self {
        Self {
            route,
            keeping: None,
            waited: Duration::ZERO,
        }
    }
}

impl Gateway {
    /// The answer to a call that was decided about, from memory if it is there, or about to be.
    pub(super) async fn recall(
        &self,
        head: &Parts,
        address: Option<IpAddr>,
        route: Box<Route>,
    ) -> Result<Recalled, CallRefusal> {
        let mut to_make = ToMake::of(route);
        for is_first in [true, false] {
            match self.look(&to_make.route, head) {
                Found::Kept(mut answer) => {
                    self.note(&to_make.route, head, address);
                    headers::waited(answer.headers_mut(), to_make.waited);
                    return Ok(Recalled::Answer(answer));
                }
                Found::Coming(coming) if is_first => {
                    let came = self.0.clock.now();
                    let patience = head::patience(&head.headers).min(self.0.timing.patience);
                    // However it ends: what is there then is what counts.
                    let _ = timeout(patience, coming.over()).await;
                    to_make.waited = Duration::from_millis(self.0.clock.now() - came);
                    // It may not be what it was when the call came.
                    to_make.route = self.route(head)?;
                }
                // Whoever waited once for nothing waits for nobody any more.
                Found::Coming(_) => break,
                Found::Nothing(keeping) => {
                    to_make.keeping = keeping.map(Box::new);
                    break;
                }
            }
        }
        Ok(Recalled::Call(to_make))
    }

    fn look(&self, route: &Route, head: &Parts) -> Found {
        let destination = Destination::of(head.version, &head.headers);
        let question = Question::of(&route.admitted, head, &self.called(&destination));
        question.map_or(Found::Nothing(None), |question| {
            let (now, wall) = (self.0.clock.now(), self.0.clock.wall());
            self.0.cache.ask(&question, route.changes, now, wall)
        })
    }
}
