//! From a request to a step on a collection, and back.

use axum::body::{self, Body};
use axum::extract::State;
use gardien_domain::Operation;
use gardien_phare::match_request;
use http::header::HOST;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, Request, Response};
use serde_json::Value;

use crate::Sandbox;
use crate::answers::{self, Refusal};
use crate::collection::{COLLECTIONS, Fields, Step};
use crate::paging::Paging;
use crate::records::Records;
use crate::specification::{Contract, Specification};
use crate::validate::FieldErrors;

/// Bytes of a JSON body. The largest that the specification allows is far below.
const LARGEST_BODY: usize = 2 * 1024 * 1024;

/// Answers any request.
pub(crate) async fn answer(
    State(sandbox): State<Sandbox>,
    request: Request<Body>,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    serve(&sandbox, &head, body)
        .await
        .unwrap_or_else(Refusal::into_response)
}

async fn serve(sandbox: &Sandbox, head: &Parts, body: Body) -> Result<Response<Body>, Refusal> {
    let path = head.uri.path();
    let matched = match_request(&head.method, path).map_err(|_| Refusal::NotFound)?;
    let operation = matched.operation;
    let contract = sandbox
        .specification
        .contract(operation)
        .ok_or(Refusal::NotOffered)?;
    if operation.id == "getInfo" {
        let info = info(&sandbox.specification, contract);
        return Ok(answers::answer(contract.status, Some(&info)));
    }
    let (collection, step) = COLLECTIONS
        .iter()
        .find_map(|collection| Some((*collection, collection.step(operation)?)))
        .ok_or(Refusal::NotOffered)?;
    let records = Records::open(sandbox, collection, contract, project(&head.headers)).await?;
    let id = || record_id(operation, path).ok_or(Refusal::NotFound);
    let done = match step {
        Step::List => {
            let query = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
            let query: Vec<(String, String)> = query.into_owned().collect();
            let address = format!("{}{path}", base(sandbox, &head.headers));
            let paging = Paging::read(&sandbox.specification, &query, address)?;
            records.list(&paging, &query).await?
        }
        Step::Create => records.create(sent(body).await?).await?,
        Step::Get => records.get(id()?).await?,
        Step::Update => records.update(id()?, sent(body).await?).await?,
        Step::Act(change) => records.act(id()?, change).await?,
        Step::Delete => {
            records.delete(id()?).await?;
            Value::Null
        }
    };
    let shown = contract.answered.is_some().then_some(&done);
    Ok(answers::answer(contract.status, shown))
}

/// What the API says of itself: the examples of the specification.
fn info(specification: &Specification, contract: &Contract) -> Value {
    let schema = contract.answered.as_ref().unwrap_or(&Value::Null);
    let fields = specification.properties(schema).into_iter().flatten();
    let facts = fields.map(|(name, field)| (name.clone(), field["examples"][0].clone()));
    Value::Object(facts.collect())
}

/// The last id in the path: the record's own.
fn record_id(operation: &Operation, path: &str) -> Option<i64> {
    let template = operation.path.split('/');
    let (_, id) = template
        .zip(path.split('/'))
        .filter(|(name, _)| name.starts_with('{'))
        .last()?;
    id.parse().ok()
}

/// The project that the caller's authorization chose.
fn project(headers: &HeaderMap) -> Option<i64> {
    headers
        .get("x-phare-project-id")?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
}

/// Where page links begin.
fn base(sandbox: &Sandbox, headers: &HeaderMap) -> String {
    if let Some(base) = &sandbox.base {
        return base.to_string();
    }
    let host: Option<Authority> = headers
        .get(HOST)
        .and_then(|host| host.as_bytes().try_into().ok());
    format!(
        "http://{}",
        host.as_ref().map_or("localhost", Authority::as_str)
    )
}

/// The fields of the body. No body is no fields; several clients send none where none is needed.
async fn sent(body: Body) -> Result<Fields, Refusal> {
    let bytes = body::to_bytes(body, LARGEST_BODY)
        .await
        .map_err(|_| Refusal::TooLarge)?;
    if bytes.trim_ascii().is_empty() {
        return Ok(Fields::new());
    }
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(Refusal::Invalid(FieldErrors::one(
            "body",
            "The body must be a JSON object.",
        ))),
    }
}
