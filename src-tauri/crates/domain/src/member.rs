//! People.

use std::collections::BTreeSet;

use crate::project::ProjectId;
use crate::role::Role;
use crate::words::id;

id! {
    /// Identifies a member for ever, whatever their mail address becomes.
    MemberId(uuid::Uuid as "string")
}

id! {
    /// Names a session. UUID version 7, so that ids sort by opening.
    SessionId(uuid::Uuid as "string")
}

/// A person with a role in the organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Stays for ever.
    pub id: MemberId,
    /// Lower-case mail address, unique in the organization.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// The projects they are assigned to. Meaningful for a Member; Owner and Admin see all.
    pub projects: BTreeSet<ProjectId>,
    /// When they joined.
    pub created_at: jiff::Timestamp,
}

impl Member {
    /// Whether this person may see keys of `scope`.
    #[must_use]
    pub fn sees(&self, scope: crate::Scope) -> bool {
        self.role.sees_every_key()
            || scope
                .project()
                .is_some_and(|id| self.projects.contains(&id))
    }
}

/// Whose installation it is: the Owner of the longest standing.
pub fn first_owner<'a>(members: impl IntoIterator<Item = &'a Member>) -> Option<&'a Member> {
    let owners = members.into_iter();
    let owners = owners.filter(|member| member.role == Role::Owner);
    owners.min_by_key(|owner| owner.created_at)
}
