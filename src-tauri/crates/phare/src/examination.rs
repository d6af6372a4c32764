//! What a key of Phare's can do, found out without changing anything: by reading, and by writes that must fail.
//!
//! A write is tried with an empty object where Phare requires fields. Phare looks at the permission before it looks
//! at the body, so 403 says that the key may not write, and 422 that it may.

use gardien_domain::phare_key::{ExaminingCall, Findings, SeenProject};
use gardien_domain::project::PROJECT_ID_HEADER;
use gardien_domain::{ProductScope, ProjectId, ScopeKind};
use http::{HeaderValue, Method};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::client::{self, Exchange, PhareFault, unanswered};

/// A page of 100 projects, then the next: so many at most.
const MOST_PAGES: u32 = 100;

/// Examines the key behind `exchange`, which must go to Phare with this key and no other.
///
/// # Errors
/// [`PhareFault::KeyRefused`] when Phare does not take it, [`PhareFault::Busy`] or [`PhareFault::Unreachable`] when
/// nothing can be said now, [`PhareFault::Unexpected`] for an answer that no Phare gives.
pub async fn examine(
    exchange: &dyn Exchange,
    kind: ScopeKind,
    now: Timestamp,
) -> Result<Findings, PhareFault> {
    let mut examination = Examination {
        exchange,
        project: None,
        calls: Vec::new(),
    };
    let (listed, mut projects) = examination.projects().await?;
    examination.project = projects
        .first()
        .map(|project| project.id)
        .filter(|_| kind == ScopeKind::Organization);

    // Only an organization's key can be expected to list projects, and it names one for everything else.
    let platform_read = match kind {
        ScopeKind::Organization => listed,
        ScopeKind::Project => examination.reads("/users?per_page=1").await?.0,
    };
    let (uptime_read, monitors) = examination.reads("/uptime/monitors?per_page=1").await?;
    let platform_write = match kind {
        ScopeKind::Organization => examination.writes("/projects").await?,
        ScopeKind::Project => examination.writes("/alert-rules").await?,
    };
    let uptime_write = examination.writes("/uptime/monitors").await?;

    if kind == ScopeKind::Project && projects.is_empty() {
        projects.extend(project_of(&monitors));
    }
    Ok(Findings {
        at: now,
        platform: scope(platform_read, platform_write),
        uptime: scope(uptime_read, uptime_write),
        projects,
        calls: examination.calls,
    })
}

/// `None` for what could not be told.
fn scope(read: Option<bool>, write: Option<bool>) -> Option<ProductScope> {
    match (read, write) {
        (_, Some(true)) => Some(ProductScope::ReadWrite),
        (Some(true), Some(false)) => Some(ProductScope::Read),
        (Some(false), Some(false)) => Some(ProductScope::None),
        (_, None) | (None, _) => None,
    }
}

struct Examination<'a> {
    exchange: &'a dyn Exchange,
    /// The project to name.
    project: Option<ProjectId>,
    calls: Vec<ExaminingCall>,
}

impl Examination<'_> {
    async fn projects(&mut self) -> Result<(Option<bool>, Vec<SeenProject>), PhareFault> {
        let mut seen = Vec::new();
        for page in 1..=MOST_PAGES {
            let path = format!("/projects?page={page}&per_page=100");
            let (listed, body) = self.reads(&path).await?;
            if listed != Some(true) {
                return Ok((listed, seen));
            }
            let rows = body["data"].as_array().into_iter().flatten();
            seen.extend(rows.filter_map(|row| {
                Some(SeenProject {
                    id: ProjectId(row["id"].as_i64()?),
                    name: row["name"].as_str()?.to_owned(),
                })
            }));
            if body["links"]["next"].is_null() {
                break;
            }
        }
        Ok((Some(true), seen))
    }

    async fn reads(&mut self, path: &str) -> Result<(Option<bool>, Value), PhareFault> {
        let (status, body) = self.call(Method::GET, path, None).await?;
        let reads = match status {
            200 => Some(true),
            403 => Some(false),
            _ => None,
        };
        Ok((reads, body))
    }

    async fn writes(&mut self, path: &str) -> Result<Option<bool>, PhareFault> {
        // Without a project an organization's key may be told just that, which says nothing of its permissions.
        let (status, body) = self.call(Method::POST, path, Some(json!({}))).await?;
        let about_the_project = body["errors"].as_object().is_some_and(|errors| {
            !errors.is_empty() && errors.keys().all(|field| names_project(field))
        });
        Ok(match status {
            422 if !about_the_project => Some(true),
            403 => Some(false),
            200..=299 => {
                tracing::error!(
                    path,
                    status,
                    "Phare took an empty object where it requires fields"
                );
                None
            }
            _ => None,
        })
    }

    async fn call(
        &mut self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<(u16, Value), PhareFault> {
        let shown = path.split('?').next().unwrap_or(path);
        let mut call = ExaminingCall {
            request: format!("{method} {shown}"),
            status: 0,
        };
        let project = self.project.filter(|_| !path.starts_with("/projects"));
        let (mut request, need) = client::call(method, path, body, project)?;
        if let Some(ProjectId(id)) = project {
            let headers = request.headers_mut();
            headers.insert(PROJECT_ID_HEADER, HeaderValue::from(id));
        }
        let response = self
            .exchange
            .exchange(request, need)
            .await
            .map_err(unanswered)?;
        call.status = response.status().as_u16();
        let status = call.status;
        self.calls.push(call);
        match status {
            401 => Err(PhareFault::KeyRefused),
            429 => Err(PhareFault::Busy),
            500.. => Err(PhareFault::Unexpected { status }),
            _ => Ok((
                status,
                serde_json::from_slice(response.body()).unwrap_or_default(),
            )),
        }
    }
}

fn names_project(field: &str) -> bool {
    field.to_ascii_lowercase().starts_with("x-phare-project")
}

/// The project that a record says it belongs to.
fn project_of(records: &Value) -> Option<SeenProject> {
    let id = records["data"][0]["project_id"].as_i64()?;
    Some(SeenProject {
        id: ProjectId(id),
        name: format!("Project {id}"),
    })
}
