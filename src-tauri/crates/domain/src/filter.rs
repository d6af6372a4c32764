//! Which keys a list shows. The store answers in SQL; this is the statement that its tests hold it to.

use jiff::{SignedDuration, Timestamp};

use crate::key::{Key, KeyStatus, LastUse};
use crate::member::MemberId;
use crate::product::{Product, ProductScope};
use crate::project::ProjectId;
use crate::words::words;

words! {
    /// The two kinds of scope, as a filter.
    ScopeKind { Organization = "organization", Project = "project" }
}

words! {
    /// How much a key is used, as a filter.
    Usage {
        /// Never used at all.
        Never = "never",
        /// Not used for 90 days; made at least as long ago.
        Stale = "stale",
    }
}

/// How long without use makes a key stale.
pub const STALE_DAYS: i64 = 90;

/// What a list of keys keeps. Everything that is `None` keeps all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyFilter {
    /// Text in name, note, project name or display form, in any case.
    pub text: Option<String>,
    /// Kind of scope.
    pub scope: Option<ScopeKind>,
    /// Bound to this project.
    pub project: Option<ProjectId>,
    /// Made by this member.
    pub created_by: Option<MemberId>,
    /// Status at the time of asking.
    pub status: Option<KeyStatus>,
    /// Exactly this scope for a product.
    pub access: Option<(Product, ProductScope)>,
    /// Usage.
    pub usage: Option<Usage>,
    /// Live, and expiring within so many days.
    pub expires_within_days: Option<u16>,
    /// Neither revoked nor expired.
    pub live: bool,
    /// Bound to one of these projects: what a Member sees. An empty list keeps nothing.
    pub visible_projects: Option<Vec<ProjectId>>,
}

impl KeyFilter {
    /// Whether the list keeps this key. `project_name` is the name of the project it is bound to.
    #[must_use]
    pub fn keeps(
        &self,
        key: &Key,
        project_name: &str,
        last_use: Option<&LastUse>,
        now: Timestamp,
    ) -> bool {
        let project = key.scope().project();
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        let text = self.text.as_ref().is_none_or(|text| {
            let text = text.to_lowercase();
            [key.name(), key.note(), key.display(), project_name]
                .iter()
                .any(|field| field.to_lowercase().contains(&text))
        });
        let scope = self
            .scope
            .is_none_or(|kind| (kind == ScopeKind::Project) == project.is_some());
        let usage = self.usage.is_none_or(|usage| match usage {
            Usage::Never => last_use.is_none(),
            Usage::Stale => {
                last_use.map_or(key.created_at(), |last| last.at) <= now - days(STALE_DAYS)
            }
        });
        let live = !matches!(key.status(now), KeyStatus::Revoked | KeyStatus::Expired);
        let expiring = self.expires_within_days.is_none_or(|within| {
            live && key
                .expires_at()
                .is_some_and(|at| at <= now + days(i64::from(within)))
        });
        text && scope
            && usage
            && expiring
            && (live || !self.live)
            && self.project.is_none_or(|id| project == Some(id))
            && self.created_by.is_none_or(|id| key.created_by() == id)
            && self.status.is_none_or(|status| key.status(now) == status)
            && self
                .access
                .is_none_or(|(product, access)| key.products().of(product) == access)
            && self
                .visible_projects
                .as_ref()
                .is_none_or(|visible| project.is_some_and(|id| visible.contains(&id)))
    }
}
