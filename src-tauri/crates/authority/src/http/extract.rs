//! Reading requests, with our own words for what cannot be read.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::{Actor, Fault, Unreadable};

impl<S: Send + Sync> FromRequestParts<S> for Actor {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or(Fault::Unauthenticated)
    }
}

/// How long a body may take to come, once its head is there.
const BODY: Duration = Duration::from_secs(10);

/// A JSON body, or what is wrong with it: whoever may not send one is told that first.
pub(super) struct Body<T>(pub(super) Result<T, Unreadable>);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Infallible;

    async fn from_request(request: Request, state: &S) -> Result<Self, Infallible> {
        let Ok(read) = tokio::time::timeout(BODY, Json::from_request(request, state)).await else {
            return Ok(Self(Err(Unreadable::TooSlow)));
        };
        Ok(Self(match read {
            Ok(Json(body)) => Ok(body),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(Unreadable::MediaType),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(Unreadable::TooLarge)
            }
            // Serde names the field and what it wanted there; it never repeats a whole body.
            Err(rejection) => Err(Unreadable::Malformed {
                reason: rejection.body_text(),
            }),
        }))
    }
}

impl<T> Body<T> {
    /// One with a secret in it: what says where the reading stopped would repeat what stood there, so its shape is said
    /// instead.
    pub(super) fn secretive(self, shape: &str) -> Result<T, Unreadable> {
        self.0.map_err(|fault| match fault {
            Unreadable::Malformed { .. } => Unreadable::Malformed {
                reason: shape.to_owned(),
            },
            fault => fault,
        })
    }
}

/// The parameters behind the question mark.
pub(super) struct Asked<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(asked)| Self(asked))
            .map_err(|rejection| {
                let reason = rejection.body_text();
                Unreadable::Malformed { reason }.into()
            })
    }
}

/// An id in the path. One that cannot be read names nothing.
pub(super) struct Id<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Id<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        Path::from_request_parts(parts, state)
            .await
            .map(|Path(id)| Self(id))
            .map_err(|_| Fault::NotFound { what: "resource" })
    }
}
