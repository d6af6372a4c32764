//! The audit trail. Triggers refuse to change or remove an entry; the count of recorded entries is kept apart.

use futures_util::TryStreamExt;
use gardien_domain::audit::{
    AuditEntry, AuditFault, AuditFilter, AuditHash, AuditRecord, Verifier,
};
use jiff::Timestamp;
use sqlx::{Connection, PgConnection, Postgres, QueryBuilder};

use super::{READ, bounded};
use crate::Revision;
use crate::columns::{Columns, hash, micros, number, parse, stored};
use crate::rows::{entry, head};

const SELECT: &str =
    "SELECT sequence, at, actor, action, subject, detail, previous, hash FROM audit";

/// Entries that are read at once.
const MANY: i64 = 10_000;

/// Waits until no other change is under way, and keeps others waiting until this transaction has ended.
pub(super) async fn lock(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("SELECT one FROM audit_count FOR UPDATE")
        .fetch_one(connection)
        .await?;
    Ok(())
}

/// Appends `record` to the chain, after `last`. The caller has held the lock since it read that, so that no entry comes
/// between. Whoever listens is told of it once it is committed.
pub(super) async fn append(
    connection: &mut PgConnection,
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
        "WITH counted AS (UPDATE audit_count SET recorded = recorded + 1)
         INSERT INTO audit (sequence, at, actor, action, subject, detail, previous, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING pg_notify('gardien', sequence::text)",
    )
    .bind(stored(Revision(entry.sequence)))
    .bind(micros(entry.record.at))
    .bind(&entry.record.actor)
    .bind(entry.record.action.as_str())
    .bind(&entry.record.subject)
    .bind(&entry.record.detail)
    .bind(&entry.previous[..])
    .bind(&entry.hash[..])
    .execute(connection)
    .await?;
    Ok(entry)
}

/// The hash of the entry with this number.
pub(super) async fn hash_of(
    connection: &mut PgConnection,
    sequence: u64,
) -> sqlx::Result<Option<AuditHash>> {
    let row = sqlx::query("SELECT hash FROM audit WHERE sequence = $1")
        .bind(stored(Revision(sequence)))
        .fetch_optional(connection)
        .await?;
    row.map(|row| hash(&row, "hash")).transpose()
}

/// Number and hash of the newest entry. Never the count: that is kept apart only to tell whether an end is missing.
pub(super) async fn last(connection: &mut PgConnection) -> sqlx::Result<Option<(u64, AuditHash)>> {
    let row = sqlx::query("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1")
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(head).transpose()
}

pub(super) async fn page(
    connection: &mut PgConnection,
    filter: &AuditFilter,
    before: Option<u64>,
    limit: u32,
) -> sqlx::Result<Vec<AuditEntry>> {
    let texts = [&filter.subject, &filter.actor];
    if texts.into_iter().flatten().any(|text| text.contains('\0')) {
        // No text that is stored holds one, and PostgreSQL does not even take it to compare with.
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::<Postgres>::new(SELECT);
    query.push(" WHERE true");
    if let Some(subject) = &filter.subject {
        query.push(" AND subject = ").push_bind(subject);
    }
    if let Some(actor) = &filter.actor {
        query.push(" AND actor = ").push_bind(actor);
    }
    if let Some(actions) = &filter.actions {
        let words: Vec<&str> = actions.iter().map(|action| action.as_str()).collect();
        query.push(" AND action = ANY(").push_bind(words).push(")");
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
        .push_bind(i64::from(limit));
    let rows = query.build().fetch_all(connection).await?;
    rows.iter().map(entry).collect()
}

/// Count and entries are read as of one moment, while others go on writing.
pub(super) async fn verify(
    connection: &mut PgConnection,
) -> sqlx::Result<Result<u64, (u64, AuditFault)>> {
    let mut transaction = bounded(connection.begin_with(READ)).await?;
    let recorded = sqlx::query_scalar("SELECT recorded FROM audit_count");
    let recorded: Option<i64> = bounded(recorded.fetch_optional(&mut *transaction)).await?;
    let recorded = u64::try_from(recorded.unwrap_or_default()).unwrap_or_default();
    let mut verifier = Verifier::default();
    let mut holding = 0;
    let mut after = i64::MIN;
    loop {
        let mut read = 0;
        let mut fault = None;
        let piece = async {
            let mut query = QueryBuilder::<Postgres>::new(SELECT);
            query.push(" WHERE sequence > ").push_bind(after);
            query.push(" ORDER BY sequence LIMIT ").push_bind(MANY);
            let mut rows = query.build().fetch(&mut *transaction);
            while let Some(row) = rows.try_next().await? {
                read += 1;
                after = row.int("sequence")?;
                let sequence = number(&row, "sequence")?;
                // An entry that cannot even be read, with a word that does not exist, was altered too.
                let entry = entry(&row).map_err(|_| AuditFault::Altered { sequence });
                if let Err(found) = entry.and_then(|entry| verifier.next(&entry)) {
                    fault = Some((holding, found));
                    break;
                }
                holding = sequence;
            }
            Ok(())
        };
        bounded(piece).await?;
        if let Some(fault) = fault {
            return Ok(Err(fault));
        }
        if read < MANY {
            return Ok(verifier.end(recorded).map_err(|fault| (holding, fault)));
        }
    }
}
