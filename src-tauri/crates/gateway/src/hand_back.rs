//! Makes the upstream's answer the caller's: nothing of Gardien's own key, of other projects or of the way past the gateway
//! is in it.

use gardien_domain::phare_key::Need;
use http::{Response, StatusCode};

use crate::body::Body;
use crate::links::{Called, Own, lead_back};
use crate::refusal::CallRefusal;
use crate::restrict::OnlyProject;
use crate::upstream::KeyFallsShort;

/// The answer to a call that asked `need` of the upstream's key: a page with `only` one project if it was asked for that.
///
/// # Errors
/// A [`CallRefusal`] where the answer is not for the caller, or breaks off.
pub(crate) async fn hand_back(
    mut answer: Response<Body>,
    need: Need,
    only: Option<OnlyProject>,
    called: impl Fn() -> Called,
) -> Result<Response<Body>, CallRefusal> {
    let falls_short = answer.extensions_mut().remove::<KeyFallsShort>().is_some();
    if falls_short && answer.status() == StatusCode::FORBIDDEN {
        return Err(CallRefusal::UpstreamKeyForbidden {
            product: need.product,
            access: need.access,
        });
    }
    let own = answer.extensions_mut().remove::<Own>();
    match (only, own) {
        (Some(only), _) if OnlyProject::is_made_of(answer.status()) => {
            only.page(answer, &called()).await
        }
        (_, Some(own)) => lead_back(answer, own, called).await,
        (_, None) => Ok(answer),
    }
}
