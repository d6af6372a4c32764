//! Pages of a listing: which one is asked for, and the addresses around it.

use serde_json::{Value, json};

use crate::query::Query;

/// Which part of a listing is asked for.
#[derive(Debug)]
pub(crate) struct Paging {
    /// From 1.
    page: u64,
    /// 1 to 100.
    per_page: u32,
    /// The listing's address without query.
    address: String,
    /// Every query field but the page, so that following a link keeps size and filters.
    kept: Vec<(String, String)>,
}

impl Paging {
    /// The page that a query asks for.
    pub(crate) fn of(query: &Query, address: String) -> Self {
        let number = |name: &str, otherwise| query.fields[name].as_u64().unwrap_or(otherwise);
        let kept = query.sent.iter().filter(|(name, _)| name != "page");
        Self {
            page: number("page", 1),
            per_page: u32::try_from(number("per_page", 20)).unwrap_or(100),
            address,
            kept: kept.cloned().collect(),
        }
    }

    /// Rows before this page.
    pub(crate) fn offset(&self) -> u64 {
        // The database counts in signed numbers; no listing is that long.
        let most = i64::MAX.unsigned_abs();
        (self.page - 1)
            .saturating_mul(u64::from(self.per_page))
            .min(most)
    }

    /// Rows to read: those of the page, and one that tells whether more follow.
    pub(crate) fn rows(&self) -> u32 {
        self.per_page + 1
    }

    /// The page, of up to [`Self::rows`] rows.
    pub(crate) fn body(&self, mut rows: Vec<Value>) -> Value {
        let more = rows.len() > self.per_page as usize;
        rows.truncate(self.per_page as usize);
        let (from, to) = match rows.len() as u64 {
            0 => (0, 0),
            count => (self.offset() + 1, self.offset() + count),
        };
        json!({
            "data": rows,
            "meta": {
                "current_page": self.page,
                "from": from,
                "to": to,
                "per_page": self.per_page,
                "path": self.address,
            },
            "links": {
                "first": self.link(1),
                "last": null,
                "prev": (self.page > 1).then(|| self.link(self.page - 1)),
                "next": more.then(|| self.link(self.page + 1)),
            },
        })
    }

    fn link(&self, page: u64) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.kept)
            .append_pair("page", &page.to_string())
            .finish();
        format!("{}?{query}", self.address)
    }
}
