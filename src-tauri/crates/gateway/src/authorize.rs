//! What a call is and whether it may be made: the catalogue and the decision.

use gardien_domain::operation::Operation;
use gardien_domain::project::{PROJECT_ID_HEADER, PROJECT_SLUG_HEADER};
use gardien_domain::{Call, KeyId, ProjectDirectory, ProjectId, ProjectSelection, decide};
use gardien_phare::{PathFault, match_request};
use http::HeaderMap;
use http::request::Parts;
use jiff::Timestamp;

use crate::identify::{Keys, presented};
use crate::refusal::Refusal;

/// Everything a decision is made from, in memory.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) keys: Keys,
    pub(crate) projects: ProjectDirectory,
}

/// A call that may be forwarded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Admitted {
    pub(crate) key: KeyId,
    pub(crate) operation: &'static Operation,
    /// The project to name to the upstream.
    pub(crate) project: Option<ProjectId>,
    /// The only project that the answer may show.
    pub(crate) only: Option<ProjectId>,
}

impl Known {
    /// Decides one request: who, what, may they, where.
    pub(crate) fn admit(&self, head: &Parts, now: Timestamp) -> Result<Admitted, Refusal> {
        let (key, credential) = presented(&head.headers)
            .and_then(|digest| self.keys.find(&digest))
            .ok_or(Refusal::Unauthorized)?;
        let matched = match_request(&head.method, head.uri.path());
        let call = Call {
            operation: matched.ok().map(|matched| matched.operation),
            path_project: matched.ok().and_then(|matched| matched.path_project),
            selection: selection(&head.headers),
        };
        let grant = decide(key, credential, &call, &self.projects, now);
        match (grant, matched) {
            // Only now: whoever has no working key is told that, not that the path is odd.
            (Err(gardien_domain::Refusal::OperationUnknown), Err(PathFault::Ambiguous)) => {
                Err(Refusal::AmbiguousPath)
            }
            (Err(refusal), _) => Err(Refusal::Decided(refusal)),
            (Ok(grant), Ok(matched)) if plain_query(head) => Ok(Admitted {
                key: key.id,
                operation: matched.operation,
                project: grant.project,
                only: grant.only,
            }),
            (Ok(_), _) => Err(Refusal::AmbiguousPath),
        }
    }
}

/// A query is passed on byte for byte, so it must be made of what every server reads alike, and must not hold
/// the parameter that some frameworks take for the method.
fn plain_query(head: &Parts) -> bool {
    head.uri.query().is_none_or(|query| {
        query.bytes().all(|byte| byte.is_ascii_graphic())
            && !query.split(['&', ';']).any(names_the_method)
    })
}

/// Escaped or not: `_` is `%5f`, and so on for each letter, so a name is compared as it is read.
fn names_the_method(parameter: &str) -> bool {
    let name = parameter.split('=').next().unwrap_or_default();
    percent_decoded(name).eq_ignore_ascii_case(b"_method")
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        rest = if escaped.is_some() {
            &after[2..]
        } else {
            after
        };
        decoded.push(escaped.unwrap_or(byte));
    }
    decoded
}

fn selection(headers: &HeaderMap) -> ProjectSelection {
    let values = |name| {
        headers
            .get_all(name)
            .iter()
            .map(http::HeaderValue::as_bytes)
    };
    ProjectSelection::parse(values(PROJECT_ID_HEADER), values(PROJECT_SLUG_HEADER))
}
