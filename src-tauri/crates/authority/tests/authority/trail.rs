//! What audit entries say: names, and what was before.

use gardien_authority::Fault;
use gardien_authority::api::{
    AuditQuery, AuditView, DisclosedHow, KeyPatch, MemberPatch, OrganizationPatch, Rotation,
};
use gardien_domain::{AuditAction, Role};
use serde_json::json;

use crate::world::World;

async fn entries(world: &World, query: AuditQuery) -> Vec<AuditView> {
    let auditor = world.owner.read_audit().unwrap();
    world.authority.audit(auditor, query).await.unwrap().data
}

async fn latest(world: &World) -> AuditView {
    entries(world, AuditQuery::default()).await.remove(0)
}

#[tokio::test]
async fn entries_of_a_key_say_its_name_and_what_it_looked_like() {
    let world = World::new().await;
    let (id, secret) = world.key().await;
    let manager = world.owner.manage_keys().unwrap();
    let authority = &world.authority;
    let first = secret.display();
    assert_eq!(latest(&world).await.detail["project"], json!(null));

    let renamed = KeyPatch {
        name: Some("Backup".to_owned()),
        ..KeyPatch::default()
    };
    authority.update_key(manager, id, renamed).await.unwrap();
    let detail = latest(&world).await.detail;
    let expected = json!({ "name": { "from": "Grafana", "to": "Backup" }, "display": first });
    assert_eq!(detail, expected);
    let noted = KeyPatch {
        note: Some("nightly".to_owned()),
        ..KeyPatch::default()
    };
    authority.update_key(manager, id, noted).await.unwrap();
    let detail = latest(&world).await.detail;
    let expected = json!({
        "name": "Backup", "display": first, "note": { "from": "", "to": "nightly" },
    });
    assert_eq!(detail, expected);

    let rotated = authority
        .rotate_key(manager, id, Rotation::with_grace(0))
        .await;
    let second = rotated.unwrap().key.display;
    let detail = latest(&world).await.detail;
    assert_eq!(detail["name"], "Backup");
    assert_eq!(detail["display"], json!({ "from": first, "to": second }));
    let expected = json!({ "name": "Backup", "display": second });
    authority.revoke_key(manager, id).await.unwrap();
    assert_eq!(latest(&world).await.detail, expected);
    authority.restore_key(manager, id).await.unwrap();
    assert_eq!(latest(&world).await.detail, expected);
    authority
        .disclosed_key(manager, id, DisclosedHow::Revealed)
        .await
        .unwrap();
    let entry = latest(&world).await;
    assert_eq!(entry.action, "key.secret_revealed");
    assert_eq!(entry.detail, expected);
    assert_eq!(entry.subject_name.as_deref(), Some("Backup"));
}

#[tokio::test]
async fn entries_of_members_and_organization_say_what_was_before() {
    let world = World::new().await;
    world.someone("bob@example.com", Role::Member).await;
    let session = latest(&world).await;
    assert_eq!(session.detail["name"], "bob@example.com");
    assert_eq!(session.subject_name.as_deref(), Some("bob@example.com"));
    let members = world.authority.members(&world.owner).await.unwrap();
    let bob = members
        .iter()
        .find(|member| member.role == Role::Member)
        .unwrap()
        .id;
    let manager = world.owner.manage_organization().unwrap();
    let promotion = MemberPatch {
        role: Some(Role::Admin),
        projects: None,
    };
    world
        .authority
        .update_member(manager, bob, promotion)
        .await
        .unwrap();
    let expected =
        json!({ "name": "bob@example.com", "role": { "from": "member", "to": "admin" } });
    assert_eq!(latest(&world).await.detail, expected);
    let patch = OrganizationPatch {
        name: Some("Lighthouse".to_owned()),
        calls_per_minute: Some(50),
        ..OrganizationPatch::default()
    };
    world
        .authority
        .update_organization(manager, patch)
        .await
        .unwrap();
    let entry = latest(&world).await;
    let expected = json!({
        "name": { "from": "Harbour", "to": "Lighthouse" },
        "calls_per_minute": { "from": 100, "to": 50 },
    });
    assert_eq!(entry.detail, expected);
    assert_eq!(entry.subject_name.as_deref(), Some("Lighthouse"));
}

#[tokio::test]
async fn entries_are_found_by_who_what_and_when() {
    let world = World::new().await;
    let (id, _) = world.key().await;
    world.later(10);
    let revoked_at = *world.now.lock().unwrap();
    let manager = world.owner.manage_keys().unwrap();
    world.authority.revoke_key(manager, id).await.unwrap();
    let found = async |query| {
        let entries = entries(&world, query).await;
        entries
            .into_iter()
            .map(|entry| entry.action)
            .collect::<Vec<_>>()
    };
    let action = |word: &str| AuditQuery {
        action: Some(word.to_owned()),
        ..AuditQuery::default()
    };
    assert_eq!(found(action("key")).await, ["key.revoked", "key.created"]);
    assert_eq!(found(action("key.created")).await, ["key.created"]);
    assert_eq!(found(action("session")).await, [] as [&str; 0]);
    let nobody = AuditQuery {
        actor: Some("bob@example.com".to_owned()),
        ..AuditQuery::default()
    };
    assert_eq!(found(nobody).await, [] as [&str; 0]);
    let since = AuditQuery {
        actor: Some("ada@example.com".to_owned()),
        since: Some(revoked_at),
        ..AuditQuery::default()
    };
    assert_eq!(found(since).await, ["key.revoked"]);
    let until = AuditQuery {
        until: Some(revoked_at),
        ..AuditQuery::default()
    };
    assert_eq!(found(until).await, ["key.created", "organization.created"]);
    for word in ["", "ke", "key.", "key.created.", "KEY"] {
        let auditor = world.owner.read_audit().unwrap();
        let refused = world.authority.audit(auditor, action(word)).await;
        assert!(matches!(refused, Err(Fault::Invalid(_))), "{word}");
    }
}

#[test]
fn every_action_belongs_to_its_family() {
    for action in AuditAction::ALL {
        assert!(AuditAction::named(action.family()).contains(action));
        assert_eq!(AuditAction::named(action.as_str()), [*action]);
    }
}
