//! Phare's own keys, over a real store.

use gardien_authority::api::PhareKeyView;
use gardien_authority::{By, Examined, Fault, UpstreamIdentity};
use gardien_domain::phare_key::{Findings, Purpose, SeenProject};
use gardien_domain::{PhareSecret, ProductScope, ProjectId, ScopeKind};
use gardien_store::Store;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::behind::{Slots, phare};
use crate::world::{World, system};

/// A secret that the first four letters of `name` tell apart.
pub(crate) fn secret(kind: ScopeKind, name: &str) -> SecretString {
    let prefix = match kind {
        ScopeKind::Organization => "pha_org_",
        ScopeKind::Project => "pha_prj_",
    };
    format!("{prefix}{name:0<16}").into()
}

fn shown(kind: ScopeKind, name: &str) -> String {
    use secrecy::ExposeSecret as _;
    PhareSecret::display_of(secret(kind, name).expose_secret())
}

pub(crate) fn findings(projects: &[i64]) -> Findings {
    Findings {
        at: Timestamp::UNIX_EPOCH,
        platform: Some(ProductScope::Read),
        uptime: Some(ProductScope::ReadWrite),
        projects: projects
            .iter()
            .map(|id| SeenProject {
                id: ProjectId(*id),
                name: id.to_string(),
            })
            .collect(),
        calls: Vec::new(),
    }
}

async fn found(world: &World, kind: ScopeKind, name: &str, findings: Findings) -> Examined {
    *world.upstreams.finds.lock().unwrap() = Some(findings);
    let examined = world.authority.examine_secret(&secret(kind, name)).await;
    examined.unwrap()
}

async fn of_organization(world: &World, name: &str) -> Examined {
    found(world, ScopeKind::Organization, name, findings(&[1, 2])).await
}

async fn of_project(world: &World, name: &str, projects: &[i64]) -> Examined {
    found(world, ScopeKind::Project, name, findings(projects)).await
}

async fn attached(world: &World, examined: Examined) -> Result<PhareKeyView, Fault> {
    let manager = world.owner.manage_phare_keys().unwrap();
    let authority = &world.authority;
    authority
        .attach_phare_key(manager, "Main", examined, false)
        .await
}

fn refused_field(answer: Result<PhareKeyView, Fault>) -> String {
    match answer {
        Err(Fault::Invalid(errors)) => errors["key"].join(" "),
        other => panic!("{other:?}"),
    }
}

fn slots(current: &str, next: Option<&str>) -> Slots {
    let shown = |name: &str| shown(ScopeKind::Organization, name);
    vec![(shown(current), next.map(shown))]
}

#[tokio::test]
async fn a_replacement_is_staged_switched_to_and_back_and_the_ring_follows() {
    let world = World::new().await;
    let (authority, ring) = (&world.authority, &world.upstreams);
    let mut refusals = authority.refusals();
    let manager = world.owner.manage_phare_keys().unwrap();
    let old = of_organization(&world, "old").await;
    let key = attached(&world, old).await.unwrap();
    let id = key.id;
    assert_eq!(ring.slots(), slots("old", None));
    let nothing = authority.switch_phare_key(manager, id).await;
    assert!(matches!(nothing, Err(Fault::NoNextSecret)));

    let new = of_organization(&world, "new").await;
    let staged = authority.stage_phare_key(manager, id, new).await.unwrap();
    let next = staged.next.unwrap().id;
    assert_eq!(ring.slots(), slots("old", Some("new")));
    assert_eq!(world.chain.kept().len(), 2);
    world.later(60);
    let switched = authority.switch_phare_key(manager, id).await.unwrap();
    assert_eq!(switched.switched_at, Some(*world.now.lock().unwrap()));
    assert_eq!(ring.slots(), slots("new", Some("old")));
    authority.switch_phare_key(manager, id).await.unwrap();
    assert_eq!(ring.slots(), slots("old", Some("new")));

    // What Phare refuses is not switched to.
    authority
        .phare_refuses(system(), &next, true)
        .await
        .unwrap();
    let refused = authority.switch_phare_key(manager, id).await;
    assert!(matches!(refused, Err(Fault::NextSecretRefused)));
    authority
        .phare_refuses(system(), &next, false)
        .await
        .unwrap();
    authority.switch_phare_key(manager, id).await.unwrap();
    // Only of the one in use is it news, and once.
    assert!(refusals.try_recv().is_err());
    for _ in 0..2 {
        authority
            .phare_refuses(system(), &next, true)
            .await
            .unwrap();
    }
    assert_eq!(refusals.try_recv().unwrap(), "Main");
    assert!(refusals.try_recv().is_err());
    authority.unstage_phare_key(manager, id).await.unwrap();
    assert_eq!(ring.slots(), slots("new", None));
    let kept = world.chain.kept();
    assert_eq!(kept.keys().collect::<Vec<_>>(), [&next]);
    authority.remove_phare_key(manager, id).await.unwrap();
    assert_eq!(ring.slots(), []);
    assert!(world.chain.kept().is_empty());
    assert_eq!(
        world.actions().await[1..],
        [
            "upstream.changed",
            "phare_key.staged",
            "phare_key.switched",
            "phare_key.switched",
            "phare_key.refused",
            "phare_key.refused",
            "phare_key.switched",
            "phare_key.refused",
            "phare_key.unstaged",
            "phare_key.removed",
        ]
    );
}

#[tokio::test]
async fn what_nobody_holds_is_not_switched_to() {
    let world = World::new().await;
    let manager = world.owner.manage_phare_keys().unwrap();
    let old = of_organization(&world, "old").await;
    let id = attached(&world, old).await.unwrap().id;
    let new = of_organization(&world, "new").await;
    let staged = world.authority.stage_phare_key(manager, id, new).await;
    world.chain.lose(staged.unwrap().next.unwrap().id);
    let (again, owner) = world.again().await;
    again.restore(system()).await.unwrap();
    let manager = owner.manage_phare_keys().unwrap();
    let missing = again.switch_phare_key(manager, id).await;
    assert!(matches!(missing, Err(Fault::NextSecretMissing)));
}

#[tokio::test]
async fn a_secret_that_cannot_serve_is_not_attached() {
    let world = World::new().await;
    let nothing = findings(&[]);
    let blind = Findings {
        platform: Some(ProductScope::None),
        ..nothing.clone()
    };
    let blind = found(&world, ScopeKind::Organization, "blind", blind).await;
    assert!(refused_field(attached(&world, blind).await).contains("list the projects"));
    let lost = of_project(&world, "lost", &[]).await;
    assert!(refused_field(attached(&world, lost.clone()).await).contains("which project"));
    // To keep it for people it need not.
    let manager = world.owner.manage_phare_keys().unwrap();
    let kept = world.authority.keep_phare_key(manager, "Kept", lost).await;
    assert_eq!(kept.unwrap().purpose, Purpose::Kept);
    let twice = attached(&world, of_project(&world, "lost", &[1]).await).await;
    assert!(refused_field(twice).contains("has this key already: Kept"));
    *world.upstreams.finds.lock().unwrap() = Some(findings(&[1]));
    let short = "pha_org_short".into();
    let short = world.authority.examine_secret(&short);
    let short = attached(&world, short.await.unwrap()).await;
    assert!(refused_field(short).contains("too short"));
    let ours = of_organization(&world, "ours").await;
    attached(&world, ours).await.unwrap();
    let theirs = found(&world, ScopeKind::Organization, "theirs", findings(&[8, 9])).await;
    assert!(refused_field(attached(&world, theirs).await).contains("another organization"));
}

#[tokio::test]
async fn a_secret_is_examined_without_what_was_pasted_around_it_and_not_with_a_stray_inside() {
    use secrecy::ExposeSecret as _;

    let world = World::new().await;
    let meant = of_organization(&world, "paste").await;
    attached(&world, meant).await.unwrap();
    let plain = secret(ScopeKind::Organization, "paste");
    let plain = plain.expose_secret();
    for pasted in [
        format!("\u{feff}{plain}\u{200b}"),
        format!("\u{a0}“{plain}”\r\n"),
        format!(" '{plain}' "),
    ] {
        let pasted = world.authority.examine_secret(&pasted.into()).await;
        let same = attached(&world, pasted.unwrap()).await;
        assert!(refused_field(same).contains("has this key already"));
    }
    let stray = plain.replacen("paste", "pas\u{200b}te", 1).into();
    let refused = world.authority.examine_secret(&stray).await.unwrap_err();
    let Fault::Invalid(errors) = refused else {
        panic!("{refused:?}");
    };
    assert!(errors["key"][0].contains("U+200B ZERO WIDTH SPACE"));
}

/// A key that may not list projects is known by its first monitor, and monitors go.
#[tokio::test]
async fn the_project_of_a_key_is_not_forgotten_when_nothing_in_it_can_be_read() {
    let world = World::new().await;
    let manager = world.owner.manage_phare_keys().unwrap();
    let shop = of_project(&world, "shop", &[7]).await;
    let id = attached(&world, shop).await.unwrap().current.id;
    let examined =
        world
            .authority
            .examined_phare_secret(By::System(system()), &id, Ok(findings(&[])));
    examined.await.unwrap();
    let keys = world.authority.phare_keys(manager).await.unwrap();
    assert_eq!(keys[0].current.project(), Some(ProjectId(7)));
}

#[tokio::test]
async fn only_a_secret_of_the_same_place_takes_another_s_place() {
    let world = World::new().await;
    let manager = world.owner.manage_phare_keys().unwrap();
    let shop = of_project(&world, "shop", &[1]).await;
    let id = attached(&world, shop).await.unwrap().id;
    for other in [
        of_project(&world, "blog", &[2]).await,
        of_organization(&world, "all").await,
    ] {
        let staged = world.authority.stage_phare_key(manager, id, other).await;
        assert!(refused_field(staged).contains("another place"));
    }
    let same = of_project(&world, "again", &[1]).await;
    let staged = world.authority.stage_phare_key(manager, id, same).await;
    assert!(staged.unwrap().next.is_some());
}

#[tokio::test]
async fn what_a_server_is_started_with_takes_the_place_of_what_it_was_started_with_before() {
    let world = World::new().await;
    let all = |name: &str| secret(ScopeKind::Organization, name);
    let first = [all("one"), secret(ScopeKind::Project, "two")];
    world
        .authority
        .attach_given(system(), &first)
        .await
        .unwrap();
    let known = world.store.phare_keys().await.unwrap();
    let again = [all("one"), all("three"), all("one")];
    world
        .authority
        .attach_given(system(), &again)
        .await
        .unwrap();
    let now = world.store.phare_keys().await.unwrap();
    assert_eq!(now[0], known[0], "what was known of it is lost");
    let shown: Vec<_> = now.iter().map(|key| key.current.display.clone()).collect();
    let three = [&again[0], &again[1]].map(|secret| {
        use secrecy::ExposeSecret as _;
        PhareSecret::display_of(secret.expose_secret())
    });
    assert_eq!(shown, three);
    let called: Vec<_> = world.upstreams.slots().into_iter().map(|of| of.0).collect();
    assert_eq!(called, three);
    assert!(
        world.chain.kept().is_empty(),
        "they are given at every start"
    );
}

/// The numbers of projects mean others at another Phare.
#[tokio::test]
async fn a_move_takes_back_every_key_for_good_and_detaches_phares() {
    let world = World::new().await;
    let authority = &world.authority;
    let manager = world.owner.manage_organization().unwrap();
    let main = of_organization(&world, "main").await;
    attached(&world, main).await.unwrap();
    let (id, _) = world.key().await;
    let sandbox = UpstreamIdentity::Sandbox;
    assert!(authority.check_upstream(&sandbox).await.is_err());
    authority.use_sandbox(manager).await.unwrap();
    assert!(world.told.last(id).revoked().is_some());
    assert_eq!(world.store.phare_keys().await.unwrap(), []);
    assert!(world.chain.kept().is_empty());
    assert_eq!(world.upstreams.forwarded(), Some((sandbox, Vec::new())));
    assert!(authority.check_upstream(&phare()).await.is_err());
    // Nothing new to record.
    let entries = world.actions().await.len();
    authority.use_sandbox(manager).await.unwrap();
    assert_eq!(world.actions().await.len(), entries);
    // Within the seconds in which a revocation can be undone otherwise.
    let keys = world.owner.manage_keys().unwrap();
    let restored = authority.restore_key(keys, id).await;
    assert!(
        matches!(restored, Err(Fault::RestoreTooLate)),
        "{restored:?}"
    );
}

#[tokio::test]
async fn an_examination_is_due_once_a_day_and_says_that_phare_refuses_without_failing() {
    let world = World::new().await;
    let manager = world.owner.manage_phare_keys().unwrap();
    let fresh = Findings {
        at: *world.now.lock().unwrap(),
        ..findings(&[1, 2])
    };
    let fresh = found(&world, ScopeKind::Organization, "main", fresh).await;
    let added = attached(&world, fresh).await.unwrap();
    let due = async || world.authority.phare_secrets_to_examine().await.unwrap();
    world.later(24 * 60 * 60 - 1);
    assert_eq!(due().await, []);
    world.later(1);
    let ids: Vec<_> = due().await.iter().map(|secret| secret.id).collect();
    assert_eq!(ids, [added.current.id]);
    let examined = world.authority.examine_phare_key(manager, added.id).await;
    assert!(examined.unwrap().current.refused_at.is_some());
}

/// It is where it is kept and nowhere else.
#[tokio::test]
async fn a_kept_key_is_examined_with_the_secret_that_is_kept() {
    let world = World::new().await;
    let manager = world.owner.manage_phare_keys().unwrap();
    let script = of_organization(&world, "script").await;
    let kept = world.authority.keep_phare_key(manager, "Script", script);
    let kept = kept.await.unwrap();
    *world.upstreams.finds.lock().unwrap() = Some(findings(&[1, 2, 3]));
    let examined = world.authority.examine_phare_key(manager, kept.id).await;
    let found = examined.unwrap().current.findings.unwrap();
    assert_eq!(found.projects.len(), 3);
    *world.upstreams.finds.lock().unwrap() = None;
    let refused = world.authority.examine_phare_key(manager, kept.id).await;
    assert!(refused.unwrap().current.refused_at.is_some());
    world.chain.lose(kept.current.id);
    let gone = world.authority.examine_phare_key(manager, kept.id).await;
    assert_eq!(gone.unwrap_err().code(), "secret_not_kept");
}
