//! A client of Phare's API for the little that Gardien itself asks of it: projects, and what a key can do.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use gardien_domain::phare_key::Need;
use gardien_domain::{Project, ProjectId};
use http::{Method, Request, Response};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::matching::match_request;

/// One exchange with a Phare: through the gateway, so that it counts against the shared limit, or straight
/// into the sandbox.
#[async_trait]
pub trait Exchange: Send + Sync + std::fmt::Debug {
    /// Sends a request whose URI is path and query only, with a key that can serve its `need` if there are several, and
    /// reads the whole answer.
    async fn exchange(
        &self,
        request: Request<Bytes>,
        need: Need,
    ) -> Result<Response<Bytes>, BoxError>;

    /// Ways that each see some of the projects, where this one does not see them all.
    fn views(&self) -> Vec<Arc<dyn Exchange>> {
        Vec::new()
    }

    /// What this one is known to see, should Phare not let it list projects.
    fn seen(&self) -> Vec<Project> {
        Vec::new()
    }
}

/// The error of an exchange that no key can be found for.
#[derive(Debug, thiserror::Error)]
#[error("no key can serve this call")]
pub struct NoKey;

/// The error of an exchange that found no way to Phare.
#[derive(Debug, thiserror::Error)]
#[error("Phare cannot be reached{way}")]
pub struct NotReached {
    /// The proxy on the way, in the words that follow *cannot be reached*; empty where there is none.
    pub way: String,
    /// What went wrong, where it was not told already.
    #[source]
    pub cause: Option<BoxError>,
}

/// The error of a failed exchange.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Pages of 100 projects. Whoever has more than this many is no Phare.
const MOST_PAGES: u32 = 100;

/// Speaks to one Phare.
#[derive(Debug, Clone)]
pub struct PhareClient {
    exchange: Arc<dyn Exchange>,
}

/// What was found out about which projects there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// As Phare has them.
    pub projects: Vec<Project>,
    /// Known by their number only.
    pub guessed: Vec<Project>,
    /// Whether there are no others.
    pub complete: bool,
}

/// Why Phare did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum PhareFault {
    /// It could not be reached, or took too long.
    #[error("Phare cannot be reached")]
    Unreachable(#[source] BoxError),
    /// None of the keys at hand can be called with.
    #[error("none of the attached Phare keys can do this")]
    NoKey,
    /// The organization's calls of this minute are used up.
    #[error("the calls of this minute are used up")]
    Busy,
    /// It refuses the key.
    #[error("Phare refuses the key")]
    KeyRefused,
    /// The key may not do this.
    #[error("Phare's key may not do this: {message}")]
    Forbidden {
        /// Phare's words.
        message: String,
    },
    /// There is no such project.
    #[error("Phare knows no such project")]
    NotFound,
    /// It refuses the values.
    #[error("Phare refuses this: {message}")]
    Invalid {
        /// Phare's words.
        message: String,
    },
    /// It answered something else.
    #[error("Phare answered {status}")]
    Unexpected {
        /// Status code; 0 when the answer could not be read.
        status: u16,
    },
}

#[derive(Deserialize)]
struct ProjectBody {
    id: i64,
    slug: String,
    name: String,
    created_at: Timestamp,
}

impl From<ProjectBody> for Project {
    fn from(body: ProjectBody) -> Self {
        let ProjectBody {
            id,
            slug,
            name,
            created_at,
        } = body;
        Self {
            id: ProjectId(id),
            slug,
            name,
            created_at,
        }
    }
}

#[derive(Deserialize)]
struct Page<T> {
    data: Vec<T>,
    links: Links,
}

#[derive(Deserialize)]
struct Links {
    next: Option<String>,
}

#[derive(Deserialize)]
struct UserBody {
    id: i64,
}

impl PhareClient {
    /// A client that speaks through `exchange`.
    #[must_use]
    pub fn new(exchange: Arc<dyn Exchange>) -> Self {
        Self { exchange }
    }

    /// The projects that can be seen.
    ///
    /// # Errors
    /// Any [`PhareFault`].
    pub async fn projects(&self) -> Result<Listing, PhareFault> {
        let views = self.exchange.views();
        if views.is_empty() {
            let projects = listed(self.exchange.as_ref()).await?;
            return Ok(Listing {
                projects,
                complete: true,
                ..Listing::default()
            });
        }
        let mut listing = Listing::default();
        for view in views {
            match listed(view.as_ref()).await {
                Ok(projects) => listing.projects.extend(projects),
                Err(PhareFault::Forbidden { .. } | PhareFault::NotFound) => {
                    listing.guessed.extend(view.seen());
                }
                // What the others see is there all the same.
                Err(PhareFault::KeyRefused) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(listing)
    }

    /// Makes a project. Phare wants its members named: the first user it knows.
    ///
    /// # Errors
    /// Any [`PhareFault`].
    pub async fn create_project(&self, name: &str) -> Result<Project, PhareFault> {
        let users: Page<UserBody> = self.call(Method::GET, "/users?per_page=1", None).await?;
        let members: Vec<i64> = users.data.iter().map(|user| user.id).collect();
        let body = json!({ "name": name, "members": members });
        let project: ProjectBody = self.call(Method::POST, "/projects", Some(body)).await?;
        Ok(project.into())
    }

    /// Gives a project another name. Its slug stays.
    ///
    /// # Errors
    /// Any [`PhareFault`].
    pub async fn rename_project(&self, id: ProjectId, name: &str) -> Result<Project, PhareFault> {
        let path = format!("/projects/{id}");
        let body = json!({ "name": name });
        let project: ProjectBody = self.call(Method::POST, &path, Some(body)).await?;
        Ok(project.into())
    }

    /// Deletes a project with everything in it.
    ///
    /// # Errors
    /// Any [`PhareFault`]; `NotFound` when it was gone already.
    pub async fn delete_project(&self, id: ProjectId) -> Result<(), PhareFault> {
        let path = format!("/projects/{id}");
        send(self.exchange.as_ref(), Method::DELETE, &path, None)
            .await
            .map(|_| ())
    }

    async fn call<T: for<'de> Deserialize<'de>>(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<T, PhareFault> {
        read(&send(self.exchange.as_ref(), method, path, body).await?)
    }
}

async fn listed(exchange: &dyn Exchange) -> Result<Vec<Project>, PhareFault> {
    let mut projects = Vec::new();
    for page in 1..=MOST_PAGES {
        let path = format!("/projects?page={page}&per_page=100");
        let answer = send(exchange, Method::GET, &path, None).await?;
        let body: Page<ProjectBody> = read(&answer)?;
        projects.extend(body.data.into_iter().map(Project::from));
        if body.links.next.is_none() {
            break;
        }
    }
    Ok(projects)
}

async fn send(
    exchange: &dyn Exchange,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Result<Bytes, PhareFault> {
    let (request, need) = call(method, path, body, None)?;
    let response = exchange.exchange(request, need).await.map_err(unanswered)?;
    match response.status().as_u16() {
        200..=299 => Ok(response.into_body()),
        401 => Err(PhareFault::KeyRefused),
        403 => Err(PhareFault::Forbidden {
            message: message(response.body()),
        }),
        404 => Err(PhareFault::NotFound),
        429 => Err(PhareFault::Busy),
        422 => Err(PhareFault::Invalid {
            message: message(response.body()),
        }),
        status => Err(PhareFault::Unexpected { status }),
    }
}

/// A call of one of Phare's operations, and what it asks of the key that it goes out with.
pub(crate) fn call(
    method: Method,
    path: &str,
    body: Option<Value>,
    project: Option<ProjectId>,
) -> Result<(Request<Bytes>, Need), PhareFault> {
    let unsent = |error: BoxError| PhareFault::Unreachable(error);
    let literal = path.split('?').next().unwrap_or(path);
    let matched = match_request(&method, literal).map_err(|fault| unsent(fault.into()))?;
    let body = body
        .map(|body| Bytes::from(body.to_string()))
        .unwrap_or_default();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("accept", "application/json")
        .header("content-type", "application/json")
        .body(body)
        .map_err(|error| unsent(error.into()))?;
    Ok((request, Need::of(matched.operation, project)))
}

/// Why there was no answer.
pub(crate) fn unanswered(error: BoxError) -> PhareFault {
    if error.is::<NoKey>() {
        PhareFault::NoKey
    } else {
        PhareFault::Unreachable(error)
    }
}

fn read<T: for<'de> Deserialize<'de>>(answer: &[u8]) -> Result<T, PhareFault> {
    serde_json::from_slice(answer).map_err(|_| PhareFault::Unexpected { status: 0 })
}

fn message(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    body["message"]
        .as_str()
        .unwrap_or("no reason given")
        .to_owned()
}
