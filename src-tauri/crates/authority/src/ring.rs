//! How a change of Phare's keys is kept, and what stands behind the gateway is called with them at once.

use gardien_domain::audit::AuditAction;
use gardien_domain::phare_key::Purpose;
use gardien_domain::{PhareKey, PhareSecret, PhareSecretId};
use gardien_store::Change;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::Event;
use crate::attached::NamedSecret;
use crate::changing::Changing;
use crate::{Authority, Fault};

/// What the audit trail says of a change of a key of Phare's.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// Mail address, or the system.
    pub(crate) by: &'a str,
    pub(crate) action: AuditAction,
    pub(crate) key: &'a PhareKey,
    pub(crate) detail: Value,
}

impl Authority {
    /// Commits a change of a key, and has what stands behind the gateway called with the keys as they are then. `fresh`:
    /// the secrets among them that it does not hold yet.
    pub(crate) async fn change_ring(
        &self,
        changing: &mut Changing<'_>,
        change: Change,
        fresh: &[NamedSecret],
        entry: Entry<'_>,
    ) -> Result<(), Fault> {
        let keys = attached_after(self.store.phare_keys().await?, &[&change]);
        let next = match self.attached() {
            Some(attached) => Some(attached.with_keys(&keys, fresh)?),
            None => None,
        };
        self.commit_key(changing, change, entry).await?;
        if let Some(next) = next {
            self.behind.put(next);
        }
        Ok(())
    }

    /// Commits a change of a key. Whoever does so puts what is called with it in place.
    pub(crate) async fn commit_key(
        &self,
        changing: &mut Changing<'_>,
        change: Change,
        entry: Entry<'_>,
    ) -> Result<(), Fault> {
        let Entry {
            by,
            action,
            key,
            mut detail,
        } = entry;
        if detail.get("name").is_none() {
            detail["name"] = json!(key.name);
        }
        self.commit(changing, &[change], by, action, key.id.to_string(), &detail)
            .await?;
        self.publish(Event::PhareKeys);
        Ok(())
    }
}

/// The attached ones among the keys as they are once `changes` are made.
pub(crate) fn attached_after(mut keys: Vec<PhareKey>, changes: &[&Change]) -> Vec<PhareKey> {
    for change in changes {
        match change {
            Change::PutPhareKey(put) => match keys.iter_mut().find(|key| key.id == put.id) {
                Some(key) => *key = put.clone(),
                None => keys.push(put.clone()),
            },
            Change::DeletePhareKey(id) => keys.retain(|key| key.id != *id),
            _ => {}
        }
    }
    keys.retain(|key| key.purpose == Purpose::Attached);
    keys
}

/// What a secret looks like, before anything is known of it.
pub(crate) fn described(secret: &SecretString, now: Timestamp) -> PhareSecret {
    let text = secret.expose_secret();
    PhareSecret {
        id: PhareSecretId(Uuid::now_v7()),
        display: PhareSecret::display_of(text),
        kind: PhareSecret::kind_of(text),
        added_at: now,
        findings: None,
        refused_at: None,
    }
}

/// A new key as audit entries show it.
pub(crate) fn added(key: &PhareKey) -> Value {
    let mut detail = shown(&key.current);
    detail["name"] = json!(key.name);
    detail["purpose"] = json!(key.purpose);
    detail
}

/// A secret as audit entries show it.
pub(crate) fn shown(secret: &PhareSecret) -> Value {
    let mut detail = json!({ "secret": secret.display, "kind": secret.kind });
    if let Some(found) = &secret.findings {
        let projects: Vec<&str> = found.projects.iter().map(|seen| &*seen.name).collect();
        detail["platform"] = json!(found.platform);
        detail["uptime"] = json!(found.uptime);
        detail["projects"] = json!(projects);
    }
    detail
}
