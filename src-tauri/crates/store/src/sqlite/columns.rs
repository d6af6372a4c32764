//! Columns to values and back.

use std::error::Error;
use std::str::FromStr;

use gardien_domain::SecretDigest;
use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::Revision;

/// A revision as it is stored. SQLite has no number beyond `i64::MAX`; no chain gets there.
pub(super) fn stored(revision: Revision) -> i64 {
    i64::try_from(revision.0).unwrap_or(i64::MAX)
}

/// A time as it is stored.
pub(super) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

pub(super) fn time(row: &SqliteRow, column: &str) -> sqlx::Result<Timestamp> {
    parse(column, row.try_get(column)?, Timestamp::from_microsecond)
}

pub(super) fn optional_time(row: &SqliteRow, column: &str) -> sqlx::Result<Option<Timestamp>> {
    row.try_get::<Option<i64>, _>(column)?
        .map(|micros| parse(column, micros, Timestamp::from_microsecond))
        .transpose()
}

/// A word of a closed list.
pub(super) fn word<T>(row: &SqliteRow, column: &str) -> sqlx::Result<T>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    parse(column, row.try_get::<&str, _>(column)?, str::parse)
}

pub(super) fn optional_word<T>(row: &SqliteRow, column: &str) -> sqlx::Result<Option<T>>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    row.try_get::<Option<&str>, _>(column)?
        .map(|text| parse(column, text, str::parse))
        .transpose()
}

/// 32 bytes.
pub(super) fn hash(row: &SqliteRow, column: &str) -> sqlx::Result<[u8; 32]> {
    parse(
        column,
        row.try_get::<&[u8], _>(column)?,
        <[u8; 32]>::try_from,
    )
}

pub(super) fn digest(row: &SqliteRow, column: &str) -> sqlx::Result<SecretDigest> {
    hash(row, column).map(SecretDigest)
}

/// A number that is never negative and has fewer bits than SQLite keeps.
pub(super) fn number<T>(row: &SqliteRow, column: &str) -> sqlx::Result<T>
where
    T: TryFrom<i64, Error: Error + Send + Sync + 'static>,
{
    parse(column, row.try_get(column)?, T::try_from)
}

pub(super) fn optional_number<T>(row: &SqliteRow, column: &str) -> sqlx::Result<Option<T>>
where
    T: TryFrom<i64, Error: Error + Send + Sync + 'static>,
{
    row.try_get::<Option<i64>, _>(column)?
        .map(|number| parse(column, number, T::try_from))
        .transpose()
}

/// Reads a stored value; one that makes no sense is damage.
pub(super) fn parse<V, T, E>(
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
