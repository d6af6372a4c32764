//! The use cases of the organization and its shared limit.

use gardien_domain::audit::AuditAction;
use gardien_domain::{Organization, Scope};
use gardien_store::{Change, StoredKey};
use serde_json::{Map, Value, json};

use crate::actor::{KeyManager, OrganizationManager};
use crate::api::{
    CouldMake, LimitMost, LimitReached, LimitUse, LimitsView, OrganizationPatch, OrganizationView,
    OtherCouldMake, WhatIfQuery, WhatIfView,
};
use crate::changing::repeat;
use crate::check::Checks;
use crate::{Actor, Authority, Fault, Reached, System};

/// How many keys are named that have the most of the limit.
const MOST: usize = 50;

impl Authority {
    /// Name and limit.
    ///
    /// # Errors
    /// [`Fault::NotFounded`], [`Fault::Store`].
    pub async fn organization(&self, _: &Actor) -> Result<OrganizationView, Fault> {
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
        let changing = &mut self.changing().await;
        repeat!(changing, {
            let before = self.stored_organization().await?;
            let mut after = before.clone();
            let mut checks = Checks::default();
            if let Some(name) = &patch.name {
                after.name = checks.name(name);
            }
            if let Some(calls) = patch.calls_per_minute {
                let reserved = self.store.reserved(None, self.now()).await?;
                checks.calls_per_minute(calls, reserved);
                after.calls_per_minute = calls;
            }
            if let Some(at_limit) = patch.at_limit {
                after.at_limit = at_limit;
            }
            if let Some(burst) = patch.burst {
                after.burst = burst;
            }
            if patch.burst.is_some() || patch.calls_per_minute.is_some() {
                checks.burst(after.burst, after.calls_per_minute);
            }
            if let Some(seconds) = patch.longest_wait_seconds {
                checks.longest_wait(seconds);
                after.longest_wait_seconds = seconds;
            }
            if let Some(seconds) = patch.cache_seconds {
                checks.cache(seconds);
                after.cache_seconds = seconds;
            }
            checks.end()?;
            if after != before {
                let changed = difference(&before, &after);
                let changes = [Change::PutOrganization(after.clone())];
                self.change(
                    changing,
                    manager.actor(),
                    &changes,
                    AuditAction::OrganizationUpdated,
                    "",
                    &changed.into(),
                )
                .await?;
            }
            Ok(after.into())
        })
    }

    /// What the shared limit looks like right now, and which of the keys that the actor sees used it.
    ///
    /// # Errors
    /// [`Fault::NotFounded`], [`Fault::Store`].
    pub async fn limits(&self, actor: &Actor) -> Result<LimitsView, Fault> {
        self.limits_where(&|scope| actor.member().sees(scope)).await
    }

    /// [`Self::limits`] for whoever sees every key.
    ///
    /// # Errors
    /// [`Fault::NotFounded`], [`Fault::Store`].
    pub async fn all_limits(&self, _: System) -> Result<LimitsView, Fault> {
        self.limits_where(&|_| true).await
    }

    /// What a share would have meant in the last hour for a key, or for one that is not made yet.
    ///
    /// # Errors
    /// [`Fault::Invalid`] by field as where it is set; [`Fault::NotFound`], [`Fault::NotFounded`], [`Fault::Store`].
    pub async fn what_if(
        &self,
        manager: KeyManager<'_>,
        query: WhatIfQuery,
    ) -> Result<WhatIfView, Fault> {
        if let Some(id) = query.key_id {
            self.key(manager.actor(), id).await?;
        }
        let share = query.share();
        let mut checks = Checks::default();
        self.check_share(&mut checks, share, query.key_id).await?;
        checks.end()?;
        // Of any key: whoever sets shares sees them all.
        let what_if = self.enforcement.what_if(query.key_id, share);
        let other = match what_if.other {
            Some((id, could)) => self.store.key(id).await?.zip(CouldMake::of(could)),
            None => None,
        };
        Ok(WhatIfView {
            known_minutes: what_if.known_minutes,
            key: what_if.key.and_then(CouldMake::of),
            other: other.map(|(StoredKey { key, .. }, could)| OtherCouldMake {
                id: key.id(),
                name: key.name().to_owned(),
                could,
            }),
        })
    }

    async fn limits_where(
        &self,
        seen: &(dyn Fn(Scope) -> bool + Sync),
    ) -> Result<LimitsView, Fault> {
        let organization = self.stored_organization().await?;
        let reading = self.enforcement.limits(MOST, seen);
        let mut by_key = Vec::with_capacity(reading.by_key.len());
        for part in &reading.by_key {
            if let Some(stored) = self.store.key(part.key).await? {
                by_key.push(LimitUse {
                    id: part.key,
                    name: stored.key.name().to_owned(),
                    calls: part.calls,
                    waiting: part.waiting,
                    waited_seconds: u32::try_from(part.waited_ms / 1000).unwrap_or(u32::MAX),
                    refused: part.refused,
                    share: part.share,
                });
            }
        }
        let reached = match reading.reached {
            Some(reached) => Some(self.name_most(reached).await?),
            None => None,
        };
        Ok(LimitsView::of(&organization, reading, reached, by_key))
    }

    async fn name_most(&self, reached: Reached) -> Result<LimitReached, Fault> {
        let Reached { at, most } = reached;
        let Some(part) = most else {
            return Ok(LimitReached { at, most: None });
        };
        let most = self.store.key(part.key).await?.map(|stored| LimitMost {
            id: part.key,
            name: stored.key.name().to_owned(),
            calls: part.calls + part.waiting,
        });
        Ok(LimitReached { at, most })
    }

    pub(crate) async fn stored_organization(&self) -> Result<Organization, Fault> {
        self.store.organization().await?.ok_or(Fault::NotFounded)
    }
}

/// What is another, by name: what it was and what it is.
fn difference(before: &Organization, after: &Organization) -> Map<String, Value> {
    let fields = |of: &Organization| {
        [
            ("name", json!(of.name)),
            ("calls_per_minute", json!(of.calls_per_minute)),
            ("at_limit", json!(of.at_limit)),
            ("burst", json!(of.burst)),
            ("longest_wait_seconds", json!(of.longest_wait_seconds)),
            ("cache_seconds", json!(of.cache_seconds)),
        ]
    };
    let pairs = fields(before).into_iter().zip(fields(after));
    pairs
        .filter(|(before, after)| before != after)
        .map(|((name, from), (_, to))| (name.to_owned(), json!({ "from": from, "to": to })))
        .collect()
}
