//! Phare's own keys, over a real store, with a keyring that writes down what it is told to hold.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use gardien_authority::api::PhareKeyView;
use gardien_authority::{Fault, Keyring, UpstreamIdentity};
use gardien_domain::phare_key::{Findings, Purpose, SeenProject};
use gardien_domain::{PhareKey, PhareSecret, PhareSecretId, ProductScope, ProjectId, ScopeKind};
use gardien_phare::PhareFault;
use gardien_store::Store;
use jiff::Timestamp;
use uuid::Uuid;

use crate::world::World;

/// What a keyring was told.
#[derive(Debug, Default)]
struct Held {
    /// The display forms that are called with, and those that stand by.
    slots: Mutex<Vec<(String, Option<String>)>>,
    refused: Mutex<Vec<String>>,
    /// The secrets that it was never given.
    lacking: Mutex<Vec<PhareSecretId>>,
}

impl Held {
    fn now(&self) -> Vec<(String, Option<String>)> {
        self.slots.lock().unwrap().clone()
    }
}

#[async_trait]
impl Keyring for Held {
    fn hold(&self, keys: &[PhareKey]) {
        *self.slots.lock().unwrap() = keys
            .iter()
            .map(|key| {
                let next = key.next.as_ref().map(|next| next.display.clone());
                (key.current.display.clone(), next)
            })
            .collect();
    }
    fn holds(&self, id: &PhareSecretId) -> bool {
        !self.lacking.lock().unwrap().contains(id)
    }
    fn tell_refused(&self, key: &PhareKey) {
        self.refused
            .lock()
            .unwrap()
            .push(key.current.display.clone());
    }
    async fn examine(&self, _: &PhareSecretId) -> Result<Findings, PhareFault> {
        Err(PhareFault::KeyRefused)
    }
}

fn secret(display: &str, kind: ScopeKind, projects: &[i64]) -> PhareSecret {
    PhareSecret {
        id: PhareSecretId(Uuid::now_v7()),
        display: display.to_owned(),
        kind,
        added_at: Timestamp::UNIX_EPOCH,
        findings: Some(Findings {
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
        }),
        refused_at: None,
    }
}

fn of_organization(display: &str) -> PhareSecret {
    secret(display, ScopeKind::Organization, &[1, 2])
}

async fn attached(world: &World, secret: PhareSecret) -> Result<PhareKeyView, Fault> {
    let manager = world.owner.manage_phare_keys().unwrap();
    let authority = &world.authority;
    authority
        .add_phare_key(manager, "Main", Purpose::Attached, secret)
        .await
}

fn refused_field(answer: Result<PhareKeyView, Fault>) -> String {
    match answer {
        Err(Fault::Invalid(errors)) => errors["key"].join(" "),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_replacement_is_staged_switched_to_and_back_and_the_ring_follows() {
    let world = World::new().await;
    let ring = Arc::new(Held::default());
    world
        .authority
        .use_keyring(Some(ring.clone()))
        .await
        .unwrap();
    let manager = world.owner.manage_phare_keys().unwrap();
    let id = attached(&world, of_organization("old")).await.unwrap().id;
    let slots = |current: &str, next: Option<&str>| [(current.to_owned(), next.map(str::to_owned))];
    assert_eq!(ring.now(), slots("old", None));
    let nothing = world.authority.switch_phare_key(manager, id).await;
    assert!(matches!(nothing, Err(Fault::NoNextSecret)));

    let next = of_organization("new");
    let next_id = next.id;
    let authority = &world.authority;
    authority
        .stage_phare_secret(manager, id, next)
        .await
        .unwrap();
    assert_eq!(ring.now(), slots("old", Some("new")));
    world.later(60);
    let switched = authority.switch_phare_key(manager, id).await.unwrap();
    assert_eq!(switched.switched_at, Some(*world.now.lock().unwrap()));
    assert_eq!(ring.now(), slots("new", Some("old")));
    authority.switch_phare_key(manager, id).await.unwrap();
    assert_eq!(ring.now(), slots("old", Some("new")));

    // What Phare refuses is not switched to, nor what nobody holds.
    authority.phare_refuses(&next_id, true).await.unwrap();
    let refused = authority.switch_phare_key(manager, id).await;
    assert!(matches!(refused, Err(Fault::NextSecretRefused)));
    authority.phare_refuses(&next_id, false).await.unwrap();
    ring.lacking.lock().unwrap().push(next_id);
    let missing = authority.switch_phare_key(manager, id).await;
    assert!(matches!(missing, Err(Fault::NextSecretMissing)));
    ring.lacking.lock().unwrap().clear();
    authority.switch_phare_key(manager, id).await.unwrap();
    // Only of the one in use is it news, and once.
    assert_eq!(*ring.refused.lock().unwrap(), [""; 0]);
    for _ in 0..2 {
        authority.phare_refuses(&next_id, true).await.unwrap();
    }
    assert_eq!(*ring.refused.lock().unwrap(), ["new"]);
    authority.unstage_phare_secret(manager, id).await.unwrap();
    assert_eq!(ring.now(), slots("new", None));
    authority.remove_phare_key(manager, id).await.unwrap();
    assert_eq!(ring.now(), []);
    assert_eq!(
        world.actions().await[1..],
        [
            "phare_key.added",
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
async fn a_secret_that_cannot_serve_is_not_attached() {
    let world = World::new().await;
    let mut blind = secret("blind", ScopeKind::Organization, &[]);
    blind.findings.as_mut().unwrap().platform = Some(ProductScope::None);
    assert!(refused_field(attached(&world, blind).await).contains("list the projects"));
    let lost = secret("lost", ScopeKind::Project, &[]);
    assert!(refused_field(attached(&world, lost.clone()).await).contains("which project"));
    // To keep it for people it need not.
    let manager = world.owner.manage_phare_keys().unwrap();
    let kept = world
        .authority
        .add_phare_key(manager, "Kept", Purpose::Kept, lost)
        .await;
    assert_eq!(kept.unwrap().purpose, Purpose::Kept);
    let twice = attached(&world, secret("lost", ScopeKind::Project, &[1])).await;
    assert!(refused_field(twice).contains("has this key already: Kept"));
    assert!(
        refused_field(attached(&world, of_organization("pha_org_…")).await).contains("too short")
    );
    attached(&world, of_organization("ours")).await.unwrap();
    let theirs = secret("theirs", ScopeKind::Organization, &[8, 9]);
    assert!(refused_field(attached(&world, theirs).await).contains("another organization"));
}

/// A key that may not list projects is known by its first monitor, and monitors go.
#[tokio::test]
async fn the_project_of_a_key_is_not_forgotten_when_nothing_in_it_can_be_read() {
    let world = World::new().await;
    let manager = world.owner.manage_phare_keys().unwrap();
    let shop = secret("shop", ScopeKind::Project, &[7]);
    let (id, emptied) = (
        shop.id,
        secret("", ScopeKind::Project, &[]).findings.unwrap(),
    );
    attached(&world, shop).await.unwrap();
    let examined = world
        .authority
        .examined_phare_secret("ada", &id, Ok(emptied));
    examined.await.unwrap();
    let keys = world.authority.phare_keys(manager).await.unwrap();
    assert_eq!(keys[0].current.project(), Some(ProjectId(7)));
}

#[tokio::test]
async fn only_a_secret_of_the_same_place_takes_another_s_place() {
    let world = World::new().await;
    let manager = world.owner.manage_phare_keys().unwrap();
    let shop = secret("shop", ScopeKind::Project, &[1]);
    let id = attached(&world, shop).await.unwrap().id;
    for other in [
        secret("blog", ScopeKind::Project, &[2]),
        of_organization("all"),
    ] {
        let staged = world.authority.stage_phare_secret(manager, id, other).await;
        assert!(refused_field(staged).contains("another place"));
    }
    let same = secret("shop again", ScopeKind::Project, &[1]);
    let staged = world.authority.stage_phare_secret(manager, id, same).await;
    assert!(staged.unwrap().next.is_some());
}

#[tokio::test]
async fn what_a_server_is_started_with_takes_the_place_of_what_it_was_started_with_before() {
    let world = World::new().await;
    let first = [
        of_organization("one"),
        secret("two", ScopeKind::Project, &[1]),
    ];
    let known = world.authority.attach_given(first.to_vec()).await.unwrap();
    let again = [of_organization("one"), of_organization("three")];
    let now = world.authority.attach_given(again.to_vec()).await.unwrap();
    assert_eq!(now[0], known[0], "what was known of it is lost");
    let kept = world.store.phare_keys().await.unwrap();
    let shown: Vec<_> = kept
        .iter()
        .map(|key| key.current.display.as_str())
        .collect();
    assert_eq!(shown, ["one", "three"]);
}

/// The numbers of projects mean others at another Phare.
#[tokio::test]
async fn a_move_takes_back_every_key_for_good_and_detaches_phares() {
    let world = World::new().await;
    let authority = &world.authority;
    let sandbox = UpstreamIdentity::Sandbox;
    authority.adopt_upstream(&sandbox).await.unwrap();
    let (id, _) = world.key().await;
    attached(&world, of_organization("main")).await.unwrap();
    let phare = UpstreamIdentity::Phare {
        url: "https://api.phare.example".to_owned(),
    };
    assert!(authority.check_upstream(&phare).await.is_err());
    let manager = world.owner.manage_organization().unwrap();
    authority.move_upstream(manager, &phare).await.unwrap();
    assert!(world.told.last(id).revoked().is_some());
    assert_eq!(world.store.phare_keys().await.unwrap(), []);
    authority.check_upstream(&phare).await.unwrap();
    // Nothing new to record.
    let entries = world.actions().await.len();
    authority.adopt_upstream(&phare).await.unwrap();
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
    let ring: Arc<dyn Keyring> = Arc::new(Held::default());
    world.authority.use_keyring(Some(ring)).await.unwrap();
    let manager = world.owner.manage_phare_keys().unwrap();
    let mut fresh = of_organization("main");
    fresh.findings.as_mut().unwrap().at = *world.now.lock().unwrap();
    let added = attached(&world, fresh).await.unwrap();
    let due = async || world.authority.phare_secrets_to_examine().await.unwrap();
    world.later(24 * 60 * 60 - 1);
    assert_eq!(due().await, []);
    world.later(1);
    assert_eq!(due().await, [added.current.id]);
    let examined = world.authority.examine_phare_key(manager, added.id).await;
    assert!(examined.unwrap().current.refused_at.is_some());
}
