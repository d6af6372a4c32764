//! Pages of a listing: which one a query asks for, and the addresses around it.

use serde_json::{Value, json};

use crate::query::Query;

impl Query {
    /// From 1.
    fn page(&self) -> u64 {
        self.fields["page"].as_u64().unwrap_or(1)
    }

    /// 1 to 100.
    fn per_page(&self) -> u32 {
        let rows = self.fields["per_page"].as_u64();
        rows.map_or(20, |rows| rows.try_into().unwrap_or(100))
    }

    /// Rows before this page.
    pub(crate) fn offset(&self) -> u64 {
        // The database counts in signed numbers; no listing is that long.
        let most = i64::MAX.unsigned_abs();
        let before = (self.page() - 1).saturating_mul(self.per_page().into());
        before.min(most)
    }

    /// Rows to read: those of the page, and one that tells whether more follow.
    pub(crate) fn rows(&self) -> u32 {
        self.per_page() + 1
    }

    /// The page, of up to [`Self::rows`] rows. `address` is the listing's without query.
    pub(crate) fn body(&self, address: &str, mut rows: Vec<Value>) -> Value {
        let (page, per_page) = (self.page(), self.per_page());
        let more = rows.len() > per_page as usize;
        rows.truncate(per_page as usize);
        let (from, to) = match rows.len() as u64 {
            0 => (0, 0),
            count => (self.offset() + 1, self.offset() + count),
        };
        json!({
            "data": rows,
            "meta": {
                "current_page": page,
                "from": from,
                "to": to,
                "per_page": per_page,
                "path": address,
            },
            "links": {
                "first": self.link(address, 1),
                "last": null,
                "prev": (page > 1).then(|| self.link(address, page - 1)),
                "next": more.then(|| self.link(address, page + 1)),
            },
        })
    }

    /// The address of a page, size and filters kept.
    fn link(&self, address: &str, page: u64) -> String {
        let kept = self.sent.iter().filter(|(name, _)| name != "page");
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .append_pair("page", &page.to_string())
            .finish();
        format!("{address}?{query}")
    }
}
