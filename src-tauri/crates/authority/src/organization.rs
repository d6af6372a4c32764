//! The use cases of the organization and its shared limit.

use gardien_domain::audit::AuditAction;
use gardien_domain::{AtLimit, Organization};
use gardien_store::Change;
use serde_json::{Map, json};

use crate::actor::OrganizationManager;
use crate::api::{LimitsView, OrganizationPatch, OrganizationView};
use crate::check::Checks;
use crate::{Authority, Fault};

impl Authority {
    /// Name and limit.
    ///
    /// # Errors
    /// [`Fault::NotFounded`], [`Fault::Store`].
    pub async fn organization(&self) -> Result<OrganizationView, Fault> {
        self.stored_organization().await.map(OrganizationView::from)
    }

    /// Changes name or limit. A new limit holds from the next call on.
    ///
    /// # Errors
    /// [`Fault::Invalid`] by field, [`Fault::NotFounded`], [`Fault::Store`].
    pub async fn update_organization(
        &self,
        manager: OrganizationManager<'_>,
        patch: OrganizationPatch,
    ) -> Result<OrganizationView, Fault> {
        let _changing = self.changing().await;
        let before = self.stored_organization().await?;
        let mut after = before.clone();
        let mut checks = Checks::default();
        if let Some(name) = patch.name {
            after.name = checks.name(&name);
        }
        if let Some(calls) = patch.calls_per_minute {
            checks.calls_per_minute(calls);
            after.calls_per_minute = calls;
        }
        if patch.at_limit == Some(AtLimit::Pace) {
            checks.refuse(
                "at_limit",
                "Pacing is not available yet. Calls beyond the limit are rejected.",
            );
        }
        checks.end()?;
        if after != before {
            let mut changed = Map::new();
            if after.name != before.name {
                changed.insert(
                    "name".to_owned(),
                    json!({ "from": before.name, "to": after.name }),
                );
            }
            if after.calls_per_minute != before.calls_per_minute {
                let calls =
                    json!({ "from": before.calls_per_minute, "to": after.calls_per_minute });
                changed.insert("calls_per_minute".to_owned(), calls);
            }
            let changes = [Change::PutOrganization(after.clone())];
            self.change(
                manager.actor(),
                &changes,
                AuditAction::OrganizationUpdated,
                "",
                &changed.into(),
            )
            .await?;
            self.enforcement.set_limit(after.calls_per_minute);
        }
        Ok(after.into())
    }

    /// What the shared limit looks like right now.
    ///
    /// # Errors
    /// [`Fault::NotFounded`], [`Fault::Store`].
    pub async fn limits(&self) -> Result<LimitsView, Fault> {
        let organization = self.stored_organization().await?;
        Ok(LimitsView::of(&organization, self.enforcement.limits()))
    }

    async fn stored_organization(&self) -> Result<Organization, Fault> {
        self.store.organization().await?.ok_or(Fault::NotFounded)
    }
}
