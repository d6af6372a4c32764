//! Sessions with the management API. A token is shown once; only its digest is kept.

use gardien_domain::audit::{AuditAction, AuditRecord};
use gardien_domain::find::{SESSION_PREFIX, SESSION_RANDOM};
use gardien_domain::secret::push_base62;
use gardien_domain::{MemberId, Organization, Role, SecretDigest};
use gardien_store::{Change, Session, Store};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::api::SessionView;
use crate::authority::{SYSTEM, new_member};
use crate::changing::{Changing, repeat};
use crate::{Actor, Authority, Fault, check};

/// For how long a session is accepted.
const DAYS: i64 = 30;

impl Authority {
    /// The actor behind a session token.
    ///
    /// # Errors
    /// [`Fault::Unauthenticated`] for any token that is not accepted, or [`Fault::Store`].
    pub async fn identify(&self, token: &str) -> Result<Actor, Fault> {
        let session = self.store.session(&digest(token)).await?;
        let session = session.ok_or(Fault::Unauthenticated)?;
        if session.expires_at <= self.now() {
            return Err(Fault::Unauthenticated);
        }
        self.actor(session.member).await
    }

    /// The actor for a member who is known to be the one who asks.
    ///
    /// # Errors
    /// [`Fault::Unauthenticated`] when there is no such member any more, or [`Fault::Store`].
    pub async fn actor(&self, member: MemberId) -> Result<Actor, Fault> {
        let member = self.store.member(member).await?;
        member.map(Actor::new).ok_or(Fault::Unauthenticated)
    }

    pub(crate) async fn session_view(&self, actor: &Actor) -> Result<SessionView, Fault> {
        let organization = self.store.organization().await?.ok_or(Fault::NotFounded)?;
        let members = self.store.members().await?;
        let ask = members
            .into_iter()
            .filter(|member| member.role.may_manage_keys())
            .map(|member| member.email)
            .collect();
        Ok(SessionView {
            member: actor.member().clone().into(),
            organization: organization.name,
            rights: actor.rights(),
            ask,
            gateway: self.announced(),
        })
    }
}

/// Opens a session for the member with this mail address, and makes the member, and the organization, where
/// there is none. Whoever can read the data folder may do this: it is how the first Owner comes in.
///
/// # Errors
/// [`Fault::Invalid`] for a mail address that is none, [`Fault::Store`], [`Fault::Entropy`].
pub async fn issue_session(
    store: &dyn Store,
    email: &str,
    role: Role,
    now: Timestamp,
) -> Result<SecretString, Fault> {
    let email = check::email(email)?;
    let record = |action, subject: String, detail: serde_json::Value| AuditRecord {
        at: now,
        actor: SYSTEM.to_owned(),
        action,
        subject,
        detail: detail.to_string(),
    };
    let changing = &mut Changing::begin(store).await;
    repeat!(changing, {
        if store.organization().await?.is_none() {
            let organization = Organization::named("Organization".to_owned());
            let detail = json!({ "name": organization.name });
            let record = record(AuditAction::OrganizationCreated, String::new(), detail);
            changing
                .commit(&[Change::PutOrganization(organization)], record)
                .await?;
        }
        let member = match store.member_by_email(&email).await? {
            Some(member) if member.role == role => member,
            Some(member) => {
                return Err(Fault::field(
                    "role",
                    format!("{email} is {} here, not {role}.", member.role),
                ));
            }
            None => {
                let member = new_member(email.clone(), role, now);
                let detail = json!({ "name": member.email, "role": role });
                let record = record(AuditAction::MemberCreated, member.id.to_string(), detail);
                changing
                    .commit(&[Change::PutMember(member.clone())], record)
                    .await?;
                member
            }
        };
        let mut token = String::with_capacity(SESSION_PREFIX.len() + SESSION_RANDOM);
        token.push_str(SESSION_PREFIX);
        push_base62(&mut token, SESSION_RANDOM, getrandom::fill)?;
        let session = Session {
            digest: digest(&token),
            member: member.id,
            created_at: now,
            expires_at: now + SignedDuration::from_hours(24 * DAYS),
        };
        let detail = json!({ "name": member.email, "expires_at": session.expires_at });
        let record = record(AuditAction::SessionCreated, member.id.to_string(), detail);
        changing
            .commit(&[Change::PutSession(session)], record)
            .await?;
        Ok(token.into())
    })
}

/// What is kept and looked up instead of the token. It has 256 bits of entropy, so a slow hash buys nothing.
fn digest(token: &str) -> SecretDigest {
    SecretDigest(Sha256::digest(token.as_bytes()).into())
}
