//! Columns to values and back, alike in both databases.

use std::error::Error;
use std::str::FromStr;

use gardien_domain::{Key, SecretDigest};
use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::Revision;

/// A row of either database, which keeps numbers, times, words and ids in these types alone.
pub(crate) trait Columns {
    fn int(&self, column: &str) -> sqlx::Result<i64>;
    fn flag(&self, column: &str) -> sqlx::Result<bool>;
    fn optional_int(&self, column: &str) -> sqlx::Result<Option<i64>>;
    fn text(&self, column: &str) -> sqlx::Result<&str>;
    fn optional_text(&self, column: &str) -> sqlx::Result<Option<&str>>;
    fn bytes(&self, column: &str) -> sqlx::Result<&[u8]>;
    fn uuid(&self, column: &str) -> sqlx::Result<Uuid>;
}

macro_rules! columns {
    ($row:ty) => {
        impl Columns for $row {
            fn int(&self, column: &str) -> sqlx::Result<i64> {
                self.try_get(column)
            }

            fn flag(&self, column: &str) -> sqlx::Result<bool> {
                self.try_get(column)
            }

            fn optional_int(&self, column: &str) -> sqlx::Result<Option<i64>> {
                self.try_get(column)
            }

            fn text(&self, column: &str) -> sqlx::Result<&str> {
                self.try_get(column)
            }

            fn optional_text(&self, column: &str) -> sqlx::Result<Option<&str>> {
                self.try_get(column)
            }

            fn bytes(&self, column: &str) -> sqlx::Result<&[u8]> {
                self.try_get(column)
            }

            fn uuid(&self, column: &str) -> sqlx::Result<Uuid> {
                self.try_get(column)
            }
        }
    };
}

columns!(SqliteRow);
columns!(PgRow);

/// A revision as it is stored. Neither database has a number beyond `i64::MAX`; no chain gets there.
pub(crate) fn stored(revision: Revision) -> i64 {
    count(revision.0)
}

/// A count as it is stored.
pub(crate) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A list as it is stored.
pub(crate) fn json(list: &impl Serialize) -> sqlx::Result<String> {
    serde_json::to_string(list).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// A time as it is stored.
pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// The texts of a key that are searched, in lower case. Between them stands what is never in lower-case text, so that
/// nothing is found across the border of two.
pub(crate) fn searched(key: &Key) -> String {
    [key.name(), key.note(), key.display()]
        .map(|text| text.to_lowercase())
        .join("A")
}

pub(crate) fn time(row: &impl Columns, column: &str) -> sqlx::Result<Timestamp> {
    parse(column, row.int(column)?, Timestamp::from_microsecond)
}

pub(crate) fn optional_time(row: &impl Columns, column: &str) -> sqlx::Result<Option<Timestamp>> {
    row.optional_int(column)?
        .map(|micros| parse(column, micros, Timestamp::from_microsecond))
        .transpose()
}

/// A word of a closed list.
pub(crate) fn word<T>(row: &impl Columns, column: &str) -> sqlx::Result<T>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    parse(column, row.text(column)?, str::parse)
}

pub(crate) fn optional_word<T>(row: &impl Columns, column: &str) -> sqlx::Result<Option<T>>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    row.optional_text(column)?
        .map(|text| parse(column, text, str::parse))
        .transpose()
}

/// 32 bytes.
pub(crate) fn hash(row: &impl Columns, column: &str) -> sqlx::Result<[u8; 32]> {
    parse(column, row.bytes(column)?, <[u8; 32]>::try_from)
}

pub(crate) fn digest(row: &impl Columns, column: &str) -> sqlx::Result<SecretDigest> {
    hash(row, column).map(SecretDigest)
}

/// A number that is never negative and has fewer bits than are kept.
pub(crate) fn number<T>(row: &impl Columns, column: &str) -> sqlx::Result<T>
where
    T: TryFrom<i64, Error: Error + Send + Sync + 'static>,
{
    parse(column, row.int(column)?, T::try_from)
}

pub(crate) fn optional_number<T>(row: &impl Columns, column: &str) -> sqlx::Result<Option<T>>
where
    T: TryFrom<i64, Error: Error + Send + Sync + 'static>,
{
    row.optional_int(column)?
        .map(|number| parse(column, number, T::try_from))
        .transpose()
}

/// Reads a stored value; one that makes no sense is damage.
pub(crate) fn parse<V, T, E>(
    column: &str,
    value: V,
    read: impl FnOnce(V) -> Result<T, E>,
) -> sqlx::Result<T>
where
    E: Error + Send + Sync + 'static,
{
    read(value).map_err(|source| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: source.into(),
    })
}
