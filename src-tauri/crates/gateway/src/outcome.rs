//! What became of the calls since the start: a number each, which nobody waits for.

use std::sync::atomic::{AtomicU64, Ordering};

use gardien_domain::Refusal as Decided;

use crate::refusal::CallRefusal;

/// What refused calls are counted by: their codes, and names for those without one. The first are looked up fastest.
const REFUSED: [&str; 30] = [
    "unauthorized",
    "too_many_attempts",
    "gateway_stale",
    "key_revoked",
    "key_expired",
    "secret_replaced",
    "scope_missing",
    "operation_unknown",
    "project_deleted",
    "project_forbidden",
    "project_header",
    "project_management_forbidden",
    "project_unknown",
    "share_used_up",
    "malformed_request",
    "malformed_body",
    "method_not_allowed",
    "ambiguous_path",
    "page_unknown",
    "request_timeout",
    "upstream_missing",
    "upstream_key_missing",
    "upstream_key_refused",
    "upstream_key_forbidden",
    "upstream_unreachable",
    "upstream_insecure",
    "upstream_timeout",
    "gateway_paused",
    "gateway_stopping",
    OTHER,
];
const OTHER: &str = "other";

#[derive(Debug)]
pub(crate) struct Outcomes {
    granted: AtomicU64,
    refused: [AtomicU64; REFUSED.len()],
}

impl Default for Outcomes {
    fn default() -> Self {
        Self {
            granted: AtomicU64::default(),
            refused: [const { AtomicU64::new(0) }; REFUSED.len()],
        }
    }
}

impl Outcomes {
    pub(crate) fn granted(&self) {
        self.granted.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self, refusal: &CallRefusal) {
        let name = name(refusal);
        let place = REFUSED.iter().position(|known| *known == name);
        let place = place.unwrap_or(REFUSED.len() - 1);
        if let Some(count) = self.refused.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn counts(&self) -> Vec<(&'static str, u64)> {
        let granted = [("granted", &self.granted)];
        let refused = REFUSED.into_iter().zip(&self.refused);
        let counted = granted.into_iter().chain(refused);
        counted
            .map(|(name, count)| (name, count.load(Ordering::Relaxed)))
            .collect()
    }
}

fn name(refusal: &CallRefusal) -> &'static str {
    if let Some(code) = refusal.code() {
        return code;
    }
    match refusal {
        CallRefusal::Unauthorized => "unauthorized",
        CallRefusal::TooManyAttempts(_) => "too_many_attempts",
        CallRefusal::Page(_) => "page_unknown",
        CallRefusal::Decided(Decided::ScopeMissing { .. }) => "scope_missing",
        CallRefusal::Decided(Decided::OperationUnknown) => "operation_unknown",
        CallRefusal::Decided(
            Decided::ProjectHeaderMissing
            | Decided::ProjectHeaderUnreadable { .. }
            | Decided::ProjectHeadersContradict,
        ) => "project_header",
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_counts_once_for_what_became_of_it() {
        let outcomes = Outcomes::default();
        outcomes.granted();
        for refusal in [
            CallRefusal::Unauthorized,
            CallRefusal::Stale,
            CallRefusal::Stale,
            CallRefusal::Stopping,
            CallRefusal::Decided(Decided::ProjectHeadersContradict),
        ] {
            outcomes.refused(&refusal);
        }
        let mut counts = outcomes.counts();
        counts.retain(|(_, count)| *count > 0);
        let expected = [
            ("granted", 1),
            ("unauthorized", 1),
            ("gateway_stale", 2),
            ("project_header", 1),
            ("gateway_stopping", 1),
        ];
        assert_eq!(counts, expected);
    }
}
