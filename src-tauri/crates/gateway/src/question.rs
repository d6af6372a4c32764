//! What a read asks: two with the same question have the same answer.

use std::sync::Arc;

use gardien_domain::{KeyId, ProjectId};
use http::Method;
use http::header::{
    CACHE_CONTROL, HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE, PRAGMA, RANGE,
};
use http::request::Parts;

use crate::authorize::Admitted;
use crate::headers;
use crate::links::Called;

/// Conditions on an answer.
pub(crate) const CONDITIONS: [HeaderName; 6] = [
    IF_MATCH,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    IF_RANGE,
    IF_UNMODIFIED_SINCE,
    RANGE,
];
/// They name one request and change no answer.
const OF_ONE_REQUEST: [HeaderName; 3] = [
    headers::REQUEST_ID,
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
];

/// What a key asks in one project, or in the organization, to the last byte.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Question {
    pub(crate) key: KeyId,
    /// The one project that it concerns; `None`: the organization.
    pub(crate) project: Option<ProjectId>,
    /// Target, address and headers. All headers that go out, for any of them may change the answer.
    asked: Arc<[u8]>,
}

impl Question {
    /// What an admitted call asks, if it is a read whose answer may come from memory: whoever sets conditions, or says
    /// anything of caches, is answered by the upstream.
    pub(crate) fn of(admitted: &Admitted, head: &Parts, called: &Called) -> Option<Self> {
        let passes_by = CONDITIONS.iter().chain([&CACHE_CONTROL, &PRAGMA]);
        let passes_by = passes_by
            .into_iter()
            .any(|name| head.headers.contains_key(name));
        if head.method != Method::GET || passes_by {
            return None;
        }
        let mut sent = head.headers.clone();
        let no_id = HeaderValue::from_static("");
        headers::outgoing(&mut sent, admitted.project, &no_id);
        for name in OF_ONE_REQUEST {
            sent.remove(name);
        }
        let mut fields: Vec<_> = sent.iter().collect();
        // Values of one name keep their order.
        fields.sort_by_key(|(name, _)| name.as_str());
        let target = head.uri.path_and_query()?.as_str();
        // No part can hold the byte that parts them.
        let mut asked = [target, called.as_str()].join("\n").into_bytes();
        for (name, value) in fields {
            for part in [b"\n", name.as_str().as_bytes(), b":", value.as_bytes()] {
                asked.extend_from_slice(part);
            }
        }
        Some(Self {
            key: admitted.key,
            project: admitted.need.project,
            asked: asked.into(),
        })
    }

    /// Bytes that it takes.
    pub(crate) fn size(&self) -> usize {
        self.asked.len()
    }

    #[cfg(test)]
    pub(crate) fn test(key: KeyId, project: Option<i64>, asked: &str) -> Self {
        Self {
            key,
            project: project.map(ProjectId),
            asked: asked.as_bytes().into(),
        }
    }
}
