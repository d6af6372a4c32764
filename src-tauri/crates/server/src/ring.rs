//! Phare, called with the narrowest of the keys that are attached. Only here do their secrets lie while they are in
//! use.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use gardien_authority::NamedSecret;
use gardien_domain::phare_key::{Need, narrowest};
use gardien_domain::project::{PROJECT_ID_HEADER, PROJECT_SLUG_HEADER};
use gardien_domain::{PhareKey, PhareSecret, PhareSecretId, ScopeKind};
use gardien_gateway::{
    Body, HttpUpstream, KeyedUpstream, Reply, Transport, TransportFault, UpstreamError,
};
use http::StatusCode;
use http::request::Parts;
use tokio::sync::mpsc::UnboundedSender;

/// That Phare does not take a secret, or takes it again.
pub(crate) type PhareAnswer = (PhareSecretId, bool);

/// Phare and the secrets that it is called with, as they are at one moment. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Ring {
    phare: HttpUpstream,
    held: Arc<[HeldSecret]>,
    answers: UnboundedSender<PhareAnswer>,
}

/// A secret that Phare is called with, for a client or to find out what it can do.
#[derive(Debug, Clone)]
pub(crate) struct HeldSecret {
    pub(crate) secret: PhareSecret,
    /// Only these carry calls; the others are there to be examined.
    in_use: bool,
    refused: Arc<AtomicBool>,
    upstream: KeyedUpstream,
    answers: UnboundedSender<PhareAnswer>,
}

impl Ring {
    /// One without keys.
    pub(crate) fn new(phare: HttpUpstream, answers: UnboundedSender<PhareAnswer>) -> Self {
        Self {
            phare,
            held: Arc::default(),
            answers,
        }
    }

    /// One that calls with the secrets of these keys, as far as they are held here or among the fresh ones, and with no
    /// other.
    ///
    /// # Errors
    /// [`UpstreamError::Credential`] when one cannot stand in a header.
    pub(crate) fn with_keys(
        &self,
        keys: &[PhareKey],
        fresh: &[NamedSecret],
    ) -> Result<Self, UpstreamError> {
        let mut held = Vec::new();
        for key in keys {
            for secret in key.secrets() {
                let upstream = match fresh.iter().find(|(id, _)| *id == secret.id) {
                    Some((_, fresh)) => self.phare.with_key(fresh)?,
                    None => match self.held(&secret.id) {
                        Some(held) => held.upstream.clone(),
                        None => continue,
                    },
                };
                held.push(HeldSecret {
                    in_use: secret.id == key.current.id,
                    refused: Arc::new(AtomicBool::new(secret.refused_at.is_some())),
                    secret: secret.clone(),
                    upstream,
                    answers: self.answers.clone(),
                });
            }
        }
        Ok(Self {
            held: held.into(),
            ..self.clone()
        })
    }

    /// The secret with this id, in use or not.
    pub(crate) fn held(&self, id: &PhareSecretId) -> Option<&HeldSecret> {
        self.held.iter().find(|held| held.secret.id == *id)
    }

    /// Why there is none for a call. Once what a secret can do is known, another ring takes the place of this one.
    fn no_key(&self, need: &Need) -> TransportFault {
        let mut secrets = self.in_use().map(|held| &held.secret);
        if secrets.any(|secret| secret.may_reach(need)) {
            TransportFault::NoKeyYet
        } else {
            TransportFault::NoKey
        }
    }

    /// The secrets that carry calls.
    pub(crate) fn in_use(&self) -> impl Iterator<Item = &HeldSecret> {
        self.held.iter().filter(|held| held.in_use)
    }
}

#[async_trait]
impl Transport for Ring {
    async fn send(&self, head: &Parts, body: Body, need: Need) -> Result<Reply, TransportFault> {
        let chosen = narrowest(self.in_use().map(|held| &held.secret), &need);
        let held = chosen.and_then(|secret| self.held(&secret.id));
        let held = held.ok_or_else(|| self.no_key(&need))?;
        let mut reply = held.call(head, body).await?;
        reply.falls_short = held.secret.falls_short(&need);
        Ok(reply)
    }
}

impl HeldSecret {
    fn call(
        &self,
        head: &Parts,
        body: Body,
    ) -> impl Future<Output = Result<Reply, TransportFault>> + Send {
        // Its project is the one that was asked for; what Phare makes of a header beside it is not known.
        let without_project = (self.secret.kind == ScopeKind::Project).then(|| {
            let mut head = Box::new(head.clone());
            head.headers.remove(PROJECT_ID_HEADER);
            head.headers.remove(PROJECT_SLUG_HEADER);
            head
        });
        async move {
            let head = without_project.as_deref().unwrap_or(head);
            let reply = self.upstream.call(head, body).await?;
            let refused = reply.answer.status() == StatusCode::UNAUTHORIZED;
            if self.refused.load(Ordering::Acquire) != refused
                && self.refused.swap(refused, Ordering::AcqRel) != refused
            {
                // Nobody listens any more while everything is being stopped.
                let _ = self.answers.send((self.secret.id, refused));
            }
            Ok(reply)
        }
    }
}

#[async_trait]
impl Transport for HeldSecret {
    async fn send(&self, head: &Parts, body: Body, _: Need) -> Result<Reply, TransportFault> {
        self.call(head, body).await
    }
}

#[cfg(test)]
mod tests {
    use gardien_domain::phare_key::{Findings, Purpose, SeenProject};
    use gardien_domain::{PhareKeyId, ProjectId};
    use gardien_egress::Proxies;
    use jiff::Timestamp;
    use tokio::sync::mpsc::unbounded_channel;
    use uuid::Uuid;

    use super::*;
    use crate::clock::system_clock;

    /// A key of a project's: of this one, if it was examined.
    fn key(project: Option<i64>) -> PhareKey {
        let seen = |id| SeenProject {
            id: ProjectId(id),
            name: String::new(),
        };
        PhareKey {
            id: PhareKeyId(Uuid::nil()),
            name: String::new(),
            purpose: Purpose::Attached,
            current: PhareSecret {
                id: PhareSecretId(Uuid::nil()),
                display: String::new(),
                kind: ScopeKind::Project,
                added_at: Timestamp::UNIX_EPOCH,
                findings: project.map(|id| Findings {
                    at: Timestamp::UNIX_EPOCH,
                    platform: None,
                    uptime: None,
                    projects: vec![seen(id)],
                    calls: Vec::new(),
                }),
                refused_at: None,
            },
            next: None,
            switched_at: None,
        }
    }

    #[tokio::test]
    async fn only_a_key_that_nobody_has_looked_at_is_worth_waiting_for() {
        let base = "http://localhost".parse().unwrap();
        let phare = HttpUpstream::new(base, Proxies::default(), system_clock()).unwrap();
        let empty = Ring::new(phare, unbounded_channel().0);
        let operation = gardien_phare::operation("getUsers").unwrap();
        let sent = async |keys: &[PhareKey], project: Option<i64>| {
            let fresh = [(PhareSecretId(Uuid::nil()), "pha_prj_x".into())];
            let ring = empty.with_keys(keys, &fresh).unwrap();
            let need = Need::of(operation, project.map(ProjectId));
            let (head, ()) = http::Request::new(()).into_parts();
            ring.send(&head, Body::default(), need).await.unwrap_err()
        };
        let mut refused = key(None);
        refused.current.refused_at = Some(Timestamp::UNIX_EPOCH);
        for (keys, project, as_yet) in [
            (&[][..], Some(1), false),
            (&[refused], Some(1), false),
            (&[key(Some(2))], Some(1), false),
            (&[key(None)], None, false),
            (&[key(None)], Some(1), true),
        ] {
            let fault = sent(keys, project).await;
            let is_as_expected = match fault {
                TransportFault::NoKeyYet => as_yet,
                TransportFault::NoKey => !as_yet,
                _ => false,
            };
            assert!(is_as_expected, "{fault:?} of {keys:?} in {project:?}");
        }
    }
}
