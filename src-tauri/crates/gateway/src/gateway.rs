//! The gateway as a whole: what it holds, and what is asked of it. The way of a request through it is in `answer`.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use gardien_domain::key::{PreviousSecrets, Revocation};
use gardien_domain::phare_key::Need;
use gardien_domain::schedule::{Full, Part};
use gardien_domain::share::Share;
use gardien_domain::what_if::{WhatIf, what_if};
use gardien_domain::{Key, KeyId, KeyRule, NotedUse, Organization, ProjectId, Scope};
use http::header::HeaderMap;
use http::{Method, Request, Response, Uri};
use http_body::Body as _;
use jiff::Timestamp;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::authorize::Known;
use crate::body::{Body, BoxError, without_body};
use crate::cache::Cache;
use crate::client::Peer;
use crate::clock::{Clock, WallClock};
use crate::forward::Outbound;
use crate::head;
use crate::headers;
use crate::leave::Leave;
use crate::ledger::Ledger;
use crate::links::Called;
use crate::meter::LimitState;
use crate::outcome::Outcomes;
use crate::record::{Calling, Uses};
use crate::refusal::CallRefusal;
use crate::rules::Rules;
use crate::shares;
use crate::throttle::{Limited, Throttle};
use crate::timing::Timing;
use crate::told::Told;
use crate::upload::Upload;
use crate::upstream::Transport;

mod answer;
mod recall;

use answer::Call;

/// Why a gateway cannot start or stop in order.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The calls of the last minute cannot be read. To start without them could exceed the limit.
    #[error("the calls of the last minute cannot be read")]
    Ledger(#[source] BoxError),
}

/// Decides and forwards. Cheap to clone; all clones are one gateway.
#[derive(Debug, Clone)]
pub struct Gateway(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    known: Arc<Known>,
    rules: Arc<Mutex<Rules>>,
    throttle: Arc<Throttle>,
    cache: Arc<Cache>,
    uses: Arc<Uses>,
    outcomes: Outcomes,
    behind: RwLock<Behind>,
    /// What clients call, if not what their Host header says.
    address: RwLock<Option<Called>>,
    paused: AtomicBool,
    leave: Leave,
    timing: Timing,
    tasks: TaskTracker,
    stop: CancellationToken,
    clock: Clock,
    /// A gateway that is dropped without [`Gateway::stop`] ends its tasks, and saves nothing.
    _end: DropGuard,
}

/// What stands behind it.
#[derive(Debug, Clone, Default)]
struct Behind {
    /// The way to the upstream.
    transport: Option<Arc<dyn Transport>>,
    /// Which it is, of those that stood there one after the other.
    upstream: u64,
}

impl Gateway {
    /// Starts a gateway that knows no key and no project yet and has no upstream, with `limit` calls a
    /// minute. `clock` tells the wall's time. Must be called within a Tokio runtime, which then runs its two small tasks
    /// and measures time for it.
    ///
    /// # Errors
    /// [`GatewayError::Ledger`] when the calls of the last minute cannot be read.
    pub async fn start(
        limit: u32,
        ledger: Arc<dyn Ledger>,
        clock: WallClock,
    ) -> Result<Self, GatewayError> {
        Self::start_with(limit, ledger, clock, Timing::default()).await
    }

    /// [`Self::start`] with other times.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_with(
        limit: u32,
        ledger: Arc<dyn Ledger>,
        clock: WallClock,
        timing: Timing,
    ) -> Result<Self, GatewayError> {
        let saved = ledger.load().await.map_err(GatewayError::Ledger)?;
        let clock = Clock::start(clock);
        let others = ledger.others().await.map_err(GatewayError::Ledger)?;
        let throttle = Throttle::restore(limit, &saved, ledger.clone(), clock.clone());
        if let Some(others) = others {
            throttle.share(others);
        }
        let throttle = Arc::new(throttle);
        let uses = Arc::new(Uses::new(ledger));
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(throttle.clone().keep_lease(stop.clone()));
        tasks.spawn(throttle.clone().keep_turns(stop.clone()));
        let known: Arc<Known> = Arc::default();
        let rules = Arc::new(Mutex::new(Rules::of(known.clone())));
        let keeping =
            shares::keep_settling(rules.clone(), throttle.clone(), clock.clone(), stop.clone());
        tasks.spawn(keeping);
        let (written, every) = (uses.clone(), timing.write_uses);
        tasks.spawn(written.keep_writing(every, clock.clone(), stop.clone()));
        let cache = Arc::new(Cache::default());
        tasks.spawn(cache.clone().keep_small(clock.clone(), stop.clone()));
        tasks.close();
        Ok(Self(Arc::new(Inner {
            known,
            rules,
            throttle,
            cache,
            uses,
            outcomes: Outcomes::default(),
            behind: RwLock::default(),
            address: RwLock::default(),
            paused: AtomicBool::new(false),
            leave: Leave::default(),
            timing,
            tasks,
            clock,
            _end: stop.clone().drop_guard(),
            stop,
        })))
    }

    /// Takes a key as it is now. Every request that starts after this returned is judged by it, and what a secret that it
    /// refuses has under way ends.
    pub fn put_key(&self, key: &Key) {
        let now = self.0.clock.wall();
        self.change(|rules| {
            rules.put(key, now);
            vec![key.id()]
        });
        self.0.cache.forget(key.id());
    }

    /// Makes room for about so many keys, before [`Self::begin_key`].
    pub fn expect_keys(&self, keys: usize) {
        self.rules().reserve(keys);
    }

    /// Takes a key that there is at the start, once and before anything else is told of it.
    pub fn begin_key(&self, rule: KeyRule, share: Share) {
        self.rules().begin(&rule, share);
        if share != Share::default() {
            self.change(|_| vec![rule.id]);
        }
    }

    /// Refuses a key: no request that starts after this returned is granted, and what it has under way ends: it is refused, or
    /// where an answer has begun, cut off. One that was revoked before stays as it is.
    pub fn revoke(&self, id: KeyId, revocation: Revocation) {
        self.change(|rules| {
            rules.revoke(id, revocation);
            vec![id]
        });
        self.0.cache.forget(id);
    }

    /// Takes projects, or their new slugs.
    pub fn put_projects<'a>(&self, projects: impl IntoIterator<Item = (ProjectId, &'a str)>) {
        self.change(|rules| {
            rules.put_projects(projects);
            rules.with_shares()
        });
        self.0.cache.clear();
    }

    /// Forgets a project. Its keys are refused from here on, and what they have under way ends.
    pub fn remove_project(&self, id: ProjectId) {
        self.change(|rules| {
            rules.remove_project(id);
            rules.with_shares()
        });
        self.0.cache.clear();
    }

    /// Sets the calls a minute, what happens to one that comes too early, and for how long a read is answered from memory.
    /// Takes effect with the next call.
    pub fn set_limit(&self, organization: &Organization) {
        self.0.throttle.set_limit(organization);
        self.0.cache.keep_for(organization.cache_seconds);
    }

    /// What was leased of a limit that is shared with other gateways is void: asked for again by a gateway that could not be
    /// sure for a while whether it may grant.
    pub fn forfeit(&self) {
        self.0.throttle.forfeit();
    }

    /// Takes away what reads would be answered from memory: it may have changed without a call.
    pub fn forget_reads(&self) {
        self.0.cache.clear();
    }

    /// How many calls were answered from memory in the last minute.
    #[must_use]
    pub fn saved_calls(&self) -> u32 {
        self.0.cache.saved(self.0.clock.wall())
    }

    /// Forwards to `upstream` from here on. Without one, calls are answered with 503.
    pub fn attach(&self, upstream: Option<Arc<dyn Transport>>) {
        self.forward_to(upstream, true);
    }

    /// Forwards to the same upstream by another way from here on: what it said of its limit holds on, and calls that
    /// could not be made yet may be made by it.
    pub fn attach_again(&self, upstream: Arc<dyn Transport>) {
        self.forward_to(Some(upstream), false);
    }

    /// Links in answers begin with `address` from here on, and no longer with the host that the client named.
    pub fn lead_to(&self, address: &Uri) {
        let held = self.0.address.write();
        *held.unwrap_or_else(PoisonError::into_inner) = Some(Called::at(address));
    }

    /// Rests, or goes on: while paused, calls are answered with 503. Those in flight are finished.
    pub fn pause(&self, paused: bool) {
        self.0.paused.store(paused, Ordering::Release);
    }

    /// Whether it rests.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.0.paused.load(Ordering::Acquire)
    }

    /// Asks this before each call is decided about, from here on: while it says no, every call is answered with 503. It is
    /// asked often, and must not wait for anything.
    pub fn grant_while(&self, may_grant: impl Fn() -> bool + Send + Sync + 'static) {
        self.0.leave.ask(may_grant);
    }

    /// Whether it may grant calls.
    #[must_use]
    pub fn may_grant(&self) -> bool {
        self.0.leave.is_given()
    }

    /// What the limit looks like now.
    #[must_use]
    pub fn limits(&self) -> LimitState {
        self.0.throttle.state()
    }

    /// What the limit looks like now, and the keys that have the most of it among those whose scope is `seen`, the most
    /// first.
    #[must_use]
    pub fn limits_by_key(
        &self,
        most: usize,
        seen: &dyn Fn(Scope) -> bool,
    ) -> (LimitState, Vec<Part>) {
        let (state, mut parts) = self.0.throttle.reading();
        parts.sort_unstable_by_key(|part| {
            (Reverse((part.calls, part.waiting, part.refused)), part.key)
        });
        let rules = self.rules();
        let is_seen = |key: KeyId| rules.get(key).is_some_and(|key| seen(key.scope));
        let seen = parts.into_iter().filter(|part| is_seen(part.key));
        (state, seen.take(most).collect())
    }

    /// What a share would have meant in the last hour for a key, or for one that is not made yet, and for the others that
    /// work now. Minutes begin in unix milliseconds.
    #[must_use]
    pub fn what_if(&self, key: Option<KeyId>, share: Share) -> WhatIf {
        let now = self.0.clock.wall();
        // No change of a key waits until all is reckoned.
        let shares = self.rules().shares(now);
        let is_named = |key| self.rules().working(key, now).is_some();
        let (hour, limit) = self.0.throttle.hour();
        what_if(&hour, limit, &shares, (key, share), is_named)
    }

    /// When calls last began to wait or to be refused, said at most once in an hour; with the key that had the most if its
    /// scope is `seen`.
    #[must_use]
    pub fn limited(&self, seen: &dyn Fn(Scope) -> bool) -> Option<Limited> {
        let mut limited = self.0.throttle.limited()?;
        let rules = self.rules();
        let is_seen = |part: &Part| rules.get(part.key).is_some_and(|key| seen(key.scope));
        limited.most = limited.most.filter(is_seen);
        Some(limited)
    }

    /// What was noted of the uses of keys since this was last asked.
    #[must_use]
    pub fn untold_uses(&self) -> Vec<NotedUse> {
        self.0.uses.untold()
    }

    /// How many keys were used since that was last written.
    #[must_use]
    pub fn unwritten_uses(&self) -> usize {
        self.0.uses.unwritten()
    }

    /// How many calls were answered since the start, by what became of them: `granted`, or why not. Of a small set, which
    /// is always told as a whole.
    #[must_use]
    pub fn outcomes(&self) -> Vec<(&'static str, u64)> {
        self.0.outcomes.counts()
    }

    /// Keys that called in the minute before `now`.
    #[must_use]
    pub fn calling(&self, now: Timestamp) -> Vec<Calling> {
        self.0.uses.calling(now)
    }

    /// The secrets that rotations of a key replaced.
    #[must_use]
    pub fn replaced(&self, key: KeyId) -> PreviousSecrets {
        let key = self.rules().get(key);
        key.map(|key| key.previous).unwrap_or_default()
    }

    /// Answers one request, of whoever it may be: forwards it, or says why not.
    pub fn handle<B>(&self, request: Request<B>) -> impl Future<Output = Response<Body>> + Send
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        self.handle_from(&Peer::NOBODY, request)
    }

    /// [`Self::handle`], of one that came over a connection with this other end.
    pub fn handle_from<'a, B>(
        &'a self,
        peer: &'a Peer,
        request: Request<B>,
    ) -> impl Future<Output = Response<Body>> + Send
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (head, body) = request.into_parts();
        let mut call = Box::new(Call::of(head, Body::new(body), peer));
        async move {
            let id = head::request_id(&call.head.headers);
            let head_only = call.head.method == Method::HEAD;
            let mut caller = None;
            let answer = match self.admitted(&mut call) {
                Ok(route) => {
                    caller = Some(route.key());
                    self.answer(call, route, &id).await
                }
                Err(refusal) => Err(refusal),
            };
            let mut refused = None;
            let mut response = match answer {
                Ok(response) => {
                    self.0.outcomes.granted();
                    response
                }
                Err(refusal) => {
                    self.0.outcomes.refused(&refusal);
                    refused = refusal.full();
                    refusal.into_response()
                }
            };
            if head_only {
                response = without_body(response);
            }
            response.headers_mut().insert(headers::REQUEST_ID, id);
            self.tell(response.headers_mut(), caller, refused);
            response
        }
    }

    /// Makes a call of Gardien's own to `upstream`, counted against the limit like any other. `believed`: that is the one that
    /// is attached, so that what it says of its limit holds for all; another may speak of another organization's.
    ///
    /// # Errors
    /// A [`CallRefusal`] when the limit is used up or the upstream does not answer.
    pub async fn call(
        &self,
        upstream: &Arc<dyn Transport>,
        request: Request<Body>,
        need: Need,
        believed: bool,
    ) -> Result<Response<Body>, CallRefusal> {
        let behind = self.0.behind.read();
        let number = behind.unwrap_or_else(PoisonError::into_inner).upstream;
        let pass = self
            .0
            .throttle
            .enter(None, Duration::MAX, true, || ())
            .await?;
        // Whoever waits for it is a person, who is told at once.
        let timing = Timing {
            insistence: Duration::ZERO,
            ..self.0.timing
        };
        let (head, body) = request.into_parts();
        let is_bare = body.is_end_stream();
        let upload = (!is_bare).then(|| Box::new(Upload::of(body, timing.min_data_rate)));
        let mut call = Outbound::now(&head, upload, need);
        let pass = pass.to(believed.then_some(number));
        let again = || Some(upstream.clone());
        let reply = self
            .forward_forgetting(upstream.as_ref(), &mut call, pass, &timing, &again)
            .await?;
        Ok(reply.answer)
    }

    /// Counts a call that Gardien itself made to the upstream without waiting for room: the upstream counts it, too.
    pub fn made_beside(&self) {
        self.0.throttle.made_beside();
    }

    /// Puts on an answer what every answer carries: the state of the limit, and an id if it has none yet.
    pub fn stamp(&self, headers: &mut HeaderMap) {
        self.tell(headers, None, None);
        if !headers.contains_key(headers::REQUEST_ID) {
            let id = head::request_id(headers);
            headers.insert(headers::REQUEST_ID, id);
        }
    }

    /// Grants nothing more and saves what has to last. Calls in flight go on, and count after a restart.
    pub async fn stop(&self) {
        self.0.stop.cancel();
        self.0.tasks.wait().await;
        if let Err(error) = self.0.throttle.close().await {
            tracing::error!(error, "the calls of the last minute cannot be saved");
        }
        self.0.uses.write(self.0.clock.wall(), &self.0.stop).await;
    }

    /// Puts the limit on an answer to this key.
    fn tell(&self, headers: &mut HeaderMap, key: Option<KeyId>, refused: Option<Full>) {
        let (limits, own) = self.0.throttle.state_for(key);
        let told = Told {
            limits,
            own,
            refused,
        };
        told.put(headers, self.0.clock.unix_ms());
    }

    fn forward_to(&self, transport: Option<Arc<dyn Transport>>, is_another: bool) {
        let mut behind = self
            .0
            .behind
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        behind.transport = transport;
        if is_another {
            behind.upstream += 1;
            self.0.throttle.release(behind.upstream);
        }
        drop(behind);
        self.0.cache.clear();
    }

    /// Changes what is known. `change` answers with the keys whose shares may be others then.
    fn change(&self, change: impl FnOnce(&mut Rules) -> Vec<KeyId>) {
        let mut rules = self.rules();
        let keys = change(&mut rules);
        shares::settle(&rules, &keys, &self.0.throttle, self.0.clock.wall());
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.0.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
