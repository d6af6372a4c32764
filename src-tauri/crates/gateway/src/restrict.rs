//! Cuts a list of projects to the one that a project key may know of. It is the only answer that is read.

use gardien_domain::ProjectId;
use http::Response;
use http::header::CONTENT_LENGTH;
use serde_json::Value;

use crate::body::{Body, read_all, whole};
use crate::refusal::CallRefusal;

/// Bytes of a page of 100 projects, with room to spare.
const LARGEST_PAGE: usize = 4 * 1024 * 1024;

/// The answer with only `project` in its list. An answer that is no list of records is not passed on: what
/// cannot be read cannot be cut.
pub(crate) async fn restrict(
    answer: Response<Body>,
    project: ProjectId,
) -> Result<Response<Body>, CallRefusal> {
    if !answer.status().is_success() {
        return Ok(answer);
    }
    let (mut head, body) = answer.into_parts();
    let Ok(body) = read_all(body, LARGEST_PAGE).await else {
        return Err(CallRefusal::UpstreamBroken);
    };
    let mut page: Value = serde_json::from_slice(&body).map_err(|_| CallRefusal::UpstreamBroken)?;
    let Some(records) = page.get_mut("data").and_then(Value::as_array_mut) else {
        return Err(CallRefusal::UpstreamBroken);
    };
    records.retain(|record| record["id"].as_i64() == Some(project.0));
    head.headers.remove(CONTENT_LENGTH);
    Ok(Response::from_parts(head, whole(page.to_string())))
}
