//! Gardien's copy of Phare's projects.

use gardien_domain::{Project, ProjectId};
use sqlx::PgConnection;

use crate::Revision;
use crate::columns::{micros, stored};
use crate::rows::{project, project_id};

pub(super) async fn put(
    connection: &mut PgConnection,
    project: &Project,
    at: Revision,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO projects (id, slug, name, search, created_at, revision) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, name = excluded.name,
             search = excluded.search, created_at = excluded.created_at, revision = excluded.revision",
    )
    .bind(project.id.0)
    .bind(&project.slug)
    .bind(&project.name)
    .bind(project.name.to_lowercase())
    .bind(micros(project.created_at))
    .bind(stored(at))
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM deleted_projects WHERE id = $1")
        .bind(project.id.0)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn delete(
    connection: &mut PgConnection,
    id: ProjectId,
    at: Revision,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM projects WHERE id = $1")
        .bind(id.0)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO deleted_projects (id, revision) VALUES ($1, $2)
         ON CONFLICT (id) DO UPDATE SET revision = excluded.revision",
    )
    .bind(id.0)
    .bind(stored(at))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn all(connection: &mut PgConnection) -> sqlx::Result<Vec<Project>> {
    let rows =
        sqlx::query("SELECT id, slug, name, created_at FROM projects ORDER BY search, name, id");
    let rows = rows.fetch_all(connection).await?;
    rows.iter().map(project).collect()
}

/// Those that were changed after this revision, in no order.
pub(super) async fn changed(
    connection: &mut PgConnection,
    since: Revision,
) -> sqlx::Result<Vec<Project>> {
    let rows = sqlx::query("SELECT id, slug, name, created_at FROM projects WHERE revision > $1")
        .bind(stored(since));
    let rows = rows.fetch_all(connection).await?;
    rows.iter().map(project).collect()
}

/// Those that were deleted after this revision.
pub(super) async fn deleted(
    connection: &mut PgConnection,
    since: Revision,
) -> sqlx::Result<Vec<ProjectId>> {
    let rows = sqlx::query("SELECT id FROM deleted_projects WHERE revision > $1 ORDER BY id")
        .bind(stored(since))
        .fetch_all(connection)
        .await?;
    rows.iter().map(project_id).collect()
}
