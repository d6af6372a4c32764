//! From a request to a step on a collection, and back.

use axum::body::{self, Body};
use axum::extract::State;
use gardien_domain::Operation;
use gardien_phare::match_request;
use http::header::{CONTENT_TYPE, HOST};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, Request, Response};
use serde_json::Value;

use crate::Sandbox;
use crate::answers::{self, Refusal};
use crate::collection::{COLLECTIONS, Step};
use crate::figures::Figure;
use crate::form::{self, Sent};
use crate::paging::Paging;
use crate::query::Query;
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
        .ok_or(Refusal::NotFound)?;
    if operation.id == "getInfo" {
        let info = info(&sandbox.specification, contract);
        return Ok(answers::answer(contract.status, Some(&info)));
    }
    let query = || {
        let query = head.uri.query().unwrap_or_default();
        Query::read(&sandbox.specification, contract, query)
    };
    let project = project(&head.headers);
    let named = named(operation, path);
    let id = || named.last()?.parse().ok();
    if let Some(figure) = Figure::of(operation) {
        let id = id().unwrap_or_default();
        let reckoned = figure.reckon(sandbox, project, id, &query()?).await?;
        return Ok(answers::answer(contract.status, Some(&reckoned)));
    }
    let (collection, step) = COLLECTIONS
        .iter()
        .find_map(|collection| Some((*collection, collection.step(operation)?)))
        .ok_or(Refusal::NotFound)?;
    let parent = named.first().copied();
    let records = Records::open(sandbox, collection, contract, project, parent).await?;
    let id = || id().ok_or(Refusal::NotFound);
    let done = match step {
        Step::List => {
            let query = query()?;
            let address = format!("{}{path}", base(sandbox, &head.headers));
            records.list(&Paging::of(&query, address), &query).await?
        }
        Step::Create => {
            // Without a body every required field is missing, and each is named.
            let sent = sent(sandbox, contract, head, body).await?;
            records.create(sent.unwrap_or_default()).await?
        }
        Step::Get => records.get(id()?).await?,
        Step::Update => {
            let sent = sent(sandbox, contract, head, body).await?;
            records.update(id()?, sent).await?
        }
        Step::Act((_, change)) => records.act(id()?, change).await?,
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

/// What the path names besides the operation: parents first, the record itself last.
fn named<'a>(operation: &Operation, path: &'a str) -> Vec<&'a str> {
    let template = operation.path.split('/');
    template
        .zip(path.split('/'))
        .filter(|(name, _)| name.starts_with('{'))
        .map(|(_, value)| value)
        .collect()
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

/// What the body brings, if there is one.
async fn sent(
    sandbox: &Sandbox,
    contract: &Contract,
    head: &Parts,
    body: Body,
) -> Result<Option<Sent>, Refusal> {
    let kind = head.headers.get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_form = kind
        .get(..19)
        .is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/form-data"));
    if let Some(schema) = contract
        .taken
        .as_ref()
        .filter(|_| is_form && contract.takes_form)
    {
        return form::read(&sandbox.specification, schema, kind, body)
            .await
            .map(Some);
    }
    let bytes = body::to_bytes(body, LARGEST_BODY)
        .await
        .map_err(|_| Refusal::TooLarge)?;
    if bytes.trim_ascii().is_empty() {
        return Ok(None);
    }
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(fields)) => Ok(Some(Sent {
            fields,
            ..Sent::default()
        })),
        _ => Err(Refusal::Invalid(FieldErrors::one(
            "body",
            "The body must be a JSON object.",
        ))),
    }
}
