//! The way of one request through the gateway, whose innards it knows.

use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, PoisonError};
use std::task::Poll;
use std::time::Duration;

use gardien_domain::organization::LONGEST_WAIT_SECONDS;
use gardien_domain::{KeyId, KeyRule};
use http::header::HeaderValue;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use http_body::Body as _;
use jiff::Timestamp;
use tokio::time::timeout;

use super::recall::{Recalled, ToMake};
use super::{Behind, Gateway};
use crate::authorize::Admitted;
use crate::body::Body;
use crate::client::{self, Peer};
use crate::data_rate::MinDataRate;
use crate::forward::{Outbound, WayNow, forward};
use crate::hand_back::{HandedBack, hand_back};
use crate::head;
use crate::headers;
use crate::keeping::Keeping;
use crate::links::{Called, Destination};
use crate::record::Use;
use crate::refusal::CallRefusal;
use crate::restrict::OnlyProject;
use crate::throttle::Pass;
use crate::timing::Timing;
use crate::upload::Upload;
use crate::upstream::{Reply, Transport};

/// A body is awaited for so long when its turn has come: most are there with their head. What takes longer is awaited
/// without a turn, and then for another.
const AT_ONCE: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(LONGEST_WAIT_SECONDS as u64);

/// A call as it came. On the heap, for it may wait: what is handed from step to step is held by each of them.
pub(super) struct Call<'a> {
    pub(super) head: Parts,
    peer: &'a Peer,
    body: Body,
    /// The body, once its turn has come.
    upload: Option<Box<Upload>>,
}

impl<'a> Call<'a> {
    pub(super) fn of(head: Parts, body: Body, peer: &'a Peer) -> Self {
        Self {
            head,
            peer,
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

    /// What it sends, if that is not nothing.
    fn take_upload(&mut self, rate: MinDataRate) -> Option<Box<Upload>> {
        if self.upload.is_none() && !self.body.is_end_stream() {
            self.upload(rate);
        }
        self.upload.take()
    }
}

/// What a call may do, and what it goes out to.
pub(super) struct Route {
    pub(super) admitted: Admitted,
    only: Option<OnlyProject>,
    transport: Arc<dyn Transport>,
    /// Which upstream that leads to.
    upstream: u64,
    /// What had been taken away from memory before anything of this was looked at; `None`: nothing is kept there.
    pub(super) changes: Option<u64>,
    /// When it was looked at. The call goes out at once then: whoever waits has another afterwards.
    at: Timestamp,
}

impl Route {
    pub(super) fn key(&self) -> KeyId {
        self.admitted.key
    }
}

impl Gateway {
    /// The route of a call that may be made.
    pub(super) fn admitted(&self, call: &mut Call<'_>) -> Result<Box<Route>, CallRefusal> {
        head::settle(&mut call.head)?;
        let route = self.route(&call.head)?;
        call.peer.is_granted(route.key());
        Ok(route)
    }

    /// Answers a call that may be made, or says why not. No async fn, as none that waits is: it would hold what it was
    /// given twice.
    pub(super) fn answer(
        &self,
        mut call: Box<Call<'_>>,
        route: Box<Route>,
        id: &HeaderValue,
    ) -> impl Future<Output = Result<Response<Body>, CallRefusal>> + Send {
        let ended = route.admitted.ended.clone();
        // What a body asks is not known.
        let may_recall = route.changes.is_some() && call.body.is_end_stream();
        async move {
            let mut answer = {
                let mut answer = pin!(async {
                    let mut to_make = ToMake::of(route);
                    if may_recall {
                        // On the heap: where nothing is kept, a call that waits needs no room for it.
                        match Box::pin(self.recall(&call.head, call.peer.address, to_make.route))
                            .await?
                        {
                            Recalled::Answer(answer) => return Ok(answer),
                            Recalled::Call(call) => to_make = call,
                        }
                    }
                    let ToMake {
                        route,
                        keeping,
                        waited,
                    } = to_make;
                    let (pass, route, waited) = self.turn(&mut call, route, waited).await?;
                    Box::pin(self.make(call, route, pass, keeping, waited, id)).await
                });
                let mut end = pin!(ended.reason());
                poll_fn(|cx| {
                    // Each time before anything goes on; listened for only where that has to wait.
                    if let Some(refusal) = ended.refusal() {
                        return Poll::Ready(Err(refusal));
                    }
                    match answer.as_mut().poll(cx) {
                        Poll::Pending => end.as_mut().poll(cx).map(Err),
                        answer => answer,
                    }
                })
                .await?
            };
            // What is there as a whole passes.
            if answer.body().as_whole().is_none() {
                answer.extensions_mut().insert(ended.clone());
                answer = answer.map(|body| ended.cuts(body));
            }
            Ok(answer)
        }
    }

    /// The route of a request, as things are now.
    pub(super) fn route(&self, head: &Parts) -> Result<Box<Route>, CallRefusal> {
        // Before anything is looked at. Nobody is told that a key is refused either: that may be old, too.
        if !self.may_grant() {
            return Err(CallRefusal::Stale);
        }
        let changes = self.0.cache.changes();
        // Before the key is judged: one that is revoked by a move to another upstream never goes out to that one.
        let behind = self.0.behind.read();
        let Behind {
            transport,
            upstream,
        } = behind.unwrap_or_else(PoisonError::into_inner).clone();
        let at = self.0.clock.wall();
        let admitted = self.0.known.admit(head, at)?;
        let only = match admitted.only {
            Some(project) => Some(OnlyProject::of(project, head)?),
            None => None,
        };
        // Only now: a key that is refused is told why at any time.
        if self.is_paused() {
            return Err(CallRefusal::Paused);
        }
        let transport = transport.ok_or(CallRefusal::UpstreamMissing)?;
        Ok(Box::new(Route {
            admitted,
            only,
            transport,
            upstream,
            changes,
            at,
        }))
    }

    /// Waits for the call's turn and for what there has to be of its body. Whoever has to wait for a turn keeps its body
    /// until then; and nobody is waited for with a slot in hand. The call has `waited` for something else before; the answer says
    /// how long it waited in all.
    fn turn(
        &self,
        call: &mut Call<'_>,
        route: Box<Route>,
        mut waited: Duration,
    ) -> impl Future<Output = Result<(Pass, Box<Route>, Duration), CallRefusal>> + Send {
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
            let mut is_new = true;
            loop {
                let key = route.as_ref().map(|route| route.key());
                let longest = head::patience(&call.head.headers).min(LONGEST_WAIT);
                let left = longest.saturating_sub(waited);
                // What may be done, and where it goes, may have changed when a wait is over.
                let entering = self.0.throttle.enter(key, left, is_new, || route = None);
                let pass = entering.await?;
                is_new = false;
                waited += pass.waited();
                if let Some(route) = route.take_if(|_| call.is_gathered()) {
                    return Ok((pass, route, waited));
                }
                // On the heap, as all that comes after a wait: a call that waits needs no room for it yet.
                let timing = self.0.timing;
                let upload = call.upload(timing.min_data_rate);
                let gathering = gather(upload, pass, timing.patience);
                let pass = Box::pin(gathering).await?;
                let again = self.route(&call.head)?;
                match pass {
                    Some(pass) => return Ok((pass, again, waited)),
                    None => route = Some(again),
                }
            }
        }
    }

    /// Makes a call whose turn it is.
    fn make(
        &self,
        mut call: Box<Call<'_>>,
        mut route: Box<Route>,
        pass: Pass,
        keeping: Option<Box<Keeping>>,
        waited: Duration,
        id: &HeaderValue,
    ) -> impl Future<Output = Result<Response<Body>, CallRefusal>> + Send {
        let timing = self.0.timing.after(waited);
        let upload = call.take_upload(timing.min_data_rate);
        async move {
            let (head, only) = (&mut call.head, route.only.take());
            let Route {
                admitted,
                transport,
                upstream,
                ..
            } = &*route;
            self.note(&route, head, call.peer.address);
            tracing::debug!(key = %admitted.key, operation = admitted.operation.id, id = ?id, "granted");

            let destination = Destination::of(head.version, &head.headers);
            headers::outgoing(&mut head.headers, admitted.project, id);
            if let Some(only) = &only {
                only.ask(head)?;
            }
            let need = admitted.need;
            let keeping = keeping.map(|keeping| (keeping, self.0.clock.now()));
            let pass = pass.to(Some(*upstream));
            let way = || self.way_now(&admitted.rule, *upstream);
            let mut call = Outbound::now(head, upload, need);
            call.is_to_be_kept = keeping.is_some();
            let reply = self
                .forward_forgetting(transport.as_ref(), &mut call, pass, &timing, &way)
                .await?;
            let keeping = keeping.filter(|_| reply.may_be_kept);
            let mut answer = match hand_back(reply, need, only, || self.called(&destination))? {
                HandedBack::Now(answer) => answer,
                // Whoever waits for what is read here to its end waits no longer than for any other answer.
                HandedBack::Later(answer) => {
                    Box::pin(call.course.patiently(answer, timing.patience)).await??
                }
            };
            if let Some((keeping, at)) = keeping {
                answer = keeping.keep(answer, at);
            }
            headers::waited(answer.headers_mut(), waited);
            Ok(answer)
        }
    }

    /// The way that a call to this upstream would take now, if it was admitted by this rule and still may be made.
    fn way_now(&self, rule: &KeyRule, upstream: u64) -> Option<Arc<dyn Transport>> {
        let may_grant = self.may_grant();
        let behind = self.0.behind.read().unwrap_or_else(PoisonError::into_inner);
        let known = &self.0.known;
        let may = may_grant
            && behind.upstream == upstream
            && known.is_as_it_was(rule, self.0.clock.wall())
            && !self.is_paused();
        may.then(|| behind.transport.clone()).flatten()
    }

    /// Forwards a call, and takes away from memory what it may make old.
    pub(super) fn forward_forgetting<'a>(
        &'a self,
        upstream: &'a dyn Transport,
        call: &'a mut Outbound<'_>,
        pass: Pass,
        timing: &'a Timing,
        way: &'a WayNow<'_>,
    ) -> impl Future<Output = Result<Reply, CallRefusal>> + Send {
        let cache = &self.0.cache;
        let is_write = call.head.method != Method::GET;
        let writing = is_write.then(|| cache.write(&call.need, &self.0.clock));
        async move {
            let reply = forward(upstream, call, pass, timing, way).await;
            if let Some(writing) = writing.filter(|_| is_over(&reply)) {
                writing.answered();
            }
            // Somebody else calls with Phare's key, and may write.
            let is_refused = |reply: &Reply| reply.answer.status() == StatusCode::TOO_MANY_REQUESTS;
            if reply.as_ref().is_ok_and(is_refused) {
                cache.clear();
            }
            reply
        }
    }

    /// Notes that the key of a call is in use.
    pub(super) fn note(&self, route: &Route, head: &Parts, address: Option<IpAddr>) {
        let admitted = &route.admitted;
        self.0.uses.note(Use {
            key: admitted.key,
            operation: admitted.operation,
            client: client::product(&head.headers),
            address,
            replaced: admitted.replaced,
            at: route.at,
        });
    }

    /// What the client called.
    pub(super) fn called(&self, destination: &Destination) -> Called {
        let address = self.0.address.read();
        let address = address.unwrap_or_else(PoisonError::into_inner);
        address.clone().unwrap_or_else(|| destination.called())
    }
}

/// Whether nothing of a write can happen any more. What something before Phare gave up Phare may still make.
fn is_over(reply: &Result<Reply, CallRefusal>) -> bool {
    match reply {
        Ok(reply) => !reply.answer.status().is_server_error(),
        Err(refusal) => matches!(
            refusal,
            CallRefusal::UpstreamKeyMissing
                | CallRefusal::UpstreamKeyRefused
                | CallRefusal::UpstreamUnreachable { .. }
                | CallRefusal::UpstreamInsecure { .. }
        ),
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
