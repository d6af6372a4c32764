//! The way of one request through the gateway, whose innards it knows.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use gardien_domain::organization::LONGEST_WAIT_SECONDS;
use http::header::HeaderValue;
use http::request::Parts;
use http::{Request, Response};
use tokio::time::timeout;

use super::Gateway;
use crate::authorize::Admitted;
use crate::body::Body;
use crate::client::{self, OnGranted, Peer};
use crate::forward::forward;
use crate::hand_back::hand_back;
use crate::head;
use crate::headers;
use crate::links::Called;
use crate::record::Use;
use crate::refusal::CallRefusal;
use crate::restrict::OnlyProject;
use crate::throttle::Pass;
use crate::upload::Upload;
use crate::upstream::Transport;

/// A body is awaited for so long when its turn has come: most are there with their head. What takes longer is awaited
/// without a turn, and then for another.
const AT_ONCE: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(LONGEST_WAIT_SECONDS as u64);

/// What a call may do, and what it goes out to.
struct Route {
    admitted: Admitted,
    only: Option<OnlyProject>,
    upstream: Arc<dyn Transport>,
}

impl Gateway {
    pub(super) async fn answer(
        &self,
        mut head: Parts,
        body: Body,
        id: &HeaderValue,
    ) -> Result<Response<Body>, CallRefusal> {
        head::settle(&mut head)?;
        let route = self.route(&head)?;
        if let Some(hear) = head.extensions.get::<OnGranted>() {
            hear.granted(route.admitted.key);
        }
        let upload = Upload::of(body, self.0.timing.min_data_rate);
        let ended = route.admitted.ended.clone();
        let mut answer = tokio::select! {
            biased;
            refusal = ended.clone().reason() => return Err(refusal),
            answer = self.make(route, head, upload, id) => answer?,
        };
        answer.extensions_mut().insert(ended.clone());
        Ok(answer.map(|body| ended.cuts(body)))
    }

    /// The route of a request, as things are now.
    fn route(&self, head: &Parts) -> Result<Route, CallRefusal> {
        // Before the key is judged: one that is revoked by a move to another upstream never goes out to that one.
        let upstream = self
            .0
            .upstream
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let admitted = self.admit(head)?;
        let only = match admitted.only {
            Some(project) => Some(OnlyProject::of(project, head)?),
            None => None,
        };
        // Only now: a key that is refused is told why at any time.
        if self.is_paused() {
            return Err(CallRefusal::Paused);
        }
        let upstream = upstream.ok_or(CallRefusal::UpstreamMissing)?;
        Ok(Route {
            admitted,
            only,
            upstream,
        })
    }

    fn admit(&self, head: &Parts) -> Result<Admitted, CallRefusal> {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        known.admit(head, self.0.clock.wall())
    }

    /// Waits for the call's turn and for what there has to be of its body. Whoever has to wait for a turn keeps its body
    /// until then; and nobody is waited for with a slot in hand.
    async fn turn(
        &self,
        mut route: Route,
        head: &Parts,
        upload: &mut Upload,
    ) -> Result<(Pass, Route), CallRefusal> {
        let (key, patience) = (Some(route.admitted.key), self.0.timing.patience);
        let mut left = head::patience(&head.headers).min(LONGEST_WAIT);
        if !upload.is_gathered() && !self.0.throttle.would_wait(key) {
            upload.gather(patience).await?;
            route = self.route(head)?;
        }
        loop {
            let pass = self.0.throttle.enter(key, left).await?;
            if pass.waited().is_zero() && upload.is_gathered() {
                return Ok((pass, route));
            }
            let gathered = timeout(AT_ONCE, upload.gather(patience)).await;
            if let Ok(gathered) = gathered {
                gathered?;
                // What may be done, and where it goes, may have changed meanwhile.
                return Ok((pass, self.route(head)?));
            }
            left = left.saturating_sub(pass.waited());
            drop(pass);
            upload.gather(patience).await?;
            route = self.route(head)?;
        }
    }

    /// Makes a call that was admitted.
    async fn make(
        &self,
        route: Route,
        mut head: Parts,
        mut upload: Upload,
        id: &HeaderValue,
    ) -> Result<Response<Body>, CallRefusal> {
        let (pass, route) = self.turn(route, &head, &mut upload).await?;
        let Route {
            admitted,
            only,
            upstream,
        } = route;
        let waited = pass.waited();
        self.0.uses.note(Use {
            key: admitted.key,
            operation: admitted.operation,
            client: client::product(&head.headers),
            address: head.extensions.get::<Peer>().map(|Peer(address)| *address),
            replaced: admitted.replaced,
            at: self.0.clock.wall(),
        });
        tracing::debug!(key = %admitted.key, operation = admitted.operation.id, id = ?id, "granted");

        let called = self.called(&head);
        headers::outgoing(&mut head.headers, admitted.project, id);
        head.version = http::Version::HTTP_11;
        head.extensions.clear();
        if let Some(only) = &only {
            only.ask(&mut head)?;
        }
        let (request, need) = (Request::from_parts(head, upload), admitted.need);
        let (timing, course) = (self.0.timing.after(waited), request.body().course());
        let answer = forward(upstream.as_ref(), request, need, pass, timing).await?;
        // Whoever waits for what is read here to its end waits no longer than for any other answer.
        let handing = hand_back(answer, need, only, called);
        let handed = course.patiently(handing, timing.patience);
        let mut answer = handed.await??;
        headers::waited(answer.headers_mut(), waited);
        Ok(answer)
    }

    /// What the client called.
    fn called(&self, head: &Parts) -> Called {
        let address = self.0.address.read();
        let address = address.unwrap_or_else(PoisonError::into_inner);
        address
            .clone()
            .unwrap_or_else(|| Called::by_host(head.version, &head.headers))
    }
}
