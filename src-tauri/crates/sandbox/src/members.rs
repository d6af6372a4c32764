//! Who belongs to the organization, for whoever composes this to say.

use std::fmt::Debug;

use async_trait::async_trait;
use gardien_domain::Member;
use gardien_store::StoreError;

/// Tells who belongs to the organization.
#[async_trait]
pub trait Members: Debug + Send + Sync {
    /// All of them, now.
    async fn members(&self) -> Result<Vec<Member>, StoreError>;
}
