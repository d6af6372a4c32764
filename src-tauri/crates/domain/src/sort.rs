//! In which order a list shows keys. The store answers in SQL; this is the statement that its tests hold it to.

use serde::{Deserialize, Serialize};

use crate::key::{Key, KeyId, LastUse};
use crate::words::words;

words! {
    /// What keys are listed by.
    KeySort {
        /// When they were made.
        Created = "created",
        /// Their names, in any case.
        Name = "name",
        /// Organization keys first, then those of each project by its name, then those whose project is gone.
        Scope = "scope",
        /// Their last use. Never is before every use.
        LastUsed = "last_used",
        /// Their end. Never is after every end.
        Expires = "expires",
    }
}

words! {
    /// Which way a list runs.
    Order { Ascending = "ascending", Descending = "descending" }
}

/// How a list of keys runs. Equals come in the order of their creation, the same way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyOrder {
    /// By what.
    pub sort: KeySort,
    /// Which way.
    pub order: Order,
}

impl Default for KeyOrder {
    /// Newest first.
    fn default() -> Self {
        Self {
            sort: KeySort::Created,
            order: Order::Descending,
        }
    }
}

/// What a key is listed by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortValue {
    /// Its id says all.
    Id,
    /// Compared byte by byte.
    Text(String),
    /// Microseconds since 1970.
    Micros(i64),
}

/// The place of a key in a list, whatever becomes of the key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeyPlace {
    /// What it is listed by.
    pub by: SortValue,
    /// Tells equals apart.
    pub id: KeyId,
}

impl KeyPlace {
    /// Where a list by `sort` has this key. `project_name` is the name of the project it is bound to.
    #[must_use]
    pub fn of(
        sort: KeySort,
        key: &Key,
        project_name: Option<&str>,
        last_use: Option<&LastUse>,
    ) -> Self {
        let by = match sort {
            KeySort::Created => SortValue::Id,
            KeySort::Name => SortValue::Text(key.name().to_lowercase()),
            KeySort::Scope => SortValue::Text(match (key.scope().project(), project_name) {
                (None, _) => "0".to_owned(),
                // Projects of one name stay apart.
                (Some(id), Some(name)) => format!("1{}\u{1}{id}", name.to_lowercase()),
                (Some(_), None) => "2".to_owned(),
            }),
            KeySort::LastUsed => {
                SortValue::Micros(last_use.map_or(i64::MIN, |last| last.at.as_microsecond()))
            }
            KeySort::Expires => SortValue::Micros(
                key.expires_at()
                    .map_or(i64::MAX, |expiry| expiry.as_microsecond()),
            ),
        };
        Self { by, id: key.id() }
    }
}
