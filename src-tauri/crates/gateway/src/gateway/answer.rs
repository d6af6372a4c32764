//! The way of one request through the gateway, whose innards it knows.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use gardien_domain::organization::LONGEST_WAIT_SECONDS;
use gardien_domain::phare_key::Need;
use http::header::HeaderValue;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body::Body as _;
use tokio::time::timeout;

use super::Gateway;
use super::recall::Recalled;
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
use crate::timing::Timing;
use crate::upload::Upload;
use crate::upstream::Transport;

/// A body is awaited for so long when its turn has come: most are there with their head. What takes longer is awaited
/// without a turn, and then for another.
const AT_ONCE: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(LONGEST_WAIT_SECONDS as u64);

/// What a call may do, and what it goes out to.
pub(super) struct Route {
    pub(super) admitted: Admitted,
    only: Option<OnlyProject>,
    upstream: Arc<dyn Transport>,
    /// What had been taken away from memory before anything of this was looked at.
    pub(super) changes: u64,
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
    pub(super) fn route(&self, head: &Parts) -> Result<Route, CallRefusal> {
        let changes = self.0.cache.changes();
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
            changes,
        })
    }

    fn admit(&self, head: &Parts) -> Result<Admitted, CallRefusal> {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        known.admit(head, self.0.clock.wall())
    }

    /// Waits for the call's turn and for what there has to be of its body. Whoever has to wait for a turn keeps its body
    /// until then; and nobody is waited for with a slot in hand. The call has `waited` for something else before.
    async fn turn(
        &self,
        mut route: Route,
        head: &Parts,
        upload: &mut Upload,
        waited: Duration,
    ) -> Result<(Pass, Route), CallRefusal> {
        let (key, patience) = (Some(route.admitted.key), self.0.timing.patience);
        let longest = head::patience(&head.headers).min(LONGEST_WAIT);
        let mut left = longest.saturating_sub(waited);
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
        let has_body = !upload.is_end_stream();
        let (route, keeping, shared) = match self.recall(route, &head, has_body).await? {
            Recalled::Answer(answer) => return Ok(answer),
            Recalled::Call {
                route,
                keeping,
                waited,
            } => (route, keeping, waited),
        };
        let (pass, route) = self.turn(route, &head, &mut upload, shared).await?;
        let Route {
            admitted,
            only,
            upstream,
            ..
        } = route;
        let waited = shared + pass.waited();
        self.note(&admitted, &head);
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
        let at = self.0.clock.now();
        let answer = self
            .forward(upstream.as_ref(), request, need, pass, timing)
            .await?;
        // Whoever waits for what is read here to its end waits no longer than for any other answer.
        let handing = hand_back(answer, need, only, called);
        let handed = course.patiently(handing, timing.patience);
        let mut answer = handed.await??;
        if let Some(keeping) = keeping {
            answer = keeping.keep(answer, at);
        }
        headers::waited(answer.headers_mut(), waited);
        Ok(answer)
    }

    /// Forwards a call, and takes away from memory what it may make old.
    pub(super) async fn forward(
        &self,
        upstream: &dyn Transport,
        request: Request<Upload>,
        need: Need,
        pass: Pass,
        timing: Timing,
    ) -> Result<Response<Body>, CallRefusal> {
        let cache = &self.0.cache;
        let is_write = request.method() != Method::GET;
        let writing = is_write.then(|| cache.write(&need, &self.0.clock));
        let answer = forward(upstream, request, need, pass, timing).await?;
        if let Some(writing) = writing {
            writing.answered();
        }
        // Somebody else calls with Phare's key, and may write.
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            cache.clear();
        }
        Ok(answer)
    }

    /// Notes that the key of a call is in use.
    pub(super) fn note(&self, admitted: &Admitted, head: &Parts) {
        self.0.uses.note(Use {
            key: admitted.key,
            operation: admitted.operation,
            client: client::product(&head.headers),
            address: head.extensions.get::<Peer>().map(|Peer(address)| *address),
            replaced: admitted.replaced,
            at: self.0.clock.wall(),
        });
    }

    /// What the client called.
    pub(super) fn called(&self, head: &Parts) -> Called {
        let address = self.0.address.read();
        let address = address.unwrap_or_else(PoisonError::into_inner);
        address
            .clone()
            .unwrap_or_else(|| Called::by_host(head.version, &head.headers))
    }
}
