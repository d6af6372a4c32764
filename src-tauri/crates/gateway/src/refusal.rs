//! Every way a request is not answered by the upstream, and how each is told: status, code, words, headers.

use std::borrow::Cow;
use std::sync::LazyLock;

use bytes::Bytes;
use gardien_domain::product::{Access, Product};
use gardien_domain::project::{PROJECT_ID_HEADER, PROJECT_SLUG_HEADER};
use gardien_domain::schedule::{Bound, Full};
use gardien_domain::{Method, Refusal as Decided};
use gardien_egress::Way;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::body::Body;
use crate::told::whole_seconds;

/// When a paused gateway may be asked again, in seconds. Nobody knows when a person resumes it.
const RETRY_PAUSED: &str = "30";
/// When one that lost touch may be asked again, in seconds: it may be back in a moment.
const RETRY_STALE: &str = "1";
/// As many an answer has at most, with those that every answer carries.
const HEADERS: usize = 12;

/// Why a request was not answered by the upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallRefusal {
    /// The head could be read in more than one way.
    Head(HeadFault),
    /// A method that the path does not take, or that no proxy should pass on. These it takes.
    MethodNotAllowed(Vec<Method>),
    /// No secret, not one in the right form, more than one, or one that nobody knows.
    Unauthorized,
    /// Two servers could read the path or the query differently.
    Ambiguous(Ambiguity),
    /// The rules refuse the call.
    Decided(Decided),
    /// No list has such a page.
    Page(PageFault),
    /// The organization's calls of this minute are used up, or Phare says so; or the key's own share is.
    TooManyAttempts(Full),
    /// The client's body ended in an error.
    BodyBroken,
    /// The client stopped sending its body.
    BodyTooSlow,
    /// A person lets the gateway rest.
    Paused,
    /// The gateway cannot be certain to know the newest rules.
    Stale,
    /// There is nothing to forward to.
    UpstreamMissing,
    /// None of the upstream's keys works where the call does; the call was not made.
    UpstreamKeyMissing,
    /// The upstream was not reached; the call was not made.
    UpstreamUnreachable {
        /// The way there.
        way: Way,
    },
    /// Whoever was reached is not the upstream by its certificate, or speaks no TLS; the call was not made.
    UpstreamInsecure {
        /// The way there.
        way: Way,
    },
    /// The upstream was reached, then broke off; the call may have been made.
    UpstreamBroken,
    /// The upstream was reached and said nothing in time; the call may have been made.
    UpstreamTooSlow,
    /// The upstream refuses Gardien's own key.
    UpstreamKeyRefused,
    /// The upstream's key may not do this, and was known not to: the caller's may.
    UpstreamKeyForbidden {
        /// The product of the operation.
        product: Product,
        /// What it needs.
        access: Access,
    },
    /// The gateway is being stopped.
    Stopping,
}

/// What is wrong with a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadFault {
    /// The target is not a path.
    AbsoluteTarget,
    /// More than one Host.
    Host,
    /// The length of the body is stated in more than one way.
    Framing,
}

/// No list has the page that was asked for. Told as Phare does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The {} field must be {rule}.", .field.replace('_', " "))]
pub struct PageFault {
    pub(crate) field: &'static str,
    pub(crate) rule: &'static str,
}

/// Where a path or a query can be read in more than one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ambiguity {
    /// The path has an empty segment.
    Slashes,
    /// The path holds characters that no path of Phare's has.
    Characters,
    /// The query.
    Query,
}

impl CallRefusal {
    /// The status it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Head(_) | Self::Ambiguous(_) | Self::BodyBroken => StatusCode::BAD_REQUEST,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Decided(decided) => match decided {
                Decided::KeyExpired { .. }
                | Decided::KeyRevoked { .. }
                | Decided::SecretReplaced { .. }
                | Decided::ProjectDeleted => StatusCode::UNAUTHORIZED,
                Decided::OperationUnknown => StatusCode::NOT_FOUND,
                Decided::ScopeMissing { .. }
                | Decided::ProjectManagement
                | Decided::OtherProject
                | Decided::ProjectUnknown => StatusCode::FORBIDDEN,
                Decided::ProjectHeaderMissing
                | Decided::ProjectHeaderUnreadable { .. }
                | Decided::ProjectHeadersContradict => StatusCode::UNPROCESSABLE_ENTITY,
            },
            Self::Page(_) => StatusCode::UNPROCESSABLE_ENTITY,
            // Not 502: that is tried again, and comes to nothing until a person acts.
            Self::UpstreamKeyForbidden { .. } => StatusCode::FORBIDDEN,
            Self::TooManyAttempts(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Paused
            | Self::Stale
            | Self::UpstreamMissing
            | Self::UpstreamKeyMissing
            | Self::Stopping => StatusCode::SERVICE_UNAVAILABLE,
            Self::UpstreamUnreachable { .. }
            | Self::UpstreamInsecure { .. }
            | Self::UpstreamBroken
            | Self::UpstreamKeyRefused => StatusCode::BAD_GATEWAY,
            Self::UpstreamTooSlow => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// What is used up, if something is.
    pub(crate) fn full(&self) -> Option<Full> {
        match self {
            Self::TooManyAttempts(full) => Some(*full),
            _ => None,
        }
    }

    /// The stable code, where Phare's own words do not say it all.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        Some(match self {
            Self::Head(_) => "malformed_request",
            Self::MethodNotAllowed(_) => "method_not_allowed",
            Self::Ambiguous(_) => "ambiguous_path",
            Self::BodyBroken => "malformed_body",
            Self::BodyTooSlow => "request_timeout",
            Self::Decided(decided) => match decided {
                Decided::KeyExpired { .. } => "key_expired",
                Decided::KeyRevoked { .. } => "key_revoked",
                Decided::SecretReplaced { .. } => "secret_replaced",
                Decided::ProjectManagement => "project_management_forbidden",
                Decided::OtherProject => "project_forbidden",
                Decided::ProjectDeleted => "project_deleted",
                Decided::ProjectUnknown => "project_unknown",
                Decided::OperationUnknown
                | Decided::ScopeMissing { .. }
                | Decided::ProjectHeaderMissing
                | Decided::ProjectHeaderUnreadable { .. }
                | Decided::ProjectHeadersContradict => return None,
            },
            Self::Paused => "gateway_paused",
            Self::Stale => "gateway_stale",
            Self::UpstreamMissing => "upstream_missing",
            Self::UpstreamKeyMissing => "upstream_key_missing",
            Self::UpstreamUnreachable { .. } | Self::UpstreamBroken => "upstream_unreachable",
            Self::UpstreamInsecure { .. } => "upstream_insecure",
            Self::UpstreamTooSlow => "upstream_timeout",
            Self::UpstreamKeyRefused => "upstream_key_refused",
            Self::UpstreamKeyForbidden { .. } => "upstream_key_forbidden",
            Self::Stopping => "gateway_stopping",
            Self::TooManyAttempts(full) => match full.bound {
                Bound::Organization => return None,
                Bound::Key => "share_used_up",
            },
            Self::Unauthorized | Self::Page(_) => return None,
        })
    }

    pub(crate) fn message(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Head(HeadFault::AbsoluteTarget) => "The request target must be a path.",
            Self::Head(HeadFault::Host) => "The request names more than one host.",
            Self::Head(HeadFault::Framing) => {
                "The request states the length of its body in more than one way."
            }
            Self::MethodNotAllowed(_) => "This method is not supported.",
            Self::Unauthorized => "Unauthorized",
            Self::Ambiguous(Ambiguity::Slashes) => {
                "The path has two slashes in a row, or one at its end. Send it without."
            }
            Self::Ambiguous(Ambiguity::Characters) => {
                "The path can be read in more than one way: it may hold letters, digits, - and _ only. Send it unescaped."
            }
            Self::Ambiguous(Ambiguity::Query) => "The query can be read in more than one way.",
            Self::Decided(decided) => return decided_message(decided),
            Self::Page(fault) => return fault.to_string().into(),
            Self::TooManyAttempts(full) => {
                // Many clients show the message and nothing else. What is the organization's is told as Phare does.
                let seconds = whole_seconds(full.retry_after_ms);
                let unit = if seconds == 1 { "second" } else { "seconds" };
                let whose = match full.bound {
                    Bound::Organization => "",
                    Bound::Key => " This API key has used up its own share of the calls a minute.",
                };
                return format!("Too Many Attempts. Try again in {seconds} {unit}.{whose}").into();
            }
            Self::BodyBroken => "The body of the request broke off.",
            Self::BodyTooSlow => "The body of the request stopped coming.",
            Self::Paused => "Gardien is paused on this computer. The call was not made.",
            Self::Stale => {
                "This gateway has lost touch with its database and grants nothing until it is back. The call was not made."
            }
            Self::UpstreamMissing => {
                "Gardien is not connected to Phare. Its settings say what to connect to."
            }
            Self::UpstreamKeyMissing => {
                "None of the Phare keys that Gardien holds works here. The call was not made."
            }
            Self::UpstreamUnreachable { way } => {
                return format!("Phare cannot be reached{way}. The call was not made.").into();
            }
            Self::UpstreamInsecure { way } => {
                return format!(
                    "Phare cannot be reached securely{way}: its certificate is not trusted, or it speaks no TLS. The call was not made."
                )
                .into();
            }
            Self::UpstreamBroken => {
                "Phare broke off without an answer. The call may have been made."
            }
            Self::UpstreamTooSlow => "Phare did not answer in time. The call may have been made.",
            Self::UpstreamKeyRefused => {
                "Phare refuses the key that Gardien calls it with. Your key is fine; the Owner has to replace Gardien's."
            }
            Self::UpstreamKeyForbidden { product, access } => {
                return format!(
                    "The key that Gardien calls Phare with lacks the {product}:{access} permission. Your key is fine; the Owner has to give Gardien's that permission."
                )
                .into();
            }
            Self::Stopping => "Gardien is being stopped.",
        })
    }

    fn errors(&self) -> Option<Value> {
        let decided = match self {
            Self::Decided(decided) => decided,
            Self::Page(fault) => return Some(json!({ fault.field: [fault.to_string()] })),
            _ => return None,
        };
        match decided {
            Decided::ProjectHeaderMissing => Some(json!({
                PROJECT_ID_HEADER: [format!(
                    "The {PROJECT_ID_HEADER} or {PROJECT_SLUG_HEADER} header is required with an organization key."
                )]
            })),
            Decided::ProjectHeaderUnreadable { header } => Some(json!({
                *header: [format!("The {header} header cannot be read.")]
            })),
            Decided::ProjectHeadersContradict => Some(json!({
                PROJECT_ID_HEADER: [format!("It names another project than {PROJECT_SLUG_HEADER}.")],
                PROJECT_SLUG_HEADER: [format!("It names another project than {PROJECT_ID_HEADER}.")],
            })),
            _ => None,
        }
    }

    fn body(&self) -> Bytes {
        let mut body = Map::new();
        body.insert("message".to_owned(), self.message().into());
        if let Some(code) = self.code() {
            body.insert("code".to_owned(), code.into());
        }
        if let Some(errors) = self.errors() {
            body.insert("errors".to_owned(), errors);
        }
        Value::Object(body).to_string().into()
    }

    /// The whole answer, but for the headers that every answer carries.
    pub(crate) fn into_response(self) -> Response<Body> {
        // Whoever guesses secrets has it written once.
        static UNAUTHORIZED: LazyLock<Bytes> = LazyLock::new(|| CallRefusal::Unauthorized.body());
        let body = match self {
            Self::Unauthorized => UNAUTHORIZED.clone(),
            _ => self.body(),
        };
        let mut response = Response::new(Body::whole(body));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.reserve(HEADERS);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.status() == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Self::MethodNotAllowed(allowed) = &self {
            headers.insert(ALLOW, allow(allowed));
        }
        if let Self::TooManyAttempts(full) = self {
            headers.insert(RETRY_AFTER, whole_seconds(full.retry_after_ms).into());
        }
        let retry = match self {
            Self::Paused => Some(RETRY_PAUSED),
            Self::Stale => Some(RETRY_STALE),
            _ => None,
        };
        if let Some(seconds) = retry {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        if matches!(self, Self::Head(_)) {
            // Where this message ends is not certain, so no other may follow it.
            headers.insert(http::header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

fn allow(methods: &[Method]) -> HeaderValue {
    let names = methods.iter().map(|method| match method {
        Method::Get => "GET, HEAD",
        method => method.as_str(),
    });
    let names: Vec<_> = names.collect();
    HeaderValue::try_from(names.join(", ")).unwrap_or(HeaderValue::from_static(""))
}

fn decided_message(decided: &Decided) -> Cow<'static, str> {
    Cow::Borrowed(match decided {
        Decided::KeyExpired { since } => {
            return format!("This API key expired at {since:.0}.").into();
        }
        Decided::KeyRevoked { since } => {
            return format!("This API key was revoked at {since:.0}.").into();
        }
        Decided::SecretReplaced { since } => {
            return format!(
                "This secret was replaced and stopped working at {since:.0}. Use the API key's new one."
            )
            .into();
        }
        Decided::ScopeMissing { product, access } => {
            return format!(
                "The {product}:{access} permission is required to perform this action."
            )
            .into();
        }
        Decided::OperationUnknown => "Resource not found",
        Decided::ProjectManagement => "A project key cannot create or manage projects.",
        Decided::OtherProject => "This API key works in another project.",
        Decided::ProjectDeleted => "The project of this API key was deleted.",
        Decided::ProjectUnknown => "There is no such project.",
        Decided::ProjectHeaderMissing => "A project must be named.",
        Decided::ProjectHeaderUnreadable { .. } => "The project header cannot be read.",
        Decided::ProjectHeadersContradict => "The project headers name different projects.",
    })
}
