//! The decision: a key, an operation, a project selection and a time go in; a grant or a refusal comes out.

use jiff::Timestamp;

use crate::key::{KeyRule, Presented};
use crate::operation::{Operation, ProjectHeader};
use crate::product::{Access, Product};
use crate::project::{Named, ProjectDirectory, ProjectId, ProjectSelection};
use crate::scope::Scope;
use crate::words::words;

/// What a request asks for.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// The operation its method and path name; `None` when the catalogue knows none.
    pub operation: Option<&'a Operation>,
    /// The project that the path itself names (`/projects/{projectId}`).
    pub path_project: Option<ProjectId>,
    /// What the headers say.
    pub selection: ProjectSelection,
}

words! {
    /// Which of its secrets a key was found by.
    Credential {
        /// The one in force.
        Current = "current",
        /// One that a rotation replaced.
        Previous = "replaced",
    }
}

/// Permission to forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// The project to name to the upstream; `None` where the operation takes none.
    pub project: Option<ProjectId>,
    /// The only project that the answer may show: the upstream is asked with a wider key than the caller's,
    /// and nothing in the request would tell it to leave the others out.
    pub only: Option<ProjectId>,
}

/// Every reason to refuse. The gateway maps each to status, code and words in one place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The key is past its end.
    #[error("key expired at {since}")]
    KeyExpired {
        /// When it ended.
        since: Timestamp,
    },
    /// The key works, but not with the secret that a rotation replaced.
    #[error("secret replaced, its grace over at {since}")]
    SecretReplaced {
        /// When its grace ended.
        since: Timestamp,
    },
    /// The key was taken back.
    #[error("key revoked at {since}")]
    KeyRevoked {
        /// When it was.
        since: Timestamp,
    },
    /// The catalogue knows no such operation.
    #[error("operation unknown")]
    OperationUnknown,
    /// The key lacks a product scope.
    #[error("{product}:{access} missing")]
    ScopeMissing {
        /// The product of the operation.
        product: Product,
        /// What it needs.
        access: Access,
    },
    /// A project key cannot create or manage projects.
    #[error("project keys do not manage projects")]
    ProjectManagement,
    /// A project key was asked to work in another project.
    #[error("the key belongs to another project")]
    OtherProject,
    /// The project of the key was deleted.
    #[error("the key's project no longer exists")]
    ProjectDeleted,
    /// A header names a project that does not exist.
    #[error("unknown project")]
    ProjectUnknown,
    /// An organization key must name a project here.
    #[error("project header missing")]
    ProjectHeaderMissing,
    /// A project header cannot be read.
    #[error("{header} cannot be read")]
    ProjectHeaderUnreadable {
        /// Which one.
        header: &'static str,
    },
    /// Both headers were sent and name different projects.
    #[error("project headers contradict each other")]
    ProjectHeadersContradict,
}

/// Decides one call.
///
/// The order matters to callers: first whether the key works at all, then whether the operation exists, then
/// what the key may do, then where. A holder of a dead key learns nothing about operations or projects.
///
/// # Errors
/// The first [`Refusal`] in that order.
pub fn decide(
    key: &KeyRule,
    presented: Presented,
    call: &Call<'_>,
    projects: &ProjectDirectory,
    now: Timestamp,
) -> Result<Grant, Refusal> {
    alive(key, presented, projects, now)?;
    let operation = call.operation.ok_or(Refusal::OperationUnknown)?;
    permitted(key, operation)?;
    let named = named_project(&call.selection)?;
    let project = match key.scope {
        Scope::Project { project_id } => {
            in_own_project(project_id, named, call.path_project, projects)?
        }
        Scope::Organization {} => anywhere(operation, named, projects)?,
    };
    let project = project.filter(|_| operation.project_header != ProjectHeader::NotUsed);
    let only = key.scope.project().filter(|_| operation.lists_projects());
    Ok(Grant { project, only })
}

/// Whether this secret of a key may be used at all, whatever for.
///
/// # Errors
/// The [`Refusal`] that every call with it meets.
pub fn alive(
    key: &KeyRule,
    presented: Presented,
    projects: &ProjectDirectory,
    now: Timestamp,
) -> Result<(), Refusal> {
    if let Some(since) = key.revoked_at {
        return Err(Refusal::KeyRevoked { since });
    }
    if let Some(since) = key.expires_at.filter(|since| *since <= now) {
        return Err(Refusal::KeyExpired { since });
    }
    if let Presented::Replaced(secret) = presented
        && secret.valid_until <= now
    {
        let since = secret.valid_until;
        return Err(Refusal::SecretReplaced { since });
    }
    match key.scope.project() {
        Some(own) if !projects.contains(own) => Err(Refusal::ProjectDeleted),
        _ => Ok(()),
    }
}

fn permitted(key: &KeyRule, operation: &Operation) -> Result<(), Refusal> {
    let access = operation.access();
    if !key.products.of(operation.product).allows(access) {
        return Err(Refusal::ScopeMissing {
            product: operation.product,
            access,
        });
    }
    if operation.manages_projects() && key.scope.project().is_some() {
        return Err(Refusal::ProjectManagement);
    }
    Ok(())
}

/// The headers as sent: nothing, or readable text.
struct Headers<'a> {
    id: Option<ProjectId>,
    slug: Option<&'a str>,
}

fn named_project(selection: &ProjectSelection) -> Result<Headers<'_>, Refusal> {
    let unreadable = |header| Refusal::ProjectHeaderUnreadable { header };
    Ok(Headers {
        id: match selection.id {
            Named::Absent => None,
            Named::Unreadable => return Err(unreadable(crate::project::PROJECT_ID_HEADER)),
            Named::As(id) => Some(id),
        },
        slug: match &selection.slug {
            Named::Absent => None,
            Named::Unreadable => return Err(unreadable(crate::project::PROJECT_SLUG_HEADER)),
            Named::As(slug) => Some(slug),
        },
    })
}

fn in_own_project(
    own: ProjectId,
    named: Headers<'_>,
    path: Option<ProjectId>,
    projects: &ProjectDirectory,
) -> Result<Option<ProjectId>, Refusal> {
    let other_slug = named
        .slug
        .is_some_and(|slug| projects.by_slug(slug) != Some(own));
    if other_slug || [named.id, path].into_iter().flatten().any(|id| id != own) {
        return Err(Refusal::OtherProject);
    }
    Ok(Some(own))
}

fn anywhere(
    operation: &Operation,
    named: Headers<'_>,
    projects: &ProjectDirectory,
) -> Result<Option<ProjectId>, Refusal> {
    let by_id = named
        .id
        .map(|id| {
            projects
                .contains(id)
                .then_some(id)
                .ok_or(Refusal::ProjectUnknown)
        })
        .transpose()?;
    let by_slug = named
        .slug
        .map(|slug| projects.by_slug(slug).ok_or(Refusal::ProjectUnknown))
        .transpose()?;
    match (by_id, by_slug) {
        (Some(id), Some(slug)) if id != slug => Err(Refusal::ProjectHeadersContradict),
        (None, None) if operation.project_header == ProjectHeader::Required => {
            Err(Refusal::ProjectHeaderMissing)
        }
        (id, slug) => Ok(id.or(slug)),
    }
}
