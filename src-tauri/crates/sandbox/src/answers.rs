//! What the sandbox answers, as Phare writes it.

use axum::body::Body;
use gardien_store::StoreError;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use crate::fields::FieldErrors;

/// Why a request is not done.
#[derive(Debug)]
pub(crate) enum Rejection {
    /// No such path or record, or none of this project.
    NotFound,
    /// The input does not hold.
    Invalid(FieldErrors),
    /// The body is larger than anything Phare takes.
    TooLarge,
    /// The documents cannot be read or written.
    Store(StoreError),
}

impl From<StoreError> for Rejection {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<FieldErrors> for Rejection {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}

impl Rejection {
    pub(crate) fn into_response(self) -> Response<Body> {
        let (status, words) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "Resource not found"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The body is too large."),
            Self::Store(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "sandbox documents"
                );
                (StatusCode::INTERNAL_SERVER_ERROR, "Server Error")
            }
            Self::Invalid(errors) => {
                return answer(StatusCode::UNPROCESSABLE_ENTITY, Some(&errors.body()));
            }
        };
        answer(status, Some(&json!({ "message": words })))
    }
}

/// An answer with a JSON body, or without any.
pub(crate) fn answer(status: StatusCode, body: Option<&Value>) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    if let Some(body) = body {
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        *response.body_mut() = Body::from(body.to_string());
    }
    response
}
