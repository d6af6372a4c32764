//! Sessions with the management API. A token is shown once; only its digest is kept.

use std::collections::HashMap;

use gardien_domain::audit::{AuditAction, AuditRecord};
use gardien_domain::find::{SESSION_PREFIX, SESSION_RANDOM};
use gardien_domain::secret::push_base62;
use gardien_domain::{Member, MemberId, Organization, Role, SecretDigest, SessionId};
use gardien_store::{Change, Session, Store};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::api::{OpenSession, SessionView};
use crate::authority::{SYSTEM, new_member};
use crate::changing::{Changing, repeat};
use crate::{Actor, Authority, Fault, System, check};

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
        let member = self.store.member(session.member).await?;
        let member = member.ok_or(Fault::Unauthenticated)?;
        Ok(Actor::new(member, Some(session)))
    }

    /// The actor for a member who is known to be the one who asks.
    ///
    /// # Errors
    /// [`Fault::Unauthenticated`] when there is no such member any more, or [`Fault::Store`].
    pub async fn actor(&self, member: MemberId) -> Result<Actor, Fault> {
        let member = self.store.member(member).await?;
        let member = member.ok_or(Fault::Unauthenticated)?;
        Ok(Actor::new(member, None))
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

    /// The sessions that are accepted, newest first: everybody's for whoever manages the organization, else one's own.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn sessions(&self, actor: &Actor) -> Result<Vec<OpenSession>, Fault> {
        let current = actor.session().map(|session| session.id);
        let accepted = accepted(&*self.store, self.now()).await?.into_iter();
        let seen = accepted.filter(|(session, _)| actor.sees_session(session));
        Ok(seen
            .map(|(session, email)| OpenSession::of(session, email, current))
            .collect())
    }

    /// Ends a session: one's own, or that of somebody whom one may remove. No request that starts after this
    /// returned is let in by it.
    ///
    /// # Errors
    /// [`Fault::NotFound`] when there is none that the actor sees, [`Fault::OwnersOnly`], or [`Fault::Store`].
    pub async fn end_session(&self, actor: &Actor, id: SessionId) -> Result<(), Fault> {
        let changing = &mut self.changing().await;
        repeat!(changing, {
            let sessions = self.store.sessions().await?;
            let named = |it: &&Session| it.id == id && actor.sees_session(it);
            let session = sessions.iter().find(named);
            let session = session.ok_or(Fault::NotFound { what: "session" })?;
            let member = self.store.member(session.member).await?;
            if member
                .as_ref()
                .is_some_and(|of| !actor.may_end_session_of(of))
            {
                let what = "end the sessions of Owners and Admins";
                return Err(Fault::OwnersOnly { what });
            }
            let detail = ended(session, member);
            let changes = [Change::DeleteSession(id)];
            self.change(
                changing,
                actor,
                &changes,
                AuditAction::SessionEnded,
                session.member,
                &detail,
            )
            .await
        })
    }
}

/// The sessions that are accepted, newest first, with the mail address of each one's member.
pub(crate) async fn accepted(
    store: &dyn Store,
    now: Timestamp,
) -> Result<Vec<(Session, String)>, Fault> {
    let members = store.members().await?.into_iter();
    let emails: HashMap<MemberId, String> = members.map(|it| (it.id, it.email)).collect();
    let sessions = store.sessions().await?.into_iter();
    let open = sessions.filter(|session| session.expires_at > now);
    Ok(open
        .filter_map(|session| Some((session.clone(), emails.get(&session.member)?.clone())))
        .collect())
}

/// What the audit trail has of a session that was ended.
pub(crate) fn ended(session: &Session, member: Option<Member>) -> Value {
    json!({
        "name": member.map(|member| member.email),
        "session": session.id,
        "created_at": session.created_at,
    })
}

/// Opens a session for the member with this mail address, and makes the member, and the organization, where
/// there is none: all of it in one commit, with one entry for the most that was made. Whoever can read the data folder
/// may do this: it is how the first Owner comes in. Sessions that have expired are forgotten.
///
/// # Errors
/// [`Fault::Invalid`] for a mail address that is none, [`Fault::Store`], [`Fault::Entropy`].
pub async fn issue_session(
    _: System,
    store: &dyn Store,
    email: &str,
    role: Role,
    now: Timestamp,
) -> Result<SecretString, Fault> {
    let email = check::email(email)?;
    let changing = &mut Changing::begin(store).await;
    repeat!(changing, {
        let mut changes = vec![Change::DeleteExpiredSessions(now)];
        let mut detail = Map::new();
        let mut action = AuditAction::SessionCreated;
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
                changes.push(Change::PutMember(member.clone()));
                detail.insert("role".to_owned(), json!(role));
                action = AuditAction::MemberCreated;
                member
            }
        };
        let (mut name, mut subject) = (member.email.clone(), member.id.to_string());
        if store.organization().await?.is_none() {
            let organization = Organization::named("Organization".to_owned());
            detail.insert("member".to_owned(), json!(name));
            (name, subject) = (organization.name.clone(), String::new());
            changes.push(Change::PutOrganization(organization));
            action = AuditAction::OrganizationCreated;
        }
        let token = new_token()?;
        let session = Session {
            id: SessionId(Uuid::now_v7()),
            digest: digest(&token),
            member: member.id,
            created_at: now,
            expires_at: now + SignedDuration::from_hours(24 * DAYS),
        };
        detail.insert("name".to_owned(), json!(name));
        detail.insert("session".to_owned(), json!(session.id));
        detail.insert("expires_at".to_owned(), json!(session.expires_at));
        changes.push(Change::PutSession(session));
        let record = AuditRecord {
            at: now,
            actor: SYSTEM.to_owned(),
            action,
            subject,
            detail: json!(detail).to_string(),
        };
        changing.commit(&changes, record).await?;
        Ok(token.into())
    })
}

fn new_token() -> Result<String, Fault> {
    let mut token = String::with_capacity(SESSION_PREFIX.len() + SESSION_RANDOM);
    token.push_str(SESSION_PREFIX);
    push_base62(&mut token, SESSION_RANDOM, getrandom::fill)?;
    Ok(token)
}

/// What is kept and looked up instead of the token. It has 256 bits of entropy, so a slow hash buys nothing.
fn digest(token: &str) -> SecretDigest {
    SecretDigest(Sha256::digest(token.as_bytes()).into())
}
