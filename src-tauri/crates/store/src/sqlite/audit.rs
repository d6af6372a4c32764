//! The audit trail. Triggers refuse to change or remove an entry; the count of recorded entries is kept apart.

use futures_util::TryStreamExt;
use gardien_domain::audit::{
    AuditEntry, AuditFault, AuditFilter, AuditHash, AuditRecord, Verifier,
};
use jiff::Timestamp;
use sqlx::sqlite::{SqliteExecutor, SqlitePool};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use crate::Revision;
use crate::columns::{hash, micros, number, parse, stored};
use crate::rows::{entry, head};

const SELECT: &str =
    "SELECT sequence, at, actor, action, subject, detail, previous, hash FROM audit";

/// Appends `record` to the chain, after `last`. The caller has held the right to write since it read that, so that no
/// entry comes between.
pub(super) async fn append(
    connection: &mut SqliteConnection,
    record: AuditRecord,
    last: Option<(u64, AuditHash)>,
) -> sqlx::Result<AuditEntry> {
    let record = AuditRecord {
        // What is answered is what will be read back.
        at: parse("at", micros(record.at), Timestamp::from_microsecond)?,
        ..record
    };
    let entry = AuditEntry::link(record, last);
    sqlx::query(
        "INSERT INTO audit (sequence, at, actor, action, subject, detail, previous, hash)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(stored(Revision(entry.sequence)))
    .bind(micros(entry.record.at))
    .bind(&entry.record.actor)
    .bind(entry.record.action.as_str())
    .bind(&entry.record.subject)
    .bind(&entry.record.detail)
    .bind(&entry.previous[..])
    .bind(&entry.hash[..])
    .execute(&mut *connection)
    .await?;
    sqlx::query("UPDATE audit_count SET recorded = recorded + 1")
        .execute(connection)
        .await?;
    Ok(entry)
}

/// The hash of the entry with this number.
pub(super) async fn hash_of(
    executor: impl SqliteExecutor<'_>,
    sequence: u64,
) -> sqlx::Result<Option<AuditHash>> {
    let row = sqlx::query("SELECT hash FROM audit WHERE sequence = ?")
        .bind(stored(Revision(sequence)))
        .fetch_optional(executor)
        .await?;
    row.map(|row| hash(&row, "hash")).transpose()
}

/// Number and hash of the newest entry. Never the count: that is kept apart only to tell whether an end is missing.
pub(super) async fn last(
    executor: impl SqliteExecutor<'_>,
) -> sqlx::Result<Option<(u64, AuditHash)>> {
    let row = sqlx::query("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1")
        .fetch_optional(executor)
        .await?;
    row.as_ref().map(head).transpose()
}

pub(super) async fn page(
    readers: &SqlitePool,
    filter: &AuditFilter,
    before: Option<u64>,
    limit: u32,
) -> sqlx::Result<Vec<AuditEntry>> {
    let mut query = QueryBuilder::<Sqlite>::new(SELECT);
    query.push(" WHERE true");
    if let Some(subject) = &filter.subject {
        query.push(" AND subject = ").push_bind(subject);
    }
    if let Some(actor) = &filter.actor {
        query.push(" AND actor = ").push_bind(actor);
    }
    if let Some(actions) = &filter.actions {
        query.push(" AND action IN (");
        let mut words = query.separated(", ");
        for action in actions {
            words.push_bind(action.as_str());
        }
        query.push(")");
    }
    if let Some(since) = filter.since {
        query.push(" AND at >= ").push_bind(micros(since));
    }
    if let Some(until) = filter.until {
        query.push(" AND at < ").push_bind(micros(until));
    }
    if let Some(before) = before {
        query
            .push(" AND sequence < ")
            .push_bind(stored(Revision(before)));
    }
    query
        .push(" ORDER BY sequence DESC LIMIT ")
        .push_bind(limit);
    let rows = query.build().fetch_all(readers).await?;
    rows.iter().map(entry).collect()
}

/// Count and entries are read as of one moment, while others go on writing.
pub(super) async fn verify(readers: &SqlitePool) -> sqlx::Result<Result<u64, (u64, AuditFault)>> {
    let mut transaction = readers.begin().await?;
    let recorded: Option<i64> = sqlx::query_scalar("SELECT recorded FROM audit_count")
        .fetch_optional(&mut *transaction)
        .await?;
    let recorded = u64::try_from(recorded.unwrap_or_default()).unwrap_or_default();
    let mut query = QueryBuilder::<Sqlite>::new(SELECT);
    let mut rows = query
        .push(" ORDER BY sequence")
        .build()
        .fetch(&mut *transaction);
    let mut verifier = Verifier::default();
    let mut holding = 0;
    while let Some(row) = rows.try_next().await? {
        let sequence = number(&row, "sequence")?;
        // An entry that cannot even be read, with a word that does not exist, was altered too.
        let read = entry(&row).map_err(|_| AuditFault::Altered { sequence });
        if let Err(fault) = read.and_then(|entry| verifier.next(&entry)) {
            return Ok(Err((holding, fault)));
        }
        holding = sequence;
    }
    Ok(verifier.end(recorded).map_err(|fault| (holding, fault)))
}
