//! What a call is and whether it may be made: the catalogue and the decision.

use arc_swap::ArcSwap;
use gardien_domain::operation::Operation;
use gardien_domain::phare_key::Need;
use gardien_domain::{
    Call, KeyId, KeyRule, Presented, ProjectDirectory, ProjectId, ProjectSelection, Refusal,
    SecretDigest, alive, decide,
};
use gardien_phare::{PathFault, match_request, methods_of};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;

use crate::headers::{PROJECT_ID, PROJECT_SLUG, values};
use crate::identify::presented;
use crate::refusal::{Ambiguity, CallRefusal};
use crate::secrets::Secrets;
use crate::under_way::{Calls, Ended};

/// Everything a decision is made from, in memory, and read without a lock.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) secrets: Secrets,
    pub(crate) projects: ArcSwap<ProjectDirectory>,
}

/// A call that may be forwarded.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) key: KeyId,
    /// The key as it was then.
    pub(crate) rule: KeyRule,
    /// The secret that it came with, unless that is the key's present one.
    pub(crate) replaced: Option<SecretDigest>,
    pub(crate) operation: &'static Operation,
    /// The project to name to the upstream.
    pub(crate) project: Option<ProjectId>,
    /// The only project that the answer may show.
    pub(crate) only: Option<ProjectId>,
    /// What it asks of the upstream's key.
    pub(crate) need: Need,
    /// What ends it when its secret may not be used any more.
    pub(crate) ended: Ended,
}

impl Known {
    /// Whether a key is what it was, and works.
    pub(crate) fn is_as_it_was(&self, rule: &KeyRule, now: Timestamp) -> bool {
        let projects = self.projects.load();
        self.secrets.rule(&rule.digest).as_ref() == Some(rule)
            && alive(rule, Presented::Current, &projects, now).is_ok()
    }

    /// Decides one request: who, what, may they, where.
    pub(crate) fn admit(&self, head: &Parts, now: Timestamp) -> Result<Admitted, CallRefusal> {
        let digest = presented(&head.headers).ok_or(CallRefusal::Unauthorized)?;
        let judge =
            |key: &KeyRule, secret, calls: &Calls| self.judge(head, key, secret, calls, now);
        let judged = self.secrets.find(&digest, judge);
        judged.ok_or(CallRefusal::Unauthorized)?
    }

    pub(crate) fn judge(
        &self,
        head: &Parts,
        key: &KeyRule,
        secret: Presented,
        calls: &Calls,
        now: Timestamp,
    ) -> Result<Admitted, CallRefusal> {
        let matched = match_request(&head.method, head.uri.path());
        let call = Call {
            operation: matched.ok().map(|matched| matched.operation),
            path_project: matched.ok().and_then(|matched| matched.path_project),
            selection: selection(&head.headers),
        };
        // Only now: of projects that were looked at before the secret one may be gone, and its keys told so already.
        let grant = decide(key, secret, &call, &self.projects.load(), now);
        match (grant, matched) {
            // Only now: whoever has no working key is told that, not that the path is odd or what it takes.
            (Err(Refusal::OperationUnknown), Err(fault)) => Err(unmatched(fault, head.uri.path())),
            (Err(refusal), _) => Err(CallRefusal::Decided(refusal)),
            (Ok(grant), Ok(matched)) if plain_query(head) => Ok(Admitted {
                key: key.id,
                rule: *key,
                replaced: match secret {
                    Presented::Current => None,
                    Presented::Replaced(secret) => Some(secret.digest),
                },
                operation: matched.operation,
                project: grant.project,
                only: grant.only,
                // Whatever a project key does concerns its project, named or not.
                need: Need::of(matched.operation, key.scope.project().or(grant.project)),
                ended: calls.begin(),
            }),
            (Ok(_), _) => Err(CallRefusal::Ambiguous(Ambiguity::Query)),
        }
    }
}

fn unmatched(fault: PathFault, path: &str) -> CallRefusal {
    match fault {
        PathFault::EmptySegment => CallRefusal::Ambiguous(Ambiguity::Slashes),
        PathFault::OddCharacter => CallRefusal::Ambiguous(Ambiguity::Characters),
        PathFault::OtherMethod => CallRefusal::MethodNotAllowed(methods_of(path)),
        PathFault::Unknown => CallRefusal::Decided(Refusal::OperationUnknown),
    }
}

/// A query is passed on byte for byte, so it must be made of what every server reads alike, and must not hold
/// the parameter that some frameworks take for the method.
fn plain_query(head: &Parts) -> bool {
    head.uri.query().is_none_or(|query| {
        query.bytes().all(|byte| byte.is_ascii_graphic()) && !names_the_method(query)
    })
}

/// Some servers part parameters by `;` as well.
fn names_the_method(query: &str) -> bool {
    query
        .split(';')
        .flat_map(|part| form_urlencoded::parse(part.as_bytes()))
        .any(|(name, _)| name.eq_ignore_ascii_case("_method"))
}

fn selection(headers: &HeaderMap) -> ProjectSelection {
    let values = |name| values(headers, name).map(HeaderValue::as_bytes);
    ProjectSelection::parse(values(PROJECT_ID), values(PROJECT_SLUG))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_4_no_parameter_stands_for_the_method() {
        for query in [
            "_method=DELETE",
            "page=2&_method=DELETE",
            "page=2;_METHOD=DELETE",
            "%5Fmethod=DELETE",
            "_%6Dethod",
        ] {
            assert!(names_the_method(query), "{query}");
        }
        for query in ["", "page=2", "method=x", "name=_method", "a_method=1"] {
            assert!(!names_the_method(query), "{query}");
        }
    }
}
