//! `/v1/projects`

use axum::Json;
use axum::extract::State;
use gardien_domain::ProjectId;
use http::StatusCode;

use super::extract::{Body, Id};
use crate::api::{Problem, ProjectName, ProjectPage, ProjectView};
use crate::{Actor, Authority, Fault};

/// List projects, by name
#[utoipa::path(get, path = "/v1/projects", operation_id = "listProjects", responses(
    (status = 200, body = ProjectPage),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(authority): State<Authority>,
    actor: Actor,
) -> Result<Json<ProjectPage>, Fault> {
    Ok(Json(ProjectPage {
        data: authority.projects(&actor).await?,
        next_cursor: None,
    }))
}

/// Read the projects from Phare, at most once in 10 seconds
#[utoipa::path(post, path = "/v1/projects/synchronize", operation_id = "synchronizeProjects", responses(
    (status = 200, body = ProjectPage),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn synchronize(
    State(authority): State<Authority>,
    actor: Actor,
) -> Result<Json<ProjectPage>, Fault> {
    authority.refresh_projects(actor.create_projects()?).await?;
    list(State(authority), actor).await
}

/// Create a project, at Phare and here
#[utoipa::path(post, path = "/v1/projects", operation_id = "createProject", request_body = ProjectName, responses(
    (status = 201, body = ProjectView),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn create(
    State(authority): State<Authority>,
    actor: Actor,
    Body(named): Body<ProjectName>,
) -> Result<(StatusCode, Json<ProjectView>), Fault> {
    let project = authority
        .create_project(actor.create_projects()?, &named?.name)
        .await?;
    Ok((StatusCode::CREATED, Json(project)))
}

/// Rename a project; its slug stays
#[utoipa::path(patch, path = "/v1/projects/{id}", operation_id = "renameProject", params(("id" = ProjectId, Path)), request_body = ProjectName, responses(
    (status = 200, body = ProjectView),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn rename(
    State(authority): State<Authority>,
    actor: Actor,
    Id(id): Id<ProjectId>,
    Body(named): Body<ProjectName>,
) -> Result<Json<ProjectView>, Fault> {
    authority
        .rename_project(actor.manage_projects()?, id, &named?.name)
        .await
        .map(Json)
}

/// Delete a project with everything in it, and revoke its keys
#[utoipa::path(delete, path = "/v1/projects/{id}", operation_id = "deleteProject", params(("id" = ProjectId, Path)), responses(
    (status = 204),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn delete(
    State(authority): State<Authority>,
    actor: Actor,
    Id(id): Id<ProjectId>,
) -> Result<StatusCode, Fault> {
    authority
        .delete_project(actor.manage_projects()?, id)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
