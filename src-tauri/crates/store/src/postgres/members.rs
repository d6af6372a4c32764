//! Members, each with the projects assigned to them.

use gardien_domain::{Member, MemberId};
use jiff::Timestamp;
use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::sessions;
use crate::columns::micros;
use crate::rows::member;

/// One statement, so that a member and their projects are of the same moment.
const SELECT: &str = "SELECT id, email, role, created_at,
         (SELECT coalesce(json_agg(project_id), '[]')::text FROM member_projects WHERE member_id = members.id) AS projects
     FROM members";

pub(super) async fn put(connection: &mut PgConnection, member: &Member) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO members (id, email, role, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO UPDATE SET email = excluded.email, role = excluded.role,
             created_at = excluded.created_at",
    )
    .bind(member.id.0)
    .bind(&member.email)
    .bind(member.role.as_str())
    .bind(micros(member.created_at))
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM member_projects WHERE member_id = $1")
        .bind(member.id.0)
        .execute(&mut *connection)
        .await?;
    if member.projects.is_empty() {
        return Ok(());
    }
    let projects: Vec<i64> = member.projects.iter().map(|project| project.0).collect();
    sqlx::query("INSERT INTO member_projects (member_id, project_id) SELECT $1, unnest($2)")
        .bind(member.id.0)
        .bind(projects)
        .execute(connection)
        .await?;
    Ok(())
}

/// The row stays.
pub(super) async fn remove(
    connection: &mut PgConnection,
    id: MemberId,
    at: Timestamp,
) -> sqlx::Result<()> {
    sessions::delete_of(connection, id).await?;
    sqlx::query("UPDATE members SET removed_at = $1 WHERE id = $2")
        .bind(micros(at))
        .bind(id.0)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn all(connection: &mut PgConnection) -> sqlx::Result<Vec<Member>> {
    let mut query = QueryBuilder::<Postgres>::new(SELECT);
    query.push(" WHERE removed_at IS NULL ORDER BY email");
    let rows = query.build().fetch_all(connection).await?;
    rows.iter().map(member).collect()
}

pub(super) async fn every(connection: &mut PgConnection) -> sqlx::Result<Vec<Member>> {
    let rows = sqlx::query(SELECT).fetch_all(connection).await?;
    rows.iter().map(member).collect()
}

pub(super) async fn get(
    connection: &mut PgConnection,
    id: MemberId,
) -> sqlx::Result<Option<Member>> {
    let mut query = QueryBuilder::<Postgres>::new(SELECT);
    query
        .push(" WHERE removed_at IS NULL AND id = ")
        .push_bind(id.0);
    let row = query.build().fetch_optional(connection).await?;
    row.as_ref().map(member).transpose()
}

pub(super) async fn by_email(
    connection: &mut PgConnection,
    email: &str,
) -> sqlx::Result<Option<Member>> {
    if email.contains('\0') {
        // Nobody's, and PostgreSQL does not even take it to compare with.
        return Ok(None);
    }
    let mut query = QueryBuilder::<Postgres>::new(SELECT);
    query
        .push(" WHERE removed_at IS NULL AND email = ")
        .push_bind(email);
    let row = query.build().fetch_optional(connection).await?;
    row.as_ref().map(member).transpose()
}
