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

impl std::str::FromStr for SessionId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
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
