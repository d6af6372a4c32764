//! Gardien's copy of Phare's projects.

use gardien_domain::{Project, ProjectId};
use sqlx::sqlite::SqlitePool;
use sqlx::{Row, SqliteConnection};

use super::columns::{micros, time};

pub(super) async fn put(connection: &mut SqliteConnection, project: &Project) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO projects (id, slug, name, search, created_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, name = excluded.name,
             search = excluded.search, created_at = excluded.created_at",
    )
    .bind(project.id.0)
    .bind(&project.slug)
    .bind(&project.name)
    .bind(project.name.to_lowercase())
    .bind(micros(project.created_at))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn delete(connection: &mut SqliteConnection, id: ProjectId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM projects WHERE id = ?")
        .bind(id.0)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn all(readers: &SqlitePool) -> sqlx::Result<Vec<Project>> {
    let rows =
        sqlx::query("SELECT id, slug, name, created_at FROM projects ORDER BY search, name, id")
            .fetch_all(readers)
            .await?;
    rows.iter()
        .map(|row| {
            Ok(Project {
                id: ProjectId(row.try_get("id")?),
                slug: row.try_get("slug")?,
                name: row.try_get("name")?,
                created_at: time(row, "created_at")?,
            })
        })
        .collect()
}
