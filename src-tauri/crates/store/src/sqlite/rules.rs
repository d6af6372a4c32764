//! What is enforced of every key, read many at a time: a row that comes from SQLite's thread costs more than the keys in it.

use std::error::Error;
use std::str::{FromStr, Split};

use futures_util::future::join;
use gardien_domain::key::{PreviousSecret, PreviousSecrets};
use gardien_domain::share::Share;
use gardien_domain::{KeyId, KeyRule, ProductScopes, ProjectId, Scope, SecretDigest};
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use super::columns::parse;

/// Keys in a row.
const MANY: i64 = 1_000;

/// Each column of many keys as one value, in the same order: digests and ids one after the other, what else there is with commas
/// between. Of digests that few keys have, only those that there are.
const SELECT: &str =
    "SELECT count(*) AS keys, (SELECT min(number) FROM keys WHERE number > ?2) AS next,
         CAST(group_concat(id, '') AS BLOB) AS id,
         CAST(group_concat(digest, '') AS BLOB) AS digest,
         group_concat(ifnull(project_id, '')) AS project_id,
         group_concat(platform) AS platform,
         group_concat(uptime) AS uptime,
         group_concat(ifnull(expires_at, '')) AS expires_at,
         group_concat(ifnull(revoked_at, '')) AS revoked_at,
         CAST(group_concat(previous_digest, '') AS BLOB) AS previous_digest,
         group_concat(ifnull(previous_valid_until, '')) AS previous_valid_until,
         CAST(group_concat(earlier_digest, '') AS BLOB) AS earlier_digest,
         group_concat(ifnull(earlier_valid_until, '')) AS earlier_valid_until,
         group_concat(ifnull(at_most, '')) AS at_most,
         group_concat(reserved) AS reserved,
         group_concat(weight) AS weight
     FROM keys WHERE number BETWEEN ?1 AND ?2";

#[derive(Debug, thiserror::Error)]
#[error("there are fewer than keys")]
struct TooFew;

/// Hands over one after the other, in no order.
pub(super) async fn every(
    connection: &mut SqliteConnection,
    each: &mut (dyn FnMut(KeyRule, Share) + Send),
) -> sqlx::Result<()> {
    let first = sqlx::query_scalar("SELECT min(number) FROM keys");
    let mut next: Option<i64> = first.fetch_one(&mut *connection).await?;
    let mut read: Option<SqliteRow> = None;
    loop {
        let reading = async {
            let Some(first) = next else { return Ok(None) };
            let many = sqlx::query(SELECT)
                .bind(first)
                .bind(first.saturating_add(MANY - 1));
            many.fetch_one(&mut *connection).await.map(Some)
        };
        let handing_over = async { read.iter().try_for_each(|many| unpack(many, each)) };
        // In this order: SQLite's thread reads some while those before are handed over.
        let (many, handed_over) = join(reading, handing_over).await;
        handed_over?;
        let Some(many) = many? else { return Ok(()) };
        next = many.try_get("next")?;
        read = Some(many);
    }
}

fn unpack(row: &SqliteRow, each: &mut (dyn FnMut(KeyRule, Share) + Send)) -> sqlx::Result<()> {
    let mut id = Bytes::of(row, "id")?;
    let mut digest = Bytes::of(row, "digest")?;
    let mut project_id = Words::of(row, "project_id")?;
    let mut platform = Words::of(row, "platform")?;
    let mut uptime = Words::of(row, "uptime")?;
    let mut expires_at = Words::of(row, "expires_at")?;
    let mut revoked_at = Words::of(row, "revoked_at")?;
    let mut last = Previous::of(row, "previous_digest", "previous_valid_until")?;
    let mut earlier = Previous::of(row, "earlier_digest", "earlier_valid_until")?;
    let mut at_most = Words::of(row, "at_most")?;
    let mut reserved = Words::of(row, "reserved")?;
    let mut weight = Words::of(row, "weight")?;
    for _ in 0..row.try_get::<i64, _>("keys")? {
        let rule = KeyRule {
            id: KeyId(Uuid::from_bytes(id.next()?)),
            scope: match project_id.next_optional()? {
                Some(id) => Scope::Project {
                    project_id: ProjectId(id),
                },
                None => Scope::Organization {},
            },
            products: ProductScopes {
                platform: platform.next()?,
                uptime: uptime.next()?,
            },
            digest: SecretDigest(digest.next()?),
            previous: PreviousSecrets {
                last: last.next()?,
                earlier: earlier.next()?,
            },
            expires_at: expires_at.next_time()?,
            revoked_at: revoked_at.next_time()?,
        };
        let share = Share {
            at_most: at_most.next_optional()?,
            reserved: reserved.next()?,
            weight: weight.next()?,
        };
        each(rule, share);
    }
    Ok(())
}

/// Values with commas between.
struct Words<'r> {
    column: &'static str,
    values: Split<'r, char>,
}

impl<'r> Words<'r> {
    fn of(row: &'r SqliteRow, column: &'static str) -> sqlx::Result<Self> {
        let values = row.try_get::<&str, _>(column)?.split(',');
        Ok(Self { column, values })
    }

    fn text(&mut self) -> sqlx::Result<&'r str> {
        parse(self.column, self.values.next(), |text| text.ok_or(TooFew))
    }

    fn next<T>(&mut self) -> sqlx::Result<T>
    where
        T: FromStr<Err: Error + Send + Sync + 'static>,
    {
        parse(self.column, self.text()?, str::parse)
    }

    /// `None` of nothing between two commas.
    fn next_optional<T>(&mut self) -> sqlx::Result<Option<T>>
    where
        T: FromStr<Err: Error + Send + Sync + 'static>,
    {
        match self.text()? {
            "" => Ok(None),
            text => parse(self.column, text, str::parse).map(Some),
        }
    }

    fn next_time(&mut self) -> sqlx::Result<Option<Timestamp>> {
        let micros = self.next_optional()?;
        let time = |micros| parse(self.column, micros, Timestamp::from_microsecond);
        micros.map(time).transpose()
    }
}

/// Values of one length, one after the other.
struct Bytes<'r> {
    column: &'static str,
    left: &'r [u8],
}

impl<'r> Bytes<'r> {
    fn of(row: &'r SqliteRow, column: &'static str) -> sqlx::Result<Self> {
        let left: Option<&[u8]> = row.try_get(column)?;
        Ok(Self {
            column,
            left: left.unwrap_or_default(),
        })
    }

    fn next<const LENGTH: usize>(&mut self) -> sqlx::Result<[u8; LENGTH]> {
        let (next, left) = parse(self.column, self.left.split_first_chunk(), |split| {
            split.ok_or(TooFew)
        })?;
        self.left = left;
        Ok(*next)
    }
}

/// A secret before, of keys that have one.
struct Previous<'r> {
    digests: Bytes<'r>,
    valid_until: Words<'r>,
}

impl<'r> Previous<'r> {
    fn of(row: &'r SqliteRow, digest: &'static str, until: &'static str) -> sqlx::Result<Self> {
        Ok(Self {
            digests: Bytes::of(row, digest)?,
            valid_until: Words::of(row, until)?,
        })
    }

    fn next(&mut self) -> sqlx::Result<Option<PreviousSecret>> {
        let Some(valid_until) = self.valid_until.next_time()? else {
            return Ok(None);
        };
        Ok(Some(PreviousSecret {
            digest: SecretDigest(self.digests.next()?),
            valid_until,
        }))
    }
}
