//! What speaks against a secret of Phare's.

use std::collections::BTreeSet;

use gardien_domain::phare_key::Purpose;
use gardien_domain::{Access, PhareKey, PhareSecret, Product, ProjectId, ScopeKind};

use crate::check::Checks;

/// What a secret lacks that cannot be called with.
const NO_PROJECT: &str = "Gardien cannot tell which project this key works in. Give it Platform: Read in Phare’s panel, or add a \
     monitor to its project.";
const NO_PROJECTS: &str = "This key cannot list the projects of its organization. Give it Platform: Read in Phare’s panel.";

/// What a secret lacks for its purpose, beside the field that it is pasted into.
pub(crate) fn refuse_unfit(
    secret: &PhareSecret,
    purpose: Purpose,
    known: &[PhareKey],
    checks: &mut Checks,
) {
    let same = known
        .iter()
        .find(|key| key.secrets().any(|other| looks_alike(other, secret)));
    if let Some(key) = same {
        checks.refuse(
            "key",
            format!("Gardien has this key already: {}.", key.name),
        );
    }
    if secret.display.ends_with('…') {
        checks.refuse("key", "This is too short to be a key of Phare’s.");
    }
    if purpose == Purpose::Attached {
        if let Some(key) = known.iter().find(|key| is_of_another(key, secret)) {
            checks.refuse(
                "key",
                format!(
                    "This key belongs to another organization than {}.",
                    key.name
                ),
            );
        }
        match secret.kind {
            ScopeKind::Project if secret.project().is_none() => checks.refuse("key", NO_PROJECT),
            ScopeKind::Organization if !sees_projects(secret) => checks.refuse("key", NO_PROJECTS),
            _ => {}
        }
    }
}

/// Whether two organizations' keys have no project in common. Each call goes out with one of them, whoever's it is.
fn is_of_another(key: &PhareKey, secret: &PhareSecret) -> bool {
    let seen = |secret: &PhareSecret| -> BTreeSet<ProjectId> {
        let found = secret.findings.iter().flat_map(|found| &found.projects);
        found.map(|project| project.id).collect()
    };
    let (theirs, ours) = (seen(&key.current), seen(secret));
    key.purpose == Purpose::Attached
        && [key.current.kind, secret.kind] == [ScopeKind::Organization; 2]
        && !theirs.is_empty()
        && !ours.is_empty()
        && theirs.is_disjoint(&ours)
}

/// Whether it was seen to list projects, even where what else it may do could not be told.
fn sees_projects(secret: &PhareSecret) -> bool {
    let reads = secret
        .scope(Product::Platform)
        .is_some_and(|scope| scope.allows(Access::Read));
    let found = secret.findings.as_ref();
    reads || found.is_some_and(|found| !found.projects.is_empty())
}

/// Two secrets that show the same four and four letters are the same but for one in 62 to the eighth. Those that are
/// too short to show them are not taken.
pub(crate) fn looks_alike(one: &PhareSecret, other: &PhareSecret) -> bool {
    one.display == other.display
}
