//! From what the store keeps to what the management API shows.

use gardien_domain::key::PreviousSecret;
use gardien_domain::{AuditEntry, Member, Operation, Organization, PhareKey, Project, SessionId};
use gardien_store::{KnownGateway, Revision, Session, StoredKey};
use jiff::Timestamp;

use crate::api::{
    AuditView, CouldMake, GatewayLease, GatewayView, KeyView, LastUse, LimitReached, LimitUse,
    LimitsView, MemberView, OpenSession, OperationView, OrganizationView, PhareKeyView,
    ProjectView,
};
use crate::enforcement::LimitReading;

impl KeyView {
    /// The key as it is at `now`.
    pub(crate) fn of(stored: StoredKey, now: Timestamp) -> Self {
        let used = LastUse::of(&stored);
        let StoredKey {
            key,
            project_name,
            created_by,
            ..
        } = stored;
        let status = key.status(now);
        let previous = key.previous();
        let promised = |secret: Option<PreviousSecret>| key.promised(secret?, now);
        let (previous_valid_until, earlier_valid_until) =
            (promised(previous.last), promised(previous.earlier));
        let key = key.into_parts();
        Self {
            id: key.id,
            name: key.name,
            note: key.note,
            scope: key.scope,
            project_name,
            products: key.products,
            share: key.share,
            status,
            display: key.display,
            created_at: key.created_at,
            created_by,
            expires_at: key.expires_at,
            revoked_at: key.revoked.map(|revocation| revocation.at),
            previous_valid_until,
            earlier_valid_until,
            used,
        }
    }
}

impl From<gardien_domain::LastUse> for LastUse {
    fn from(last: gardien_domain::LastUse) -> Self {
        Self {
            last_used_at: Some(last.at),
            last_operation: Some(last.operation),
            last_client: last.client,
            last_address: last.address,
            ..Self::default()
        }
    }
}

impl LastUse {
    pub(crate) fn of(stored: &StoredKey) -> Self {
        Self {
            previous_used_at: stored.previous_used_at,
            earlier_used_at: stored.earlier_used_at,
            ..stored.last_use.clone().map(Self::from).unwrap_or_default()
        }
    }
}

impl ProjectView {
    pub(crate) fn of(project: Project, live_keys: u32) -> Self {
        Self {
            id: project.id,
            slug: project.slug,
            name: project.name,
            live_keys,
            created_at: project.created_at,
        }
    }
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            id: member.id,
            email: member.email,
            role: member.role,
            projects: member.projects.into_iter().collect(),
            created_at: member.created_at,
        }
    }
}

impl OpenSession {
    pub(crate) fn of(session: Session, email: String, current: Option<SessionId>) -> Self {
        Self {
            id: session.id,
            member_id: session.member,
            email,
            created_at: session.created_at,
            expires_at: session.expires_at,
            current: current == Some(session.id),
        }
    }
}

impl From<PhareKey> for PhareKeyView {
    fn from(key: PhareKey) -> Self {
        let replace_at = key.replace_at();
        let PhareKey {
            id,
            name,
            purpose,
            current,
            next,
            switched_at,
        } = key;
        Self {
            id,
            name,
            purpose,
            current,
            next,
            switched_at,
            replace_at,
        }
    }
}

impl From<Organization> for OrganizationView {
    fn from(organization: Organization) -> Self {
        Self {
            name: organization.name,
            calls_per_minute: organization.calls_per_minute,
            at_limit: organization.at_limit,
            burst: organization.burst,
            longest_wait_seconds: organization.longest_wait_seconds,
            cache_seconds: organization.cache_seconds,
        }
    }
}

impl LimitsView {
    pub(crate) fn of(
        organization: &Organization,
        limits: LimitReading,
        reached: Option<LimitReached>,
        by_key: Vec<LimitUse>,
    ) -> Self {
        Self {
            calls_per_minute: organization.calls_per_minute,
            at_limit: organization.at_limit,
            pace: limits.pace,
            used: limits.used,
            remaining: limits.remaining,
            waiting: limits.waiting,
            saved: limits.saved,
            reset_seconds: limits.reset_seconds,
            hold: limits.hold,
            direct: limits.direct,
            reached,
            by_key,
        }
    }
}

impl GatewayView {
    /// The gateway beside the newest change that anybody made.
    pub(crate) fn of(known: KnownGateway, holds: bool, newest: Revision) -> Self {
        let KnownGateway {
            gateway,
            revision,
            seen_at,
            ..
        } = known;
        Self {
            id: gateway.id,
            name: gateway.name,
            address: gateway.address,
            version: gateway.version,
            revision: revision.0,
            lag: newest.0.saturating_sub(revision.0),
            lease: if holds {
                GatewayLease::Held
            } else {
                GatewayLease::Ended
            },
            seen_at,
        }
    }
}

impl CouldMake {
    /// `None` of a time that no clock shows.
    pub(crate) fn of(could: gardien_domain::what_if::CouldMake) -> Option<Self> {
        let began = i64::try_from(could.began).ok()?;
        Some(Self {
            wanted: could.wanted,
            made: could.made,
            at: Timestamp::from_millisecond(began).ok()?,
        })
    }
}

impl From<&Operation> for OperationView {
    fn from(operation: &Operation) -> Self {
        Self {
            id: operation.id.to_owned(),
            method: operation.method,
            path: operation.path.to_owned(),
            product: operation.product,
            access: operation.access(),
            project_header: operation.project_header,
            manages_projects: operation.manages_projects(),
            summary: operation.summary.to_owned(),
            doing: operation.doing.to_owned(),
            group: operation.group.to_owned(),
        }
    }
}

impl AuditView {
    pub(crate) fn of(entry: AuditEntry, subject_name: Option<String>) -> Self {
        Self {
            sequence: entry.sequence,
            at: entry.record.at,
            actor: entry.record.actor,
            action: entry.record.action.to_string(),
            subject: entry.record.subject,
            subject_name,
            detail: serde_json::from_str(&entry.record.detail).unwrap_or_default(),
            hash: entry
                .hash
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        }
    }
}
