//! What whoever can write the data folder may do without a session, beside a running server too: the folder is the
//! proof. The server takes it in as whatever another process records, within a second or two.

use gardien_domain::audit::{AuditAction, AuditRecord};
use gardien_domain::key::Revocation;
use gardien_domain::member::first_owner;
use gardien_domain::{KeyFilter, KeyId, KeyOrder, Member, MemberId, SessionId};
use gardien_store::{Change, Store};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::{KeysOfRemoved, OpenSession};
use crate::authority::SYSTEM;
use crate::changing::{Changing, repeat};
use crate::{Fault, System, sessions};

/// The sessions that are accepted, newest first.
///
/// # Errors
/// [`Fault::Store`].
pub async fn open_sessions(
    _: System,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Vec<OpenSession>, Fault> {
    let accepted = sessions::accepted(store, now).await?.into_iter();
    Ok(accepted
        .map(|(session, email)| OpenSession::of(session, email, None))
        .collect())
}

/// Ends a session. Nobody is let in by it once this has returned: a server looks at each request.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::Store`].
pub async fn end_session(
    _: System,
    store: &dyn Store,
    id: SessionId,
    now: Timestamp,
) -> Result<(), Fault> {
    let changing = &mut Changing::begin(store).await;
    repeat!(changing, {
        let session = store.sessions().await?.into_iter().find(|it| it.id == id);
        let session = session.ok_or(Fault::NotFound { what: "session" })?;
        let member = store.member(session.member).await?;
        let detail = sessions::ended(&session, member);
        let subject = session.member.to_string();
        let record = record(AuditAction::SessionEnded, subject, &detail, now);
        changing
            .commit(&[Change::DeleteSession(id)], record)
            .await?;
        Ok(())
    })
}

/// Removes the member with this mail address and ends their sessions; the keys that they made are revoked if asked for.
/// A running server refuses those once it has followed.
///
/// # Errors
/// [`Fault::NotFound`], [`Fault::LastOwner`], [`Fault::Store`]. Some keys may be revoked by then.
pub async fn remove_member(
    _: System,
    store: &dyn Store,
    email: &str,
    keys: KeysOfRemoved,
    now: Timestamp,
) -> Result<(), Fault> {
    // Not checked: whoever was made a member with an address that is refused by now can still be named.
    let email = email.trim().to_lowercase();
    let (member, by) = removable(store, &email).await?;
    let id = member.id;
    let revoked = revoke_if_asked(store, keys, id, Revocation { at: now, by }).await?;
    let changing = &mut Changing::begin(store).await;
    repeat!(changing, {
        let (member, _) = removable(store, &email).await?;
        if member.id != id {
            return Err(Fault::NotFound { what: "member" });
        }
        let detail = json!({ "name": email, "role": member.role, "revoked_keys": revoked });
        let record = record(AuditAction::MemberRemoved, id.to_string(), &detail, now);
        changing
            .commit(&[Change::RemoveMember(id, now)], record)
            .await?;
        Ok(())
    })?;
    // What they made meanwhile.
    revoke_if_asked(store, keys, id, Revocation { at: now, by }).await?;
    Ok(())
}

/// The member, and in whose name their keys are revoked: nobody acts, so it is whose installation it is.
async fn removable(store: &dyn Store, email: &str) -> Result<(Member, MemberId), Fault> {
    let members = store.members().await?;
    let member = members.iter().find(|member| member.email == email);
    let member = member.ok_or(Fault::NotFound { what: "member" })?;
    let (member, mut others) = (member.clone(), members);
    others.retain(|other| other.id != member.id);
    let by = first_owner(&others).ok_or(Fault::LastOwner)?.id;
    Ok((member, by))
}

/// Answers with the names of the keys.
async fn revoke_if_asked(
    store: &dyn Store,
    keys: KeysOfRemoved,
    member: MemberId,
    revocation: Revocation,
) -> Result<Vec<String>, Fault> {
    if keys == KeysOfRemoved::Keep {
        return Ok(Vec::new());
    }
    let filter = KeyFilter {
        created_by: Some(member),
        live: true,
        ..KeyFilter::default()
    };
    let made = store
        .keys(&filter, revocation.at, KeyOrder::default(), None, u32::MAX)
        .await?;
    let mut names = Vec::with_capacity(made.rows.len());
    for row in made.rows {
        revoke(store, row.key.id(), revocation).await?;
        names.push(row.key.name().to_owned());
    }
    Ok(names)
}

async fn revoke(store: &dyn Store, id: KeyId, revocation: Revocation) -> Result<(), Fault> {
    let changing = &mut Changing::begin(store).await;
    repeat!(changing, {
        let stored = store.key(id).await?;
        let mut key = stored.ok_or(Fault::NotFound { what: "key" })?.key;
        if key.revoked().is_some() {
            return Ok(());
        }
        key.revoke(revocation);
        let detail = json!({ "name": key.name(), "display": key.display() });
        let record = record(
            AuditAction::KeyRevoked,
            id.to_string(),
            &detail,
            revocation.at,
        );
        changing.commit(&[Change::PutKey(key)], record).await?;
        Ok(())
    })
}

fn record(action: AuditAction, subject: String, detail: &Value, at: Timestamp) -> AuditRecord {
    AuditRecord {
        at,
        actor: SYSTEM.to_owned(),
        action,
        subject,
        detail: detail.to_string(),
    }
}
