//! Projects.

use std::sync::Arc;

use gardien_authority::api::{ProjectName, ProjectView};
use gardien_domain::ProjectId;
use serde::Deserialize;
use ts_rs::TS;

use crate::app::App;
use crate::error::CommandError;

/// One project, by its id.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct OfProject {
    id: ProjectId,
}

/// Which project gets which name.
#[derive(Debug, Deserialize, TS)]
pub(crate) struct RenameProject {
    id: ProjectId,
    name: String,
}

pub(crate) async fn list_projects(app: &Arc<App>) -> Result<Vec<ProjectView>, CommandError> {
    Ok(app.ready()?.client.projects().await?)
}

/// Reads them from Phare now.
pub(crate) async fn synchronize_projects(app: &Arc<App>) -> Result<Vec<ProjectView>, CommandError> {
    Ok(app.ready()?.client.synchronize_projects().await?)
}

pub(crate) async fn create_project(
    app: &Arc<App>,
    args: ProjectName,
) -> Result<ProjectView, CommandError> {
    Ok(app.ready()?.client.create_project(&args.name).await?)
}

pub(crate) async fn rename_project(
    app: &Arc<App>,
    args: RenameProject,
) -> Result<ProjectView, CommandError> {
    Ok(app
        .ready()?
        .client
        .rename_project(args.id, &args.name)
        .await?)
}

pub(crate) async fn delete_project(app: &Arc<App>, args: OfProject) -> Result<(), CommandError> {
    Ok(app.ready()?.client.delete_project(args.id).await?)
}
