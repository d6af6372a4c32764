//! Finding keys: in lists, and by the secrets that they have or had.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gardien_domain::{
    KeyFilter, KeyOrder, KeyPlace, KeyRule, Presented, Product, Secret, SecretDigest, paste,
};
use gardien_store::StoredKey;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use crate::api::{KeyPage, KeyQuery, KeyView, LookedUp, LookedUpKey, Lookup};
use crate::{Actor, Authority, Fault};

/// The most secrets that are looked up at once.
pub(crate) const LOOKUP: usize = 1_000;

/// Where the next page begins. It belongs to one order: elsewhere its place means nothing.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor {
    order: KeyOrder,
    after: KeyPlace,
}

impl Authority {
    /// Keys that the actor may see.
    ///
    /// # Errors
    /// [`Fault::Invalid`] for a cursor or limit that is none, or [`Fault::Store`].
    pub async fn keys(&self, actor: &Actor, query: KeyQuery) -> Result<KeyPage, Fault> {
        let limit = page_size(query.limit)?;
        let newest = KeyOrder::default();
        let order = KeyOrder {
            sort: query.sort.unwrap_or(newest.sort),
            order: query.order.unwrap_or(newest.order),
        };
        let after = query.cursor.as_deref().map(|text| place(text, order));
        let after = after.transpose()?;
        let filter = filter(actor, query)?;
        let now = self.now();
        // One more than asked for tells whether there is another page.
        let page = self
            .store
            .keys(&filter, now, order, after.as_ref(), limit + 1);
        let mut page = page.await?;
        let more = page.rows.len() > limit as usize;
        page.rows.truncate(limit as usize);
        let last = page.rows.last().filter(|_| more);
        Ok(KeyPage {
            next_cursor: last
                .map(|row| cursor(order, row.place(order.sort)))
                .transpose()?,
            total: page.total,
            data: page
                .rows
                .into_iter()
                .map(|row| self.shown(row, now))
                .collect(),
        })
    }

    /// The keys that these secrets belong to, of any status. Leaves no trace: to look up a leaked secret is no use of it.
    ///
    /// # Errors
    /// [`Fault::Invalid`] for too many at once, or [`Fault::Store`].
    pub async fn lookup(&self, actor: &Actor, lookup: Lookup) -> Result<LookedUp, Fault> {
        if lookup.secrets.len() > LOOKUP {
            return Err(Fault::field(
                "secrets",
                format!("At most {LOOKUP} at once."),
            ));
        }
        let secrets = lookup.secrets.iter();
        let digests: Vec<Option<SecretDigest>> = secrets
            .map(|secret| Secret::parse(paste::bare(secret.expose_secret())).ok())
            .map(|secret| secret.map(|secret| secret.digest()))
            .collect();
        let known: Vec<SecretDigest> = digests.iter().flatten().copied().collect();
        let mut rows = self.store.keys_by_secret(&known).await?.into_iter();
        let now = self.now();
        let found = digests.into_iter().map(|digest| {
            let digest = digest?;
            let mut row = rows.next().flatten()?;
            if !actor.member().sees(row.key.scope()) {
                return None;
            }
            let secret = KeyRule::from(&row.key).presented(&digest)?;
            self.in_force.overlay(&mut row.key);
            let valid_until = match secret {
                Presented::Replaced(secret) => row.key.promised(secret, now),
                Presented::Current => None,
            };
            Some(LookedUpKey {
                key: KeyView::of(row, now),
                credential: secret.into(),
                valid_until,
            })
        });
        Ok(LookedUp {
            data: found.collect(),
        })
    }

    /// A key as it is in force.
    fn shown(&self, mut row: StoredKey, now: Timestamp) -> KeyView {
        self.in_force.overlay(&mut row.key);
        KeyView::of(row, now)
    }
}

/// How many rows a page holds.
pub(crate) fn page_size(asked: Option<u32>) -> Result<u32, Fault> {
    match asked.unwrap_or(50) {
        size @ 1..=500 => Ok(size),
        _ => Err(Fault::field("limit", "A number from 1 to 500.")),
    }
}

fn cursor(order: KeyOrder, after: KeyPlace) -> Result<String, Fault> {
    let cursor = serde_json::to_vec(&Cursor { order, after });
    cursor
        .map(|json| URL_SAFE_NO_PAD.encode(json))
        .map_err(|_| Fault::Internal)
}

/// The place that a cursor of this order names.
fn place(text: &str, order: KeyOrder) -> Result<KeyPlace, Fault> {
    let json = URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
    let cursor: Cursor = serde_json::from_slice(&json)
        .map_err(|_| Fault::field("cursor", "Not a cursor of this list."))?;
    if cursor.order != order {
        let message = "This cursor belongs to another order. Start at the first page.";
        return Err(Fault::field("cursor", message));
    }
    Ok(cursor.after)
}

fn filter(actor: &Actor, query: KeyQuery) -> Result<KeyFilter, Fault> {
    let access = match (query.platform, query.uptime) {
        (None, None) => None,
        (Some(scope), None) => Some((Product::Platform, scope)),
        (None, Some(scope)) => Some((Product::Uptime, scope)),
        (Some(_), Some(_)) => {
            return Err(Fault::field("uptime", "Filter by one product at a time."));
        }
    };
    let visible =
        (!actor.sees_every_key()).then(|| actor.member().projects.iter().copied().collect());
    Ok(KeyFilter {
        text: query
            .q
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty()),
        scope: query.scope,
        project: query.project_id,
        created_by: query.created_by,
        status: query.status,
        access,
        usage: query.usage,
        expires_within_days: query.expires_within_days,
        live: query.live.unwrap_or_default(),
        visible_projects: visible,
    })
}
