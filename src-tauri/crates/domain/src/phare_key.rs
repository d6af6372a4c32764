//! Phare's own keys, as Gardien knows them: where each works, what it was seen to do, and which one a call goes out
//! with. The secrets themselves are never here.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::filter::ScopeKind;
use crate::operation::Operation;
use crate::product::{Access, Product, ProductScope};
use crate::project::ProjectId;
use crate::words::{id, words};

id! {
    /// Identifies a key of Phare's that Gardien knows. UUID version 7.
    PhareKeyId(uuid::Uuid as "string")
}

id! {
    /// Identifies one secret of such a key: the name that a keychain keeps it under. UUID version 7.
    PhareSecretId(uuid::Uuid as "string")
}

words! {
    /// What Gardien has a key of Phare's for.
    Purpose {
        /// The gateway calls Phare with it.
        Attached = "attached",
        /// It is kept for people to copy. Gardien never calls with it but to examine it.
        Kept = "kept",
    }
}

/// Letters of the longest prefix that a secret shows whole: `pha_org_gdn_`.
const LONGEST_PREFIX: usize = 12;

/// After so many days a key of Phare's should give way to a new one.
pub const REPLACE_DAYS: i64 = 90;
/// After so many hours what a key can do is looked at again.
pub const EXAMINE_HOURS: i64 = 24;

/// A key of Phare's. Two slots, so that the hand-made secret can be replaced without an interruption: the one that is
/// called with, and the one that is about to take its place, or has just given it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhareKey {
    /// Stays for ever, whatever secret stands behind it.
    pub id: PhareKeyId,
    /// What people read.
    pub name: String,
    /// What it is for.
    pub purpose: Purpose,
    /// The secret in use.
    pub current: PhareSecret,
    /// The other slot.
    pub next: Option<PhareSecret>,
    /// When the two slots last changed places.
    pub switched_at: Option<Timestamp>,
}

/// One secret of Phare's, known by what it looks like and by what it was seen to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct PhareSecret {
    /// What the keychain keeps it under.
    pub id: PhareSecretId,
    /// Enough of it to match a leaked string by eye.
    pub display: String,
    /// Where it works, by its prefix.
    pub kind: ScopeKind,
    /// When it was given to Gardien.
    #[ts(type = "string")]
    #[schema(value_type = String, format = DateTime)]
    pub added_at: Timestamp,
    /// What the last examination found; `None` before the first.
    pub findings: Option<Findings>,
    /// Since when Phare refuses it.
    #[ts(type = "string | null")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub refused_at: Option<Timestamp>,
}

/// What Phare showed that a secret can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct Findings {
    /// When it was examined.
    #[ts(type = "string")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What it may do with Platform; `None` when that could not be told.
    pub platform: Option<ProductScope>,
    /// What it may do with Uptime; `None` when that could not be told.
    pub uptime: Option<ProductScope>,
    /// The projects that it sees.
    pub projects: Vec<SeenProject>,
    /// The calls that it took, each counted by Phare, and what they were answered.
    pub calls: Vec<ExaminingCall>,
}

/// A project as an examination saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct SeenProject {
    /// Phare's id.
    pub id: ProjectId,
    /// What people read.
    pub name: String,
}

/// One call of an examination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ExaminingCall {
    /// Method and path.
    pub request: String,
    /// The status that it was answered.
    pub status: u16,
}

/// What a call asks of the key that it goes out with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// The one project that it concerns; `None`: the organization.
    pub project: Option<ProjectId>,
    /// The product of its operation.
    pub product: Product,
    /// What it does with it.
    pub access: Access,
    /// Whether it creates, changes or removes a project.
    pub manages_projects: bool,
}

impl Need {
    /// What a call of this operation asks, in this project if in one.
    #[must_use]
    pub fn of(operation: &Operation, project: Option<ProjectId>) -> Self {
        Self {
            project,
            product: operation.product,
            access: operation.access(),
            manages_projects: operation.manages_projects(),
        }
    }
}

impl PhareKey {
    /// Both slots, the one in use first.
    pub fn secrets(&self) -> impl Iterator<Item = &PhareSecret> {
        std::iter::once(&self.current).chain(&self.next)
    }

    /// The secret with this id, in either slot.
    pub fn secret_mut(&mut self, id: PhareSecretId) -> Option<&mut PhareSecret> {
        std::iter::once(&mut self.current)
            .chain(&mut self.next)
            .find(|secret| secret.id == id)
    }

    /// From when on people are reminded to replace it.
    #[must_use]
    pub fn replace_at(&self) -> Timestamp {
        after(self.current.added_at, REPLACE_DAYS * 24)
    }
}

impl PhareSecret {
    /// Where a secret works, by the prefix that Phare gives it. Source: Phare's Terraform provider, which takes
    /// `pha_org_` for an organization's, any other `pha_` for a project's, and what has neither for an
    /// organization's.
    #[must_use]
    pub fn kind_of(secret: &str) -> ScopeKind {
        if secret.starts_with("pha_") && !secret.starts_with("pha_org_") {
            ScopeKind::Project
        } else {
            ScopeKind::Organization
        }
    }

    /// Prefix, first four, ellipsis, last four; less of a secret that is too short to show so much of.
    #[must_use]
    pub fn display_of(secret: &str) -> String {
        let start = secret.char_indices().take(LONGEST_PREFIX);
        let prefix = start.filter(|(_, letter)| *letter == '_').last();
        let (prefix, random) = secret.split_at(prefix.map_or(0, |(at, _)| at + 1));
        if random.chars().count() < 16 {
            return format!("{prefix}…");
        }
        let first = random.char_indices().nth(4).map_or(0, |(at, _)| at);
        let last = random.char_indices().nth_back(3).map_or(0, |(at, _)| at);
        format!("{prefix}{}…{}", &random[..first], &random[last..])
    }

    /// Whether it is time to look at it again.
    #[must_use]
    pub fn examination_due(&self, now: Timestamp) -> bool {
        self.findings
            .as_ref()
            .is_none_or(|found| after(found.at, EXAMINE_HOURS) <= now)
    }

    /// The one project that it works in, where that is known.
    #[must_use]
    pub fn project(&self) -> Option<ProjectId> {
        match (self.kind, self.findings.as_ref()?.projects.as_slice()) {
            (ScopeKind::Project, [only]) => Some(only.id),
            _ => None,
        }
    }

    /// What it may do with a product, where that is known.
    #[must_use]
    pub fn scope(&self, product: Product) -> Option<ProductScope> {
        let found = self.findings.as_ref()?;
        match product {
            Product::Platform => found.platform,
            Product::Uptime => found.uptime,
        }
    }

    /// Whether it works where the call does. A secret of another project must never carry it.
    fn reaches(&self, need: &Need) -> bool {
        match self.kind {
            ScopeKind::Organization => true,
            ScopeKind::Project => {
                !need.manages_projects && need.project.is_some() && self.project() == need.project
            }
        }
    }

    /// Whether all that is known of it is that it is there: calls wait for its first examination.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.findings.is_none() && self.refused_at.is_none()
    }

    /// Whether it may turn out to work where the call does, once it was examined.
    #[must_use]
    pub fn may_reach(&self, need: &Need) -> bool {
        self.is_unknown() && need.project.is_some() && !need.manages_projects
    }

    /// Whether it is known not to have the permission that a call needs.
    #[must_use]
    pub fn falls_short(&self, need: &Need) -> bool {
        self.scope(need.product)
            .is_some_and(|scope| !scope.allows(need.access))
    }

    /// Least is best: one that Phare takes, one that is not known to fall short, one project rather than all,
    /// and the fewest permissions.
    fn rank(&self, need: &Need) -> (bool, bool, bool, u32) {
        let width = Product::ALL
            .iter()
            .map(|product| match self.scope(*product) {
                Some(ProductScope::None) => 0,
                Some(ProductScope::Read) => 1,
                Some(ProductScope::ReadWrite) => 2,
                None => 3,
            })
            .sum();
        (
            self.refused_at.is_some(),
            self.falls_short(need),
            self.kind == ScopeKind::Organization,
            width,
        )
    }
}

/// The narrowest secret that can serve a call. Where none is known to be allowed to, one that at least works in the
/// right place: permissions are changed in Phare's panel, and the last word is Phare's. `None` when nothing works
/// there.
#[must_use]
pub fn narrowest<'a>(
    secrets: impl IntoIterator<Item = &'a PhareSecret>,
    need: &Need,
) -> Option<&'a PhareSecret> {
    secrets
        .into_iter()
        .filter(|secret| secret.reaches(need))
        .min_by_key(|secret| secret.rank(need))
}

fn after(start: Timestamp, hours: i64) -> Timestamp {
    start
        .checked_add(SignedDuration::from_hours(hours))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::ProductScope::{None as No, Read, ReadWrite};
    use uuid::Uuid;

    fn secret(
        name: u128,
        kind: ScopeKind,
        projects: &[i64],
        products: [ProductScope; 2],
    ) -> PhareSecret {
        PhareSecret {
            id: PhareSecretId(Uuid::from_u128(name)),
            display: String::new(),
            kind,
            added_at: Timestamp::UNIX_EPOCH,
            findings: Some(Findings {
                at: Timestamp::UNIX_EPOCH,
                platform: Some(products[0]),
                uptime: Some(products[1]),
                projects: projects
                    .iter()
                    .map(|id| SeenProject {
                        id: ProjectId(*id),
                        name: id.to_string(),
                    })
                    .collect(),
                calls: Vec::new(),
            }),
            refused_at: None,
        }
    }

    fn need(project: Option<i64>, product: Product, access: Access) -> Need {
        Need {
            project: project.map(ProjectId),
            product,
            access,
            manages_projects: false,
        }
    }

    fn chosen(secrets: &[PhareSecret], need: &Need) -> Option<u128> {
        narrowest(secrets, need).map(|secret| secret.id.0.as_u128())
    }

    #[test]
    fn a_call_goes_out_with_the_narrowest_secret_that_can_serve_it() {
        let all = [
            secret(1, ScopeKind::Organization, &[7, 8], [ReadWrite, ReadWrite]),
            secret(2, ScopeKind::Project, &[7], [No, ReadWrite]),
            secret(3, ScopeKind::Project, &[7], [No, Read]),
            secret(4, ScopeKind::Project, &[8], [Read, Read]),
        ];
        let uptime = Product::Uptime;
        assert_eq!(chosen(&all, &need(Some(7), uptime, Access::Read)), Some(3));
        assert_eq!(chosen(&all, &need(Some(7), uptime, Access::Write)), Some(2));
        assert_eq!(chosen(&all, &need(Some(8), uptime, Access::Write)), Some(1));
        assert_eq!(chosen(&all, &need(Some(9), uptime, Access::Read)), Some(1));
        assert_eq!(chosen(&all, &need(None, uptime, Access::Read)), Some(1));
        let platform = Product::Platform;
        assert_eq!(
            chosen(&all, &need(Some(8), platform, Access::Read)),
            Some(4)
        );
        let managing = Need {
            manages_projects: true,
            ..need(Some(8), platform, Access::Read)
        };
        assert_eq!(chosen(&all, &managing), Some(1));
    }

    #[test]
    fn a_secret_of_another_project_never_carries_a_call() {
        let mut unexamined = secret(3, ScopeKind::Project, &[], [ReadWrite, ReadWrite]);
        unexamined.findings = None;
        let all = [
            secret(1, ScopeKind::Project, &[7], [ReadWrite, ReadWrite]),
            secret(2, ScopeKind::Project, &[8, 9], [ReadWrite, ReadWrite]),
            unexamined,
        ];
        for project in [Some(8), Some(9), None] {
            for product in Product::ALL {
                for access in Access::ALL {
                    let need = need(project, *product, *access);
                    assert_eq!(chosen(&all, &need), None);
                    // Only what nobody has looked at yet may turn out to be another's.
                    let may = all.each_ref().map(|secret| secret.may_reach(&need));
                    assert_eq!(may, [false, false, project.is_some()]);
                    let mut refused = all[2].clone();
                    refused.refused_at = Some(Timestamp::UNIX_EPOCH);
                    assert!(!refused.may_reach(&need), "it carries none for now");
                }
            }
        }
    }

    #[test]
    fn one_that_falls_short_is_used_when_there_is_no_other_and_a_refused_one_last() {
        let mut all = vec![secret(1, ScopeKind::Project, &[7], [No, Read])];
        let write = need(Some(7), Product::Uptime, Access::Write);
        assert_eq!(chosen(&all, &write), Some(1));
        all.push(secret(
            2,
            ScopeKind::Organization,
            &[],
            [ReadWrite, ReadWrite],
        ));
        assert_eq!(chosen(&all, &write), Some(2));
        all[1].refused_at = Some(Timestamp::UNIX_EPOCH);
        assert_eq!(chosen(&all, &write), Some(1));
    }

    #[test]
    fn a_key_is_to_be_replaced_after_its_days() {
        let key = PhareKey {
            id: PhareKeyId(Uuid::nil()),
            name: String::new(),
            purpose: Purpose::Attached,
            current: secret(1, ScopeKind::Organization, &[], [Read, Read]),
            next: None,
            switched_at: None,
        };
        let days = key.replace_at().duration_since(key.current.added_at);
        assert_eq!(days.as_hours(), REPLACE_DAYS * 24);
    }

    #[test]
    fn the_scope_is_told_by_the_prefix() {
        for (text, kind) in [
            ("pha_org_abc", ScopeKind::Organization),
            ("pha_prj_abc", ScopeKind::Project),
            ("pha_proj_123", ScopeKind::Project),
            ("pha_abc", ScopeKind::Project),
            ("abc", ScopeKind::Organization),
        ] {
            assert_eq!(PhareSecret::kind_of(text), kind, "{text}");
        }
    }

    #[test]
    fn little_of_a_secret_is_shown_and_nothing_of_a_short_one() {
        let shown = PhareSecret::display_of;
        assert_eq!(shown("pha_org_abcdefghijklmnop"), "pha_org_abcd…mnop");
        assert_eq!(
            shown("pha_org_gdn_abcdefghijklmnop"),
            "pha_org_gdn_abcd…mnop"
        );
        assert_eq!(shown("pha_org_a_bcdefghijklmnopqr"), "pha_org_a_bcde…opqr");
        assert_eq!(shown("pha_org_abcdefgh"), "pha_org_…");
        assert_eq!(shown("pha_abc"), "pha_…");
        assert_eq!(shown("0123456789abcdefghij"), "0123…ghij");
        assert_eq!(shown("short"), "…");
        assert_eq!(shown("ééééééééééééééééé"), "éééé…éééé");
        assert_eq!(shown(""), "…");
    }
}
