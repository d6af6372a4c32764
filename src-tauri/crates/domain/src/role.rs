//! Roles of members and what each may do. Roles have no order: every right is asked for by name.

use crate::words::words;

words! {
    /// What a member is in the organization.
    Role { Owner = "owner", Admin = "admin", Member = "member" }
}

impl Role {
    /// Create, change, rotate, revoke keys.
    #[must_use]
    pub const fn may_manage_keys(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// See the keys of every project and of the organization; others see those of their projects.
    #[must_use]
    pub const fn sees_every_key(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// Create projects. Every member may.
    #[must_use]
    pub const fn may_create_projects(self) -> bool {
        true
    }

    /// Rename and delete projects; deleting one takes its keys with it.
    #[must_use]
    pub const fn may_manage_projects(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// Change the organization's name and limits.
    #[must_use]
    pub const fn may_manage_organization(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// Read the audit trail.
    #[must_use]
    pub const fn may_read_audit(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// Delete the organization.
    #[must_use]
    pub const fn may_delete_organization(self) -> bool {
        matches!(self, Self::Owner)
    }

    /// Whether this role may add a member with role `new`.
    #[must_use]
    pub const fn may_invite(self, new: Self) -> bool {
        match self {
            Self::Owner => true,
            Self::Admin => matches!(new, Self::Admin | Self::Member),
            Self::Member => matches!(new, Self::Member),
        }
    }

    /// Whether this role may remove a member with role `other`. It takes more away than any change of role, so only an
    /// Owner removes Admins and Owners.
    #[must_use]
    pub const fn may_remove(self, other: Self) -> bool {
        match self {
            Self::Owner => true,
            Self::Admin => matches!(other, Self::Member),
            Self::Member => false,
        }
    }

    /// Whether this role may change another member's role. Only an Owner demotes an Admin or touches an Owner.
    #[must_use]
    pub const fn may_change_role(self, from: Self, to: Self) -> bool {
        match self {
            Self::Owner => true,
            Self::Admin => matches!(
                (from, to),
                (Self::Member, Self::Admin | Self::Member) | (Self::Admin, Self::Admin)
            ),
            Self::Member => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Role::{self, Admin, Member, Owner};

    #[test]
    fn rule_1_only_owner_and_admin_manage_keys() {
        assert!(Owner.may_manage_keys() && Admin.may_manage_keys() && !Member.may_manage_keys());
        assert!(
            !Member.sees_every_key() && !Member.may_read_audit() && !Member.may_manage_projects()
        );
        assert!(!Member.may_manage_organization());
    }

    #[test]
    fn rule_1_owner_alone_deletes_the_organization_and_demotes_admins() {
        for role in Role::ALL {
            assert_eq!(role.may_delete_organization(), *role == Owner);
            assert_eq!(role.may_change_role(Admin, Member), *role == Owner);
            for to in Role::ALL {
                assert_eq!(role.may_change_role(Owner, *to), *role == Owner);
            }
        }
    }

    #[test]
    fn rule_1_removing_somebody_takes_no_less_than_demoting_them() {
        for role in Role::ALL {
            for other in Role::ALL {
                let may = *role == Owner || (*role == Admin && *other == Member);
                assert_eq!(role.may_remove(*other), may, "{role} {other}");
            }
        }
    }

    #[test]
    fn rule_1_admin_promotes_to_admin_and_member_invites_members() {
        assert!(Admin.may_change_role(Member, Admin) && !Admin.may_change_role(Member, Owner));
        assert!(Admin.may_invite(Admin) && !Admin.may_invite(Owner));
        assert!(
            Member.may_invite(Member) && !Member.may_invite(Admin) && !Member.may_invite(Owner)
        );
        assert!(Role::ALL.iter().all(|role| role.may_create_projects()));
    }
}
