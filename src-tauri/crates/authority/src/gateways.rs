//! The gateways that share the database.

use crate::api::GatewayView;
use crate::{Actor, Authority, Fault};

impl Authority {
    /// The gateways that share the database, by name; none where nobody shares it.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn gateways(&self, _: &Actor) -> Result<Vec<GatewayView>, Fault> {
        let Some(elsewhere) = &self.elsewhere else {
            return Ok(Vec::new());
        };
        // Before the gateways, so that one that follows lacks nothing.
        let newest = self.store.revision().await?;
        let known = elsewhere.known().await?.into_iter();
        Ok(known
            .map(|(known, holds)| GatewayView::of(known, holds, newest))
            .collect())
    }
}
