//! [`KeyPlace::of`] in SQL. That function decides what is right; this one is held to it by test.

use gardien_domain::{KeyOrder, KeyPlace, KeySort, Order, SortValue};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

/// What keys are listed by, beside their ids.
fn value(sort: KeySort) -> Option<&'static str> {
    match sort {
        KeySort::Created => None,
        KeySort::Name => Some("keys.folded_name"),
        KeySort::Scope => Some(
            "(CASE WHEN keys.project_id IS NULL THEN '0' ELSE coalesce((SELECT '1' || search || chr(1) || id
                 FROM projects AS listed WHERE listed.id = keys.project_id), '2') END) COLLATE \"C\"",
        ),
        KeySort::LastUsed => {
            Some("coalesce(key_uses.used_at, '-9223372036854775808'::bigint)")
        }
        KeySort::Expires => Some("coalesce(keys.expires_at, 9223372036854775807)"),
    }
}

/// Adds one ` AND …` that keeps what comes after the place.
pub(super) fn push_after(query: &mut QueryBuilder<Postgres>, order: KeyOrder, after: &KeyPlace) {
    let sign = match order.order {
        Order::Ascending => " > ",
        Order::Descending => " < ",
    };
    let Some(value) = value(order.sort) else {
        query.push(" AND keys.id").push(sign).push_bind(after.id.0);
        return;
    };
    query.push(format!(" AND ({value}, keys.id){sign}("));
    let mut id = after.id.0;
    match (order.sort, &after.by) {
        (KeySort::Name | KeySort::Scope, SortValue::Text(text)) => {
            // PostgreSQL takes no NUL. What would have one comes right after all that is equal as far as there.
            let before = text.split('\0').next().unwrap_or_default();
            if before.len() < text.len() {
                id = Uuid::max();
            }
            query.push_bind(before.to_owned());
        }
        (KeySort::LastUsed | KeySort::Expires, SortValue::Micros(micros)) => {
            query.push_bind(*micros);
        }
        // Of another order: nothing comes after it.
        _ => {
            query.push("NULL");
        }
    }
    query.push(", ").push_bind(id).push(")");
}

/// Adds ` ORDER BY …`.
pub(super) fn push(query: &mut QueryBuilder<Postgres>, order: KeyOrder) {
    let way = match order.order {
        Order::Ascending => "",
        Order::Descending => " DESC",
    };
    query.push(" ORDER BY ");
    if let Some(value) = value(order.sort) {
        query.push(format!("{value}{way}, "));
    }
    query.push("keys.id").push(way);
}
