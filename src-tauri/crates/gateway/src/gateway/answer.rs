//! The way of one request through the gateway, whose innards it knows.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use gardien_domain::KeyId;
use gardien_domain::organization::LONGEST_WAIT_SECONDS;
use http::header::HeaderValue;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body as _;
use tokio::time::timeout;

use super::Gateway;
use crate::authorize::Admitted;
use crate::body::Body;
use crate::client::{self, OnGranted, Peer};
use crate::data_rate::MinDataRate;
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

/// A call as it came. On the heap, for it may wait: what is handed from step to step is held by each of them.
pub(super) struct Call {
    pub(super) head: Parts,
    body: Body,
    /// The body, once its turn has come.
    upload: Option<Box<Upload>>,
}

impl Call {
    pub(super) fn of(head: Parts, body: Body) -> Self {
        Self {
            head,
            body,
            upload: None,
        }
    }

    fn is_gathered(&self) -> bool {
        let upload = self.upload.as_deref();
        upload.map_or_else(|| self.body.is_end_stream(), Upload::is_gathered)
    }

    fn upload(&mut self, rate: MinDataRate) -> &mut Upload {
        let body = &mut self.body;
        let begin = || Box::new(Upload::of(std::mem::take(body), rate));
        self.upload.get_or_insert_with(begin)
    }

    fn into_parts(self, rate: MinDataRate) -> (Parts, Upload) {
        let upload = self.upload.map(|upload| *upload);
        let upload = upload.unwrap_or_else(|| Upload::of(self.body, rate));
        (self.head, upload)
    }
}

/// What a call may do, and what it goes out to.
pub(super) struct Route {
    admitted: Admitted,
    only: Option<OnlyProject>,
    upstream: Arc<dyn Transport>,
}

impl Route {
    pub(super) fn key(&self) -> KeyId {
        self.admitted.key
    }
}

impl Gateway {
    /// The route of a call that may be made.
    pub(super) fn admitted(&self, call: &mut Call) -> Result<Box<Route>, CallRefusal> {
        head::settle(&mut call.head)?;
        let route = self.route(&call.head)?;
        if let Some(hear) = call.head.extensions.get::<OnGranted>() {
            hear.granted(route.key());
        }
        Ok(route)
    }

    /// Answers a call that may be made, or says why not. No async fn, as none that waits is: it would hold what it was
    /// given twice.
    pub(super) fn answer(
        &self,
        mut call: Box<Call>,
        route: Box<Route>,
        id: &HeaderValue,
    ) -> impl Future<Output = Result<Response<Body>, CallRefusal>> + Send {
        let mut ended = route.admitted.ended.clone();
        async move {
            let mut answer = tokio::select! {
                biased;
                refusal = ended.reason() => return Err(refusal),
                answer = async {
                    let (pass, route) = self.turn(&mut call, route).await?;
                    Box::pin(self.make(call, *route, pass, id)).await
                } => answer?,
            };
            answer.extensions_mut().insert(ended.clone());
            Ok(answer.map(|body| ended.cuts(body)))
        }
    }

    /// The route of a request, as things are now.
    fn route(&self, head: &Parts) -> Result<Box<Route>, CallRefusal> {
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
        Ok(Box::new(Route {
            admitted,
            only,
            upstream,
        }))
    }

    fn admit(&self, head: &Parts) -> Result<Admitted, CallRefusal> {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        known.admit(head, self.0.clock.wall())
    }

    /// Waits for the call's turn and for what there has to be of its body. Whoever has to wait for a turn keeps its body
    /// until then; and nobody is waited for with a slot in hand.
    fn turn(
        &self,
        call: &mut Call,
        route: Box<Route>,
    ) -> impl Future<Output = Result<(Pass, Box<Route>), CallRefusal>> + Send {
        let mut left = head::patience(&call.head.headers).min(LONGEST_WAIT);
        let mut route = Some(route);
        async move {
            if let Some(first) = &route
                && !call.is_gathered()
                && !self.0.throttle.would_wait(Some(first.key()))
            {
                let timing = self.0.timing;
                let gathering = call.upload(timing.min_data_rate).gather(timing.patience);
                Box::pin(gathering).await?;
                route = Some(self.route(&call.head)?);
            }
            loop {
                let key = route.as_ref().map(|route| route.key());
                // What may be done, and where it goes, may have changed when a wait is over.
                let entering = self.0.throttle.enter(key, left, || route = None);
                let pass = entering.await?;
                if let Some(route) = route.take_if(|_| call.is_gathered()) {
                    return Ok((pass, route));
                }
                left = left.saturating_sub(pass.waited());
                // On the heap, as all that comes after a wait: a call that waits needs no room for it yet.
                let timing = self.0.timing;
                let upload = call.upload(timing.min_data_rate);
                let gathering = gather(upload, pass, timing.patience);
                let pass = Box::pin(gathering).await?;
                let again = self.route(&call.head)?;
                match pass {
                    Some(pass) => return Ok((pass, again)),
                    None => route = Some(again),
                }
            }
        }
    }

    /// Makes a call whose turn it is.
    async fn make(
        &self,
        call: Box<Call>,
        route: Route,
        pass: Pass,
        id: &HeaderValue,
    ) -> Result<Response<Body>, CallRefusal> {
        let (mut head, upload) = call.into_parts(self.0.timing.min_data_rate);
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

/// Waits for what there has to be of a body: at once with the slot in hand, and longer without it.
async fn gather(
    upload: &mut Upload,
    pass: Pass,
    patience: Duration,
) -> Result<Option<Pass>, CallRefusal> {
    if let Ok(gathered) = timeout(AT_ONCE, upload.gather(patience)).await {
        return gathered.map(|()| Some(pass));
    }
    drop(pass);
    upload.gather(patience).await?;
    Ok(None)
}
