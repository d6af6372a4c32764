//! Products of Phare and what a key may do with each.

use crate::words::words;

words! {
    /// A part of Phare that guards its API with permissions of its own.
    Product { Platform = "platform", Uptime = "uptime" }
}

words! {
    /// What an operation needs from its product: GET reads, everything else writes.
    Access { Read = "read", Write = "write" }
}

words! {
    /// What a key may do with one product. Nothing unless somebody chose more.
    #[derive(Default)]
    ProductScope {
        #[default] None = "none",
        Read = "read",
        ReadWrite = "read_write",
    }
}

impl ProductScope {
    /// Whether this scope lets `access` through. Writing covers reading.
    #[must_use]
    pub const fn allows(self, access: Access) -> bool {
        match (self, access) {
            (Self::ReadWrite, _) | (Self::Read, Access::Read) => true,
            (Self::None, _) | (Self::Read, Access::Write) => false,
        }
    }
}

/// The product scopes of a key, one for each product. A product that is not named is not accessible.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[serde(deny_unknown_fields)]
pub struct ProductScopes {
    /// Alert rules, integrations, projects, users.
    #[serde(default)]
    pub platform: ProductScope,
    /// Monitors, incidents, maintenance windows, status pages, reports.
    #[serde(default)]
    pub uptime: ProductScope,
}

impl ProductScopes {
    /// The scope for one product.
    #[must_use]
    pub const fn of(self, product: Product) -> ProductScope {
        match product {
            Product::Platform => self.platform,
            Product::Uptime => self.uptime,
        }
    }

    /// Whether the key could do nothing at all. Such a key is refused at its creation.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}
