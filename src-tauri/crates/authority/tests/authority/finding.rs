//! Keys found by their secrets, listed in any order, and what a person does with one that leaked.

use std::sync::atomic::Ordering;

use gardien_authority::api::{KeyPatch, KeyQuery, LookedUpKey, Lookup, NewKey, Rotation};
use gardien_authority::{Client, Fault, http};
use gardien_domain::key::PreviousSecrets;
use gardien_domain::{
    AuditFilter, Credential, KeySort, KeyStatus, Order, ProjectId, Role, Scope, Secret, SecretKind,
};
use gardien_store::{Change, Store};
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::world::{World, new_key};

fn fresh() -> Secret {
    Secret::generate(SecretKind::Project, getrandom::fill).unwrap()
}

fn lookup(secrets: &[&str]) -> Lookup {
    Lookup {
        secrets: secrets.iter().map(|secret| (*secret).into()).collect(),
    }
}

async fn found(world: &World, secrets: &[&str]) -> Vec<Option<(String, Credential)>> {
    let answer = world.authority.lookup(&world.owner, lookup(secrets)).await;
    let told = |row: LookedUpKey| (row.key.id.to_string(), row.credential);
    answer
        .unwrap()
        .data
        .into_iter()
        .map(|row| row.map(told))
        .collect()
}

#[tokio::test]
async fn a_secret_finds_its_key_whatever_became_of_either_and_leaves_no_trace() {
    let world = World::new().await;
    let manager = world.owner.manage_keys().unwrap();
    let (id, first) = world.key().await;
    let (other, revoked) = world.key().await;
    world.authority.revoke_key(manager, other).await.unwrap();
    let rotation = Rotation::with_grace(60);
    let rotated = world.authority.rotate_key(manager, id, rotation).await;
    let second = rotated.unwrap().secret;
    let second = second.expose_secret();
    let (unknown, trail) = (fresh(), world.actions().await);
    let told = world.told.keys.lock().unwrap().len();

    let asked = [
        unknown.expose(),
        first.expose(),
        "",
        second,
        &second[..30],
        revoked.expose(),
        second,
        &format!("{second} {second}"),
        &format!("\u{feff}“{second}”\u{a0}\n"),
    ];
    let (id, other) = (id.to_string(), other.to_string());
    let current = Some((id.clone(), Credential::Current));
    let expected = [
        None,
        Some((id.clone(), Credential::Previous)),
        None,
        current.clone(),
        None,
        Some((other, Credential::Current)),
        current.clone(),
        None,
        current,
    ];
    assert_eq!(found(&world, &asked).await, expected);
    world.later(61);
    assert_eq!(found(&world, &asked).await, expected, "its grace is over");
    assert_eq!(world.actions().await, trail);
    assert_eq!(world.told.keys.lock().unwrap().len(), told);
    let row = world
        .authority
        .lookup(&world.owner, lookup(&[second]))
        .await;
    assert_eq!(
        row.unwrap().data[0].as_ref().unwrap().key.used.last_used_at,
        None
    );
}

#[tokio::test]
async fn a_member_finds_keys_of_their_projects_only() {
    let world = World::new().await;
    let manager = world.owner.manage_keys().unwrap();
    let mut secrets = Vec::new();
    for id in [1, 2] {
        let project = gardien_domain::Project {
            id: ProjectId(id),
            slug: format!("project-{id}"),
            name: format!("Project {id}"),
            created_at: *world.now.lock().unwrap(),
        };
        let entry = gardien_domain::audit::AuditRecord {
            at: project.created_at,
            actor: "system".into(),
            action: gardien_domain::AuditAction::ProjectsSynchronized,
            subject: String::new(),
            detail: "{}".into(),
        };
        let change = [Change::PutProject(project)];
        world.commit(&change, entry).await;
        let scope = Scope::Project {
            project_id: ProjectId(id),
        };
        let key = NewKey { scope, ..new_key() };
        let made = world.authority.create_key(manager, key).await.unwrap();
        secrets.push(made.secret.expose_secret().to_owned());
    }
    let (_, everywhere) = world.key().await;
    let (mel, _) = world.someone("mel@example.com", Role::Member).await;
    let mut mel = mel.member().clone();
    mel.projects = [ProjectId(2)].into();
    let entry = world
        .store
        .audit(&AuditFilter::default(), None, 1)
        .await
        .unwrap()
        .remove(0);
    let change = [Change::PutMember(mel.clone())];
    world.commit(&change, entry.record).await;
    let mel = world.authority.actor(mel.id).await.unwrap();

    let asked = lookup(&[&secrets[0], &secrets[1], everywhere.expose()]);
    let answer = world.authority.lookup(&mel, asked).await.unwrap().data;
    let seen: Vec<_> = answer.iter().map(Option::is_some).collect();
    assert_eq!(seen, [false, true, false]);
}

#[tokio::test]
async fn a_lookup_shows_a_revocation_that_could_not_be_written() {
    let world = World::new().await;
    let manager = world.owner.manage_keys().unwrap();
    let (id, secret) = world.key().await;
    world.store.full.store(true, Ordering::SeqCst);
    let refused = world.authority.revoke_key(manager, id).await;
    assert!(matches!(refused, Err(Fault::RevokedInMemory(_))));
    let asked = lookup(&[secret.expose()]);
    let row = world.authority.lookup(&world.owner, asked).await.unwrap();
    let status = row.data[0].as_ref().unwrap().key.status;
    assert_eq!(status, KeyStatus::Revoked);
}

#[tokio::test]
async fn a_whole_log_of_secrets_is_looked_up_through_the_client() {
    let world = World::new().await;
    let client = Client::embedded(
        http::router(world.authority.clone()),
        world.owner.member().id,
    );
    let (first, one) = world.key().await;
    let (last, other) = world.key().await;
    let mut secrets: Vec<_> = (0..2_100).map(|_| fresh()).collect();
    secrets[0] = one;
    secrets[2_099] = other;
    let rows = client.lookup(&secrets).await.unwrap();
    assert_eq!(rows.len(), 2_100);
    let ids = [&rows[0], &rows[2_099]].map(|row| row.as_ref().unwrap().key.id);
    assert_eq!(ids, [first, last]);
    assert_eq!(rows.iter().flatten().count(), 2);
    assert!(client.lookup(&[]).await.unwrap().is_empty());

    let many = lookup(&vec![secrets[1].expose(); 1_001]);
    let refused = world.authority.lookup(&world.owner, many).await;
    assert!(matches!(refused, Err(Fault::Invalid(_))));
}

#[tokio::test]
async fn a_second_rotation_keeps_what_the_first_promised_and_a_third_is_refused_in_words() {
    let world = World::new().await;
    let manager = world.owner.manage_keys().unwrap();
    let (id, first) = world.key().await;
    let start = *world.now.lock().unwrap();
    let until = |seconds| Some(start + SignedDuration::from_secs(seconds));
    let rotate = async |grace| {
        let rotation = Rotation::with_grace(grace);
        world.authority.rotate_key(manager, id, rotation).await
    };
    let second = rotate(3_600).await.unwrap();
    let third = rotate(60).await.unwrap().key;
    assert_eq!(third.previous_valid_until, until(60));
    assert_eq!(third.earlier_valid_until, until(3_600));
    let refused = rotate(0).await.unwrap_err();
    assert_eq!(refused.code(), "too_many_secrets");
    let ends = until(60).unwrap().to_string();
    assert!(refused.to_string().contains(&ends), "{refused}");

    let secrets = [first.expose(), second.secret.expose_secret()];
    let looked_up = world.authority.lookup(&world.owner, lookup(&secrets)).await;
    let ends = looked_up.unwrap().data.into_iter().flatten();
    let ends: Vec<_> = ends.map(|row| row.valid_until).collect();
    assert_eq!(ends, [until(3_600), until(60)]);

    world.later(60);
    let fourth = rotate(0).await.unwrap().key;
    assert_eq!(fourth.status, KeyStatus::Rotating);
    assert_eq!(fourth.previous_valid_until, None);
    assert_eq!(fourth.earlier_valid_until, until(3_600));
}

#[tokio::test]
async fn a_grace_never_goes_beyond_the_end_of_the_key_and_is_never_guessed() {
    let world = World::new().await;
    let manager = world.owner.manage_keys().unwrap();
    let (id, _) = world.key().await;
    let end = *world.now.lock().unwrap() + SignedDuration::from_secs(30);
    let ending = KeyPatch {
        expires_at: Some(Some(end)),
        ..KeyPatch::default()
    };
    let ended = world.authority.update_key(manager, id, ending).await;
    ended.unwrap();
    let silent = Rotation::default();
    let refused = world.authority.rotate_key(manager, id, silent).await;
    let Err(Fault::Invalid(fields)) = refused else {
        panic!("{refused:?}")
    };
    assert!(fields.contains_key("grace_seconds"));
    let rotation = Rotation::with_grace(3_600);
    let rotated = world.authority.rotate_key(manager, id, rotation).await;
    assert_eq!(rotated.unwrap().key.previous_valid_until, Some(end));
}

#[tokio::test]
async fn a_grace_ends_when_it_is_said_to_and_not_when_that_cannot_be_kept() {
    let world = World::new().await;
    let manager = world.owner.manage_keys().unwrap();
    let (id, _) = world.key().await;
    let end = async || world.authority.end_previous(manager, id).await;
    assert!(matches!(end().await, Err(Fault::KeyNotRotating)));
    let rotation = || Rotation::with_grace(60);
    world
        .authority
        .rotate_key(manager, id, rotation())
        .await
        .unwrap();
    world.later(60);
    assert!(matches!(end().await, Err(Fault::KeyNotRotating)));

    for grace in [90, 60] {
        let rotation = Rotation::with_grace(grace);
        let rotated = world.authority.rotate_key(manager, id, rotation).await;
        rotated.unwrap();
    }
    let before = world.told.last(id);
    world.store.full.store(true, Ordering::SeqCst);
    assert!(matches!(end().await, Err(Fault::Store(_))));
    assert_eq!(world.told.last(id), before);
    world.store.full.store(false, Ordering::SeqCst);
    let ended = end().await.unwrap();
    assert_eq!(ended.status, KeyStatus::Active);
    assert_eq!(ended.previous_valid_until, None);
    let now = *world.now.lock().unwrap();
    let previous = world.told.last(id).previous();
    assert!(previous.iter().all(|secret| secret.valid_until == now));
    // Still known for what they are.
    let digests = |of: PreviousSecrets| of.iter().map(|secret| secret.digest).collect::<Vec<_>>();
    assert_eq!(digests(previous), digests(before.previous()));
    let entry = world
        .store
        .audit(&AuditFilter::default(), None, 1)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(entry.record.action.as_str(), "key.previous_ended");
    let detail: serde_json::Value = serde_json::from_str(&entry.record.detail).unwrap();
    assert_eq!(detail["name"], "Grafana");
    assert_eq!(detail["display"], ended.display);
    // The end of each, not of the one alone that would have worked longest.
    for (field, secret) in ["previous_valid_until", "earlier_valid_until"]
        .into_iter()
        .zip(before.previous().iter())
    {
        let ends = json!({ "from": secret.valid_until, "to": now });
        assert_eq!(detail[field], ends, "{field}");
    }
    assert!(matches!(end().await, Err(Fault::KeyNotRotating)));

    world.authority.revoke_key(manager, id).await.unwrap();
    assert!(matches!(end().await, Err(Fault::KeyRevoked)));
}

/// The old key lives again before the new one dies, so that at no moment both are dead.
#[tokio::test]
async fn a_replacement_can_be_undone_for_ten_seconds() {
    let world = World::new().await;
    let manager = world.owner.manage_keys().unwrap();
    let (id, secret) = world.key().await;
    let replaced = world.authority.replace_key(manager, id).await.unwrap();
    let new = replaced.key.id;
    assert!(world.told.last(id).revoked().is_some());
    world.later(9);
    let restored = world.authority.restore_key(manager, id).await.unwrap();
    assert_eq!(restored.status, KeyStatus::Active);
    let told = world.told.last(id);
    assert_eq!((told.revoked(), told.digest()), (None, secret.digest()));
    assert!(world.told.last(new).revoked().is_none());
    let gone = world.authority.revoke_key(manager, new).await.unwrap();
    assert_eq!(gone.status, KeyStatus::Revoked);
    assert!(world.told.last(new).revoked().is_some());
    assert_eq!(
        world.actions().await[1..],
        [
            "key.created",
            "key.revoked",
            "key.created",
            "key.restored",
            "key.revoked"
        ]
    );

    let again = world.authority.replace_key(manager, id).await.unwrap();
    world.later(10);
    let late = world.authority.restore_key(manager, id).await;
    assert!(matches!(late, Err(Fault::RestoreTooLate)));
    assert!(world.told.last(again.key.id).revoked().is_none());
}

#[tokio::test]
async fn a_cursor_belongs_to_the_order_that_it_comes_from() {
    let world = World::new().await;
    let manager = world.owner.manage_keys().unwrap();
    let names = ["beta", "Alpha", "alpha 2", "Émile", "ALPHA"];
    for name in names {
        let name = name.to_owned();
        let key = NewKey { name, ..new_key() };
        world.authority.create_key(manager, key).await.unwrap();
    }
    let list = async |sort, order, cursor| {
        let query = KeyQuery {
            sort,
            order,
            cursor,
            limit: Some(2),
            ..KeyQuery::default()
        };
        world.authority.keys(&world.owner, query).await
    };
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let page = list(Some(KeySort::Name), Some(Order::Ascending), cursor).await;
        let page = page.unwrap();
        seen.extend(page.data.into_iter().map(|key| key.name));
        cursor = page.next_cursor;
        let Some(next) = &cursor else { break };
        assert!(
            next.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
        for (sort, order) in [
            (None, None),
            (Some(KeySort::Name), None),
            (Some(KeySort::Scope), Some(Order::Ascending)),
        ] {
            let refused = list(sort, order, cursor.clone()).await;
            let Err(Fault::Invalid(errors)) = refused else {
                panic!("{sort:?} {order:?}");
            };
            assert!(errors["cursor"][0].contains("another order"));
        }
    }
    assert_eq!(seen, ["Alpha", "ALPHA", "alpha 2", "beta", "Émile"]);
    for wrong in [
        "",
        "x",
        "e30",
        "bnVsbA",
        "01890a5d-ac96-774b-bcce-b302099a8057",
    ] {
        let refused = list(None, None, Some(wrong.to_owned())).await;
        assert!(matches!(refused, Err(Fault::Invalid(_))), "{wrong}");
    }
}

#[tokio::test]
async fn the_trail_has_the_end_of_each_old_secret_that_was_cut() {
    let world = World::new().await;
    let manager = world.owner.manage_keys().unwrap();
    let (id, _) = world.key().await;
    for grace in [600, 60] {
        let rotation = Rotation::with_grace(grace);
        let rotated = world.authority.rotate_key(manager, id, rotation).await;
        rotated.unwrap();
    }
    let now = *world.now.lock().unwrap();
    let after = |seconds| (now + SignedDuration::from_secs(seconds)).to_string();
    let cut = |from: i64, to: i64| serde_json::json!({ "from": after(from), "to": after(to) });
    let newest = async || {
        let entries = world.store.audit(&AuditFilter::default(), None, 1).await;
        let [entry] = entries.unwrap().try_into().unwrap();
        let detail: serde_json::Value = serde_json::from_str(&entry.record.detail).unwrap();
        let end = |name: &str| detail[name].clone();
        (end("previous_valid_until"), end("earlier_valid_until"))
    };
    let patch = |seconds| KeyPatch {
        expires_at: Some(Some(now + SignedDuration::from_secs(seconds))),
        ..KeyPatch::default()
    };
    let update = |seconds| world.authority.update_key(manager, id, patch(seconds));
    update(500).await.unwrap();
    assert_eq!(newest().await, (serde_json::Value::Null, cut(600, 500)));
    update(50).await.unwrap();
    assert_eq!(newest().await, (cut(60, 50), cut(500, 50)));
    update(500).await.unwrap();
    let nothing = serde_json::Value::Null;
    assert_eq!(newest().await, (nothing.clone(), nothing));
    world.authority.end_previous(manager, id).await.unwrap();
    assert_eq!(newest().await, (cut(50, 0), cut(50, 0)));
}
