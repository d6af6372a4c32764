//! Requests that cannot be read, whatever they ask for.

use http::StatusCode;

/// Why nothing was asked of the authority.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The request itself makes no sense.
    #[error("{reason}")]
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
    /// The body is not JSON.
    #[error("Send the body as application/json.")]
    MediaType,
    /// The body is larger than any request needs.
    #[error("The body is too large.")]
    TooLarge,
    /// The body did not come in time.
    #[error("The body did not come in time.")]
    TooSlow,
    /// The method does not exist here.
    #[error("This method does not exist here.")]
    MethodNotAllowed,
}

impl Unreadable {
    /// As [`crate::Fault::code`].
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::MediaType => "unsupported_media_type",
            Self::TooLarge => "too_large",
            Self::TooSlow => "request_timeout",
            Self::MethodNotAllowed => "method_not_allowed",
        }
    }

    /// As [`crate::Fault::status`].
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::Malformed { .. } => StatusCode::BAD_REQUEST,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        }
    }
}
