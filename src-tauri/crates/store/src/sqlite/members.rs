//! Members, each with the projects assigned to them.

use gardien_domain::{Member, MemberId};
use jiff::Timestamp;
use sqlx::sqlite::SqlitePool;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::sessions;
use crate::columns::micros;
use crate::rows::member;

/// One statement, so that a member and their projects are of the same moment.
const SELECT: &str = "SELECT id, email, role, created_at,
         (SELECT json_group_array(project_id) FROM member_projects WHERE member_id = members.id) AS projects
     FROM members";

pub(super) async fn put(connection: &mut SqliteConnection, member: &Member) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO members (id, email, role, created_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET email = excluded.email, role = excluded.role,
             created_at = excluded.created_at",
    )
    .bind(member.id.0)
    .bind(&member.email)
    .bind(member.role.as_str())
    .bind(micros(member.created_at))
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM member_projects WHERE member_id = ?")
        .bind(member.id.0)
        .execute(&mut *connection)
        .await?;
    for project in &member.projects {
        sqlx::query("INSERT INTO member_projects (member_id, project_id) VALUES (?, ?)")
            .bind(member.id.0)
            .bind(project.0)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// The row stays.
pub(super) async fn remove(
    connection: &mut SqliteConnection,
    id: MemberId,
    at: Timestamp,
) -> sqlx::Result<()> {
    sessions::delete_of(connection, id).await?;
    sqlx::query("UPDATE members SET removed_at = ? WHERE id = ?")
        .bind(micros(at))
        .bind(id.0)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn all(readers: &SqlitePool) -> sqlx::Result<Vec<Member>> {
    let mut query = QueryBuilder::<Sqlite>::new(SELECT);
    query.push(" WHERE removed_at IS NULL ORDER BY email");
    let rows = query.build().fetch_all(readers).await?;
    rows.iter().map(member).collect()
}

pub(super) async fn every(readers: &SqlitePool) -> sqlx::Result<Vec<Member>> {
    let rows = sqlx::query(SELECT).fetch_all(readers).await?;
    rows.iter().map(member).collect()
}

pub(super) async fn get(readers: &SqlitePool, id: MemberId) -> sqlx::Result<Option<Member>> {
    let mut query = QueryBuilder::<Sqlite>::new(SELECT);
    query
        .push(" WHERE removed_at IS NULL AND id = ")
        .push_bind(id.0);
    let row = query.build().fetch_optional(readers).await?;
    row.as_ref().map(member).transpose()
}

pub(super) async fn by_email(readers: &SqlitePool, email: &str) -> sqlx::Result<Option<Member>> {
    let mut query = QueryBuilder::<Sqlite>::new(SELECT);
    query
        .push(" WHERE removed_at IS NULL AND email = ")
        .push_bind(email);
    let row = query.build().fetch_optional(readers).await?;
    row.as_ref().map(member).transpose()
}
