//! [`KeyFilter::keeps`] in SQL. That function decides what is right; this one is held to it by test.

use gardien_domain::filter::STALE_DAYS;
use gardien_domain::{KeyFilter, KeyStatus, Product, ScopeKind, Usage};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Sqlite};

use crate::columns::micros;

const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// Adds one ` AND …` for each thing that the filter asks for. Of usage, it asks `key_uses`.
pub(super) fn push(query: &mut QueryBuilder<Sqlite>, filter: &KeyFilter, now: Timestamp) {
    let now = micros(now);
    if let Some(text) = &filter.text {
        let text = text.to_lowercase();
        query.push(" AND (instr(search, ").push_bind(text.clone());
        query.push(") > 0 OR project_id IN (SELECT id FROM projects WHERE instr(search, ");
        query.push_bind(text).push(") > 0))");
    }
    if let Some(kind) = filter.scope {
        query.push(match kind {
            ScopeKind::Organization => " AND project_id IS NULL",
            ScopeKind::Project => " AND project_id IS NOT NULL",
        });
    }
    if let Some(project) = filter.project {
        query.push(" AND project_id = ").push_bind(project.0);
    }
    if let Some(member) = filter.created_by {
        query.push(" AND created_by = ").push_bind(member.0);
    }
    if let Some(status) = filter.status {
        push_status(query, status, now);
    }
    if let Some((product, access)) = filter.access {
        query.push(match product {
            Product::Platform => " AND platform = ",
            Product::Uptime => " AND uptime = ",
        });
        query.push_bind(access.as_str());
    }
    match filter.usage {
        Some(Usage::Never) => {
            query.push(" AND used_at IS NULL");
        }
        Some(Usage::Stale) => {
            query.push(" AND coalesce(used_at, created_at) <= ");
            query.push_bind(now.saturating_sub(STALE_DAYS * DAY));
        }
        None => {}
    }
    if let Some(days) = filter.expires_within_days {
        query
            .push(" AND revoked_at IS NULL AND expires_at > ")
            .push_bind(now);
        query.push(" AND expires_at <= ");
        query.push_bind(now.saturating_add(i64::from(days) * DAY));
    }
    if filter.live {
        query.push(" AND revoked_at IS NULL");
        push_unexpired(query, now);
    }
    if let Some(visible) = &filter.visible_projects {
        query.push(" AND project_id IN (");
        let mut ids = query.separated(", ");
        for id in visible {
            ids.push_bind(id.0);
        }
        query.push(")");
    }
}

fn push_status(query: &mut QueryBuilder<Sqlite>, status: KeyStatus, now: i64) {
    if status == KeyStatus::Revoked {
        query.push(" AND revoked_at IS NOT NULL");
        return;
    }
    query.push(" AND revoked_at IS NULL");
    if status == KeyStatus::Expired {
        query.push(" AND expires_at <= ").push_bind(now);
        return;
    }
    push_unexpired(query, now);
    if status == KeyStatus::Rotating {
        query.push(" AND (previous_valid_until > ").push_bind(now);
        query.push(" OR earlier_valid_until > ").push_bind(now);
        query.push(")");
    } else {
        query
            .push(" AND coalesce(previous_valid_until <= ")
            .push_bind(now);
        query.push(", true) AND coalesce(earlier_valid_until <= ");
        query.push_bind(now).push(", true)");
    }
}

fn push_unexpired(query: &mut QueryBuilder<Sqlite>, now: i64) {
    query.push(" AND (expires_at IS NULL OR expires_at > ");
    query.push_bind(now).push(")");
}
