//! Who asks, and what they may do, as values: a use case takes the value, so its check cannot be forgotten. Lists that
//! everybody may ask for take the [`Actor`], and what nobody asks for takes the [`System`].

use gardien_domain::{Member, Role};
use gardien_store::Session;

use crate::Fault;
use crate::api::Rights;

/// A member whose session was accepted.
#[derive(Debug, Clone)]
pub struct Actor {
    member: Member,
    /// None of somebody within this process, who needs none.
    session: Option<Session>,
}

/// The system itself as the one who acts, and why no member does. Made where the process is put together, or where it
/// works by itself; whatever a member asked for takes the proof of that member.
#[derive(Debug, Clone, Copy)]
pub struct System {
    why: &'static str,
}

impl System {
    /// The system, for this reason.
    #[must_use]
    pub const fn because(why: &'static str) -> Self {
        Self { why }
    }

    /// Why no member acts.
    #[must_use]
    pub const fn why(self) -> &'static str {
        self.why
    }
}

/// Who acts where both may: a member with proof, or the system.
#[derive(Debug, Clone, Copy)]
pub enum By<P> {
    /// A member who may.
    Member(P),
    /// Nobody asked.
    System(System),
}

/// Declares a proof that an actor may do something, and the one way to get it.
macro_rules! right {
    ($(#[$doc:meta])* $proof:ident, $ask:ident, $rule:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $proof<'a>(&'a Actor);

        impl<'a> $proof<'a> {
            /// Who holds it.
            #[must_use]
            pub fn actor(self) -> &'a Actor {
                self.0
            }
        }

        impl Actor {
            $(#[$doc])*
            ///
            /// # Errors
            /// [`Fault::Forbidden`] when the role does not allow it.
            pub fn $ask(&self) -> Result<$proof<'_>, Fault> {
                if self.member.role.$rule() {
                    Ok($proof(self))
                } else {
                    Err(Fault::Forbidden { what: $what })
                }
            }
        }
    };
}

right!(
    /// May create, change, rotate, revoke keys.
    KeyManager, manage_keys, may_manage_keys, "create, change or revoke API keys"
);
right!(
    /// May attach, replace, keep and detach Phare's own keys, and see which there are.
    PhareKeyManager, manage_phare_keys, may_manage_keys, "see or change Phare's own keys"
);
right!(
    /// May create projects.
    ProjectCreator, create_projects, may_create_projects, "create projects"
);
right!(
    /// May rename and delete projects.
    ProjectManager, manage_projects, may_manage_projects, "rename or delete projects"
);
right!(
    /// May change the organization, and which projects a member is assigned to.
    OrganizationManager, manage_organization, may_manage_organization, "change the organization"
);
right!(
    /// May read the audit trail.
    Auditor, read_audit, may_read_audit, "read the audit trail"
);

impl Actor {
    /// The actor behind an accepted session, or known to be the one who asks.
    pub(crate) fn new(member: Member, session: Option<Session>) -> Self {
        Self { member, session }
    }

    /// What they act with.
    pub(crate) fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// The member.
    #[must_use]
    pub fn member(&self) -> &Member {
        &self.member
    }

    /// Whether they see every key, or only those of their projects.
    pub(crate) fn sees_every_key(&self) -> bool {
        self.member.role.sees_every_key()
    }

    /// Whether they may change a member's role.
    pub(crate) fn may_change_role(&self, from: Role, to: Role) -> bool {
        self.member.role.may_change_role(from, to)
    }

    /// Whether they may remove this member.
    pub(crate) fn may_remove(&self, other: &Member) -> bool {
        self.member.role.may_remove(other.role)
    }

    /// Whether they see this session.
    pub(crate) fn sees_session(&self, session: &Session) -> bool {
        session.member == self.member.id || self.member.role.may_manage_organization()
    }

    /// Whether they may end a session of this member. To end all of somebody's is to shut them out.
    pub(crate) fn may_end_session_of(&self, other: &Member) -> bool {
        other.id == self.member.id || self.may_remove(other)
    }

    /// What they may do, for the interface to show.
    pub(crate) fn rights(&self) -> Rights {
        let role = self.member.role;
        Rights {
            manage_keys: role.may_manage_keys(),
            create_projects: role.may_create_projects(),
            manage_projects: role.may_manage_projects(),
            manage_organization: role.may_manage_organization(),
            read_audit: role.may_read_audit(),
        }
    }
}
