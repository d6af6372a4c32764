//! From a request to a step on a collection, and back.

use axum::Router;
use axum::body::{self, Body};
use axum::extract::State;
use gardien_domain::Operation;
use gardien_phare::match_request;
use http::header::{CONTENT_TYPE, HOST};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Request, Response};
use serde_json::Value;

use crate::answers::{self, Rejection};
use crate::collection::Step;
use crate::fields::FieldErrors;
use crate::figures;
use crate::form::{self, Sent};
use crate::query::Query;
use crate::records::Records;
use crate::sandbox::Sandbox;
use crate::specification::{Contract, Specification};
use crate::table::COLLECTIONS;

/// Bytes of a JSON body. The largest that the specification allows is far below.
const LARGEST_BODY: usize = 2 * 1024 * 1024;

impl Sandbox {
    /// The sandbox as a service. Page links follow the request's Host header.
    pub fn router(self) -> Router {
        Router::new().fallback(answer).with_state(self)
    }
}

async fn answer(State(sandbox): State<Sandbox>, request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let answer = serve(&sandbox, &head, body).await;
    answer.unwrap_or_else(Rejection::into_response)
}

async fn serve(sandbox: &Sandbox, head: &Parts, body: Body) -> Result<Response<Body>, Rejection> {
    let path = head.uri.path();
    let matched = match_request(&head.method, path).map_err(|_| Rejection::NotFound)?;
    let specification = &*sandbox.specification;
    let contract = specification.contract(matched.operation);
    let contract = contract.ok_or(Rejection::NotFound)?;
    let done = done(sandbox, matched.operation, contract, head, body).await?;
    let shown = contract.answered.is_some().then_some(&done);
    Ok(answers::answer(contract.status, shown))
}

/// Does what an operation asks for: the answer, or null where there is none.
async fn done(
    sandbox: &Sandbox,
    operation: &Operation,
    contract: &Contract,
    head: &Parts,
    body: Body,
) -> Result<Value, Rejection> {
    let (path, specification) = (head.uri.path(), &*sandbox.specification);
    let answered = contract.answered.as_ref().unwrap_or(&Value::Null);
    let query = || {
        let query = head.uri.query().unwrap_or_default();
        Query::read(specification, contract, query)
    };
    let project = project(&head.headers);
    let named = named(operation, path);
    let id = || named.last()?.parse().ok();
    if operation.id == "getInfo" {
        return Ok(info(specification, answered));
    }
    if figures::FIGURES.contains(&operation.id) {
        let id = id().unwrap_or_default();
        return figures::reckon(sandbox, operation.id, project, id, &query()?).await;
    }
    let mut rows = COLLECTIONS.iter();
    let row = rows.find_map(|collection| Some((collection, collection.step(operation)?)));
    let (collection, step) = row.ok_or(Rejection::NotFound)?;
    let records = Records::open(sandbox, collection, project, named.first().copied()).await?;
    let id = || id().ok_or(Rejection::NotFound);
    let document = match step {
        Step::List => {
            let query = query()?;
            let address = format!("http://{}{path}", host(&head.headers));
            let row = &answered["properties"]["data"]["items"];
            let documents = records.list(&query).await?;
            let rows = documents
                .iter()
                .map(|document| records.shown(row, document));
            return Ok(query.body(&address, rows.collect()));
        }
        Step::Create => {
            // Without a body every required field is missing, and each is named.
            let sent = sent(specification, contract, head, body).await?;
            records.create(sent.unwrap_or_default()).await?
        }
        Step::Get => records.find(id()?).await?,
        Step::Update => {
            let changeable = contract.taken.as_ref().unwrap_or(&Value::Null);
            let sent = sent(specification, contract, head, body).await?;
            records.update(id()?, changeable, sent).await?
        }
        Step::Act(change) => records.act(id()?, change).await?,
        Step::Delete => {
            records.delete(id()?).await?;
            return Ok(Value::Null);
        }
    };
    Ok(records.shown(answered, &document))
}

/// What the API says of itself: the examples of the specification.
fn info(specification: &Specification, schema: &Value) -> Value {
    let fields = specification.properties(schema).into_iter().flatten();
    let facts = fields.map(|(name, field)| (name.clone(), field["examples"][0].clone()));
    Value::Object(facts.collect())
}

/// What the path names besides the operation: parents first, the record itself last.
fn named<'a>(operation: &Operation, path: &'a str) -> Vec<&'a str> {
    let segments = operation.path.split('/').zip(path.split('/'));
    let named = segments.filter(|(name, _)| name.starts_with('{'));
    named.map(|(_, value)| value).collect()
}

/// The project that the caller's authorization chose.
fn project(headers: &HeaderMap) -> Option<i64> {
    let named = headers.get("x-phare-project-id")?.to_str().ok()?;
    named.trim().parse().ok()
}

/// Where page links lead.
fn host(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).map(HeaderValue::as_bytes);
    match host.map(Authority::try_from) {
        Some(Ok(host)) => host.to_string(),
        _ => "localhost".to_owned(),
    }
}

/// What the body brings, if there is one.
async fn sent(
    specification: &Specification,
    contract: &Contract,
    head: &Parts,
    body: Body,
) -> Result<Option<Sent>, Rejection> {
    let kind = head.headers.get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if let Some(schema) = contract.taken.as_ref().filter(|_| contract.takes_form)
        && form::is_form(kind)
    {
        let form = form::read(specification, schema, kind, body).await?;
        return Ok(Some(form));
    }
    let bytes = body::to_bytes(body, LARGEST_BODY).await;
    let bytes = bytes.map_err(|_| Rejection::TooLarge)?;
    if bytes.trim_ascii().is_empty() {
        return Ok(None);
    }
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(fields)) => {
            let files = Vec::new();
            Ok(Some(Sent { fields, files }))
        }
        _ => Err(FieldErrors::one("body", "The body must be a JSON object.").into()),
    }
}
