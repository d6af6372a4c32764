//! Sessions and members come and go.

use std::sync::atomic::Ordering;

use gardien_authority::api::{KeyQuery, KeysOfRemoved};
use gardien_authority::{Actor, Fault, TheirKeys, command_line, issue_session};
use gardien_domain::{AuditFilter, KeyStatus, Member, MemberId, Role, SessionId};
use gardien_store::{Change, Store};
use jiff::Timestamp;

use crate::world::{World, new_key, system, system_record};

async fn end(world: &World, by: &Actor, id: SessionId) -> Result<(), Fault> {
    world.authority.end_session(by, id).await
}

async fn remove(world: &World, by: &Actor, id: MemberId, keys: TheirKeys<'_>) -> Result<(), Fault> {
    let manager = by.manage_organization()?;
    world.authority.remove_member(manager, id, keys).await
}

/// The newest entry: what was done, to what, and the detail.
async fn last_entry(world: &World) -> (String, String, serde_json::Value) {
    let entries = world.store.audit(&AuditFilter::default(), None, 1).await;
    let [entry] = entries.unwrap().try_into().unwrap();
    let detail = serde_json::from_str(&entry.record.detail).unwrap();
    let action = entry.record.action.to_string();
    (action, entry.record.subject, detail)
}

#[tokio::test]
async fn the_first_owner_the_organization_and_the_session_are_one_commit() {
    let folder = tempfile::tempdir().unwrap();
    let store = gardien_store::Sqlite::open(&folder.path().join("gardien.db")).await;
    let store = store.unwrap();
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    issue_session(system(), &store, "ada@example.com", Role::Owner, now)
        .await
        .unwrap();
    let entries = store.audit(&AuditFilter::default(), None, 10).await;
    let [entry] = entries.unwrap().try_into().unwrap();
    assert_eq!(entry.record.action.as_str(), "organization.created");
    let detail: serde_json::Value = serde_json::from_str(&entry.record.detail).unwrap();
    let [session] = store.sessions().await.unwrap().try_into().unwrap();
    assert_eq!(detail["member"], "ada@example.com");
    assert_eq!(detail["role"], "owner");
    assert_eq!(detail["session"], session.id.to_string());
    let [ada] = store.members().await.unwrap().try_into().unwrap();
    assert_eq!(session.member, ada.id);
    assert!(store.organization().await.unwrap().is_some());

    for (email, action) in [
        ("bob@example.com", "member.created"),
        ("ada@example.com", "session.created"),
    ] {
        issue_session(system(), &store, email, Role::Owner, now)
            .await
            .unwrap();
        let entries = store.audit(&AuditFilter::default(), None, 1).await.unwrap();
        assert_eq!(entries[0].record.action.as_str(), action);
    }
    assert_eq!(store.verify_audit().await.unwrap(), Ok(3));
}

#[tokio::test]
async fn a_session_that_was_ended_is_refused_at_once_and_changes_nothing_more() {
    let world = World::new().await;
    let (bob, token) = world.someone("bob@example.com", Role::Admin).await;
    let proof = bob.manage_keys().unwrap();
    let sessions = world.authority.sessions(&bob).await.unwrap();
    let [session] = sessions.try_into().unwrap();
    assert!(session.current && session.email == "bob@example.com");
    end(&world, &world.owner, session.id).await.unwrap();

    let refused = world.authority.identify(&token).await;
    assert!(matches!(refused, Err(Fault::Unauthenticated)));
    // The head of this request came before, its body after.
    let late = world.authority.create_key(proof, new_key()).await;
    assert!(matches!(late, Err(Fault::Unauthenticated)), "{late:?}");
    let (action, subject, detail) = last_entry(&world).await;
    assert_eq!(action, "session.ended");
    assert_eq!(subject, bob.member().id.to_string());
    assert_eq!(detail["name"], "bob@example.com");
    assert_eq!(detail["session"], session.id.to_string());
    let again = end(&world, &world.owner, session.id).await;
    assert!(matches!(again, Err(Fault::NotFound { .. })));
}

#[tokio::test]
async fn an_admin_shuts_out_no_owner_and_no_other_admin() {
    let world = World::new().await;
    let (bob, _) = world.someone("bob@example.com", Role::Admin).await;
    for (email, role) in [
        ("eve@example.com", Role::Owner),
        ("cat@example.com", Role::Admin),
    ] {
        let (_, token) = world.someone(email, role).await;
        let sessions = world.authority.sessions(&bob).await.unwrap();
        let theirs = sessions.iter().find(|session| session.email == email);
        let refused = end(&world, &bob, theirs.unwrap().id).await;
        assert!(
            matches!(refused, Err(Fault::OwnersOnly { .. })),
            "{refused:?}"
        );
        assert!(world.authority.identify(&token).await.is_ok());
    }
    let sessions = world.authority.sessions(&bob).await.unwrap();
    let own = sessions.iter().find(|session| session.current);
    end(&world, &bob, own.unwrap().id).await.unwrap();
}

#[tokio::test]
async fn a_member_sees_and_ends_their_own_sessions_only() {
    let world = World::new().await;
    let (mel, _) = world.someone("mel@example.com", Role::Member).await;
    let (bob, _) = world.someone("bob@example.com", Role::Admin).await;
    let [hers] = world
        .authority
        .sessions(&mel)
        .await
        .unwrap()
        .try_into()
        .unwrap();
    let all = world.authority.sessions(&bob).await.unwrap();
    let emails: Vec<_> = all.iter().map(|it| it.email.as_str()).collect();
    assert_eq!(emails, ["bob@example.com", "mel@example.com"]);
    let current: Vec<_> = all.iter().map(|it| it.current).collect();
    assert_eq!(current, [true, false]);

    let others = end(&world, &mel, all[0].id).await;
    assert!(matches!(others, Err(Fault::NotFound { .. })));
    end(&world, &mel, hers.id).await.unwrap();
    assert_eq!(world.authority.sessions(&bob).await.unwrap().len(), 1);
}

#[tokio::test]
async fn expired_sessions_are_not_listed_and_go_when_a_new_one_is_opened() {
    let world = World::new().await;
    world.someone("bob@example.com", Role::Admin).await;
    world.later(30 * 24 * 60 * 60);
    let open = world.authority.sessions(&world.owner).await.unwrap();
    assert_eq!(open, []);
    assert_eq!(world.store.sessions().await.unwrap().len(), 1);
    let entries = world.actions().await.len();
    let (mel, _) = world.someone("mel@example.com", Role::Member).await;
    let [left] = world.store.sessions().await.unwrap().try_into().unwrap();
    assert_eq!(left.member, mel.member().id);
    assert_eq!(world.actions().await.len(), entries + 1, "one commit");
}

#[tokio::test]
async fn a_removed_member_is_out_and_their_keys_work_on_or_do_not() {
    for revoked in [false, true] {
        let world = World::new().await;
        let (bob, token) = world.someone("bob@example.com", Role::Admin).await;
        let manager = bob.manage_keys().unwrap();
        let made = world.authority.create_key(manager, new_key()).await;
        let made = made.unwrap().key.id;
        let (other, _) = world.key().await;
        let query = KeyQuery {
            created_by: Some(bob.member().id),
            ..KeyQuery::default()
        };
        let theirs = world.authority.keys(&world.owner, query).await.unwrap();
        assert_eq!((theirs.total, theirs.data[0].id), (1, made));

        let keys = match revoked {
            true => TheirKeys::Revoke(world.owner.manage_keys().unwrap()),
            false => TheirKeys::Keep,
        };
        let entries = world.actions().await.len();
        remove(&world, &world.owner, bob.member().id, keys)
            .await
            .unwrap();
        let done = &world.actions().await[entries..];
        let expected: &[&str] = if revoked {
            &["key.revoked", "member.removed"]
        } else {
            &["member.removed"]
        };
        assert_eq!(done, expected, "the sessions go with the member");
        let refused = world.authority.identify(&token).await;
        assert!(matches!(refused, Err(Fault::Unauthenticated)));
        let late = world.authority.create_key(manager, new_key()).await;
        assert!(matches!(late, Err(Fault::Unauthenticated)), "{late:?}");
        assert_eq!(world.store.sessions().await.unwrap(), []);

        let key = world.authority.key(&world.owner, made).await.unwrap();
        assert_eq!(key.created_by, "bob@example.com");
        assert_eq!(key.status == KeyStatus::Revoked, revoked);
        assert_eq!(world.told.last(made).revoked().is_some(), revoked);
        assert_eq!(world.told.last(other).revoked(), None);
        let (action, subject, detail) = last_entry(&world).await;
        assert_eq!(action, "member.removed");
        assert_eq!(subject, bob.member().id.to_string());
        let names = if revoked { vec!["Grafana"] } else { vec![] };
        assert_eq!(detail["revoked_keys"], serde_json::json!(names));

        // The trail still knows the name, and the address may come again as somebody else.
        let trail = world.authority.audit(
            world.owner.read_audit().unwrap(),
            gardien_authority::api::AuditQuery::default(),
        );
        let named = trail.await.unwrap().data[0].subject_name.clone();
        assert_eq!(named.as_deref(), Some("bob@example.com"));
        let (again, _) = world.someone("bob@example.com", Role::Member).await;
        assert_ne!(again.member().id, bob.member().id);
    }
}

#[tokio::test]
async fn rule_1_only_an_owner_removes_admins_and_owners_and_one_owner_stays() {
    let world = World::new().await;
    let ada = world.owner.member().id;
    let (bob, _) = world.someone("bob@example.com", Role::Admin).await;
    let (eve, _) = world.someone("eve@example.com", Role::Admin).await;
    let (mel, _) = world.someone("mel@example.com", Role::Member).await;
    for who in [ada, eve.member().id, bob.member().id] {
        let refused = remove(&world, &bob, who, TheirKeys::Keep).await;
        assert!(
            matches!(refused, Err(Fault::RemovalForbidden)),
            "{refused:?}"
        );
    }
    let refused = remove(&world, &mel, mel.member().id, TheirKeys::Keep).await;
    assert!(matches!(refused, Err(Fault::Forbidden { .. })));
    let last = remove(&world, &world.owner, ada, TheirKeys::Keep).await;
    assert!(matches!(last, Err(Fault::LastOwner)));
    for (by, who) in [(&bob, &mel), (&world.owner, &eve)] {
        remove(&world, by, who.member().id, TheirKeys::Keep)
            .await
            .unwrap();
        let again = remove(&world, &world.owner, who.member().id, TheirKeys::Keep).await;
        assert!(matches!(again, Err(Fault::NotFound { .. })));
    }
}

/// As every revocation: in force before anything is waited for, and kept until it can be written.
#[tokio::test]
async fn keys_of_a_removed_member_are_refused_on_a_full_disk_too() {
    let world = World::new().await;
    let (bob, _) = world.someone("bob@example.com", Role::Admin).await;
    let made = world
        .authority
        .create_key(bob.manage_keys().unwrap(), new_key())
        .await;
    let made = made.unwrap().key.id;
    world.store.full.store(true, Ordering::SeqCst);
    let keys = TheirKeys::Revoke(world.owner.manage_keys().unwrap());
    let removed = remove(&world, &world.owner, bob.member().id, keys).await;
    assert!(
        matches!(removed, Err(Fault::RevokedInMemory(_))),
        "{removed:?}"
    );
    assert!(world.told.last(made).revoked().is_some());
    world.store.full.store(false, Ordering::SeqCst);
    world.written(made).await;
    let (action, ..) = last_entry(&world).await;
    assert_eq!(action, "key.revoked");
    assert_eq!(world.store.members().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_removal_that_was_not_allowed_in_the_end_takes_no_key_away() {
    let world = World::new().await;
    let (authority, owner, _) = world.beside().await;
    let (bob, _) = world.someone("bob@example.com", Role::Admin).await;
    let (mel, _) = world.someone("mel@example.com", Role::Admin).await;
    let made = world
        .authority
        .create_key(mel.manage_keys().unwrap(), new_key())
        .await;
    let made = made.unwrap().key.id;
    let demotion = |role| gardien_authority::api::MemberPatch {
        role: Some(role),
        projects: None,
    };
    let manager = world.owner.manage_organization().unwrap();
    let authority_here = &world.authority;
    authority_here
        .update_member(manager, mel.member().id, demotion(Role::Member))
        .await
        .unwrap();
    let by = bob.member().id;
    world.meanwhile(async move {
        let manager = owner.manage_organization().unwrap();
        let done = authority.update_member(manager, by, demotion(Role::Member));
        done.await.unwrap();
    });
    let keys = TheirKeys::Revoke(bob.manage_keys().unwrap());
    let removed = remove(&world, &bob, mel.member().id, keys).await;
    assert!(matches!(removed, Err(Fault::RoleChanged)), "{removed:?}");
    assert_eq!(world.told.last(made).revoked(), None);
}

/// One who is named by an address that nobody could get any more.
#[tokio::test]
async fn an_owner_removed_with_the_command_line_revokes_nothing_in_their_own_name() {
    let world = World::new().await;
    let email = "b\u{200b}ob@example.com";
    let first = Member {
        id: MemberId(uuid::Uuid::now_v7()),
        email: email.to_owned(),
        role: Role::Owner,
        projects: Default::default(),
        created_at: Timestamp::UNIX_EPOCH,
    };
    let made = [Change::PutMember(first.clone())];
    world.commit(&made, system_record(&world)).await;
    let bob = world.authority.actor(first.id).await.unwrap();
    let manager = bob.manage_keys().unwrap();
    let key = world.authority.create_key(manager, new_key()).await;
    let id = key.unwrap().key.id;
    let now = *world.now.lock().unwrap();
    let store = world.store.as_ref();
    let typed = " B\u{200b}ob@Example.com\n";
    command_line::remove_member(system(), store, typed, KeysOfRemoved::Revoke, now)
        .await
        .unwrap();
    let key = world.store.key(id).await.unwrap().unwrap().key;
    let by = key.revoked().map(|revocation| revocation.by);
    assert_eq!(by, Some(world.owner.member().id));
    let left = world.store.members().await.unwrap();
    assert!(left.iter().all(|member| member.id != first.id));
}
