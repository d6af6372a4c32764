//! Makes the upstream's answer the caller's: nothing of Gardien's own key, of other projects or of the way past the gateway
//! is in it.

use std::pin::Pin;

use gardien_domain::phare_key::Need;
use http::{Response, StatusCode};

use crate::body::Body;
use crate::links::{Called, Led, lead_back};
use crate::refusal::CallRefusal;
use crate::restrict::OnlyProject;
use crate::upstream::Reply;

/// What is made of the upstream's answer.
pub(crate) enum HandedBack {
    Now(Response<Body>),
    /// It has to be read to its end first.
    Later(Pin<Box<dyn Future<Output = Result<Response<Body>, CallRefusal>> + Send>>),
}

/// The answer to a call that asked `need` of the upstream's key: a page with `only` one project if it was asked for that.
///
/// # Errors
/// A [`CallRefusal`] where the answer is not for the caller, or breaks off.
pub(crate) fn hand_back(
    reply: Reply,
    need: Need,
    only: Option<OnlyProject>,
    called: impl Fn() -> Called,
) -> Result<HandedBack, CallRefusal> {
    let Reply {
        answer,
        falls_short,
        own,
        ..
    } = reply;
    if falls_short && answer.status() == StatusCode::FORBIDDEN {
        return Err(CallRefusal::UpstreamKeyForbidden {
            product: need.product,
            access: need.access,
        });
    }
    Ok(match (only, own) {
        (Some(only), _) if OnlyProject::is_made_of(answer.status()) => {
            let called = called();
            HandedBack::Later(Box::pin(async move { only.page(answer, &called).await }))
        }
        (_, Some(own)) => match lead_back(answer, own, &called) {
            Led::Back(answer) => HandedBack::Now(answer),
            Led::Unread(unread) => HandedBack::Later(Box::pin(unread.read(called()))),
        },
        (_, None) => HandedBack::Now(answer),
    })
}
