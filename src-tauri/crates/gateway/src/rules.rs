//! Changes of what is known, one at a time. Each is in force for every request that starts after it was made.

use std::collections::HashMap;
use std::sync::Arc;

use gardien_domain::key::Revocation;
use gardien_domain::share::Share;
use gardien_domain::{
    Key, KeyId, KeyRule, Presented, ProjectDirectory, ProjectId, Refusal, Scope, alive,
};
use jiff::Timestamp;

use crate::authorize::Known;

mod by_id;

use by_id::ById;

/// Who changes what is known, and what only that takes: keys by their ids.
#[derive(Debug)]
pub(crate) struct Rules {
    known: Arc<Known>,
    by_id: ById,
    /// Of keys that have a share of their own.
    shares: HashMap<KeyId, Share>,
}

impl Rules {
    pub(crate) fn of(known: Arc<Known>) -> Self {
        Self {
            known,
            by_id: ById::default(),
            shares: HashMap::new(),
        }
    }

    /// Makes room for so many keys.
    pub(crate) fn reserve(&self, keys: usize) {
        self.known.secrets.reserve(keys);
    }

    /// Takes a key that was not known: nothing has to be looked for or ended.
    pub(crate) fn begin(&mut self, rule: &KeyRule, share: Share) {
        self.by_id.put(rule.id, &rule.digest, None);
        self.put_share(rule.id, share);
        for digest in rule.digests() {
            self.known.secrets.put(digest, rule, None);
        }
    }

    /// Takes a key as it is now. Secrets that it no longer has find nothing from here on, and what secrets that it refuses
    /// have under way ends.
    pub(crate) fn put(&mut self, key: &Key, now: Timestamp) {
        let rule = &KeyRule::from(key);
        let before = self.get(rule.id);
        let in_force = before.as_ref().map(|before| &before.digest);
        self.by_id.put(rule.id, &rule.digest, in_force);
        self.put_share(rule.id, key.share());
        let projects = self.known.projects.load();
        for digest in rule.digests() {
            let refused = rule
                .presented(&digest)
                .and_then(|secret| alive(rule, secret, &projects, now).err());
            self.known.secrets.put(digest, rule, refused);
        }
        let before = before.iter().flat_map(KeyRule::digests);
        for gone in before.filter(|digest| rule.presented(digest).is_none()) {
            let refusal = Refusal::SecretReplaced { since: now };
            self.known.secrets.remove(&gone, refusal);
        }
    }

    /// Refuses a key from here on, and ends what it has under way; one that was revoked before stays as it is.
    pub(crate) fn revoke(&mut self, id: KeyId, revocation: Revocation) {
        if let Some(mut rule) = self.get(id) {
            rule.revoke(revocation.at);
            let since = rule.revoked_at.unwrap_or(revocation.at);
            for digest in rule.digests() {
                let refusal = Refusal::KeyRevoked { since };
                self.known.secrets.put(digest, &rule, Some(refusal));
            }
        }
    }

    /// Takes projects, or their new slugs.
    pub(crate) fn put_projects<'a>(
        &mut self,
        projects: impl IntoIterator<Item = (ProjectId, &'a str)>,
    ) {
        self.change_projects(|known| {
            for (id, slug) in projects {
                known.insert(id, slug);
            }
        });
    }

    /// Forgets a project, and ends what its keys have under way.
    pub(crate) fn remove_project(&mut self, id: ProjectId) {
        // First: whoever finds a secret after it was put anew must know that the project is gone.
        self.change_projects(|known| known.remove(id));
        let secrets = &self.known.secrets;
        for digest in secrets.of(Scope::Project { project_id: id }) {
            if let Some(rule) = secrets.rule(&digest) {
                secrets.put(digest, &rule, Some(Refusal::ProjectDeleted));
            }
        }
    }

    /// A key as it is known.
    pub(crate) fn get(&self, id: KeyId) -> Option<KeyRule> {
        let mut may_be = self.by_id.find(id);
        may_be.find_map(|start| {
            let rule = self.known.secrets.starting(start);
            rule.filter(|rule| rule.id == id)
        })
    }

    /// Keys that have a share of their own.
    pub(crate) fn with_shares(&self) -> Vec<KeyId> {
        self.shares.keys().copied().collect()
    }

    /// A key that works.
    pub(crate) fn working(&self, key: KeyId, now: Timestamp) -> Option<KeyRule> {
        let projects = self.known.projects.load();
        let works = |rule: &KeyRule| alive(rule, Presented::Current, &projects, now).is_ok();
        self.get(key).filter(works)
    }

    /// What a key has of the calls a minute while it works, and nothing of its own after.
    pub(crate) fn share(&self, key: KeyId, now: Timestamp) -> Share {
        let works = |_: &&Share| self.working(key, now).is_some();
        let share = self.shares.get(&key).filter(works);
        share.copied().unwrap_or_default()
    }

    /// The same of all that have a share of their own.
    pub(crate) fn shares(&self, now: Timestamp) -> HashMap<KeyId, Share> {
        let keys = self.shares.keys();
        keys.map(|key| (*key, self.share(*key, now))).collect()
    }

    fn put_share(&mut self, id: KeyId, share: Share) {
        if share != Share::default() {
            self.shares.insert(id, share);
        } else {
            self.shares.remove(&id);
        }
    }

    fn change_projects(&mut self, change: impl FnOnce(&mut ProjectDirectory)) {
        let mut projects = ProjectDirectory::clone(&self.known.projects.load());
        change(&mut projects);
        self.known.projects.store(Arc::new(projects));
    }
}

#[cfg(test)]
mod tests;
