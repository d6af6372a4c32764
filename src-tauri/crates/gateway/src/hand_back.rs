//! Makes the upstream's answer the caller's: nothing of Gardien's own key, of other projects or of the way past the gateway
//! is in it.

use gardien_domain::phare_key::Need;
use http::{Response, StatusCode};

use crate::body::Body;
use crate::links::{Called, lead_back};
use crate::refusal::CallRefusal;
use crate::restrict::OnlyProject;
use crate::upstream::Reply;

/// The answer to a call that asked `need` of the upstream's key: a page with `only` one project if it was asked for that.
///
/// # Errors
/// A [`CallRefusal`] where the answer is not for the caller, or breaks off.
pub(crate) async fn hand_back(
    reply: Reply,
    need: Need,
    only: Option<OnlyProject>,
    called: impl Fn() -> Called,
) -> Result<Response<Body>, CallRefusal> {
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
    match (only, own) {
        (Some(only), _) if OnlyProject::is_made_of(answer.status()) => {
            only.page(answer, &called()).await
        }
        (_, Some(own)) => lead_back(answer, own, called).await,
        (_, None) => Ok(answer),
    }
}
