//! Organization, members, projects, sessions and the upstream.

use gardien_domain::phare_key::{ExaminingCall, Findings, Purpose, SeenProject};
use gardien_domain::{
    AdoptedUpstream, AtLimit, Key, KeyParts, Member, Organization, PhareKey, PhareKeyId,
    PhareSecret, PhareSecretId, ProductScope, ProjectId, Role, ScopeKind, SecretDigest, SessionId,
    UpstreamIdentity,
};
use gardien_store::{Change, Session, StoreError};
use uuid::Uuid;

use crate::support::{Database, at, commit, enter, key, member, opened, project, some_record};

pub(crate) async fn the_organization_is_one_row(database: &dyn Database) {
    let store = database.open().await;
    assert_eq!(store.organization().await.unwrap(), None);
    for (name, at_limit) in [("First", AtLimit::Reject), ("Dernière", AtLimit::Pace)] {
        let organization = Organization {
            name: name.into(),
            calls_per_minute: u32::MAX,
            at_limit,
            burst: (at_limit == AtLimit::Pace).then_some(7),
            longest_wait_seconds: 12,
            cache_seconds: 60,
        };
        commit(&*store, &[Change::PutOrganization(organization.clone())]).await;
        assert_eq!(store.organization().await.unwrap(), Some(organization));
    }
}

pub(crate) async fn members_keep_their_projects(database: &dyn Database) {
    let store = database.open().await;
    let grace = Member {
        role: Role::Member,
        projects: [ProjectId(7), ProjectId(2)].into(),
        ..member(2, "grace@example.com")
    };
    let ada = Member {
        role: Role::Owner,
        ..member(3, "ada@example.com")
    };
    let changes = [grace.clone(), ada.clone()].map(Change::PutMember);
    commit(&*store, &changes).await;
    assert_eq!(store.members().await.unwrap(), [ada, grace.clone()]);
    assert_eq!(store.member(grace.id).await.unwrap(), Some(grace.clone()));

    let moved = Member {
        email: "hopper@example.com".into(),
        role: Role::Admin,
        projects: [ProjectId(2), ProjectId(5)].into(),
        ..grace
    };
    commit(&*store, &[Change::PutMember(moved.clone())]).await;
    let found = store.member_by_email("hopper@example.com").await;
    assert_eq!(found.unwrap(), Some(moved));
    let former = store.member_by_email("grace@example.com").await;
    assert_eq!(former.unwrap(), None);
    let nobody = store.member(member(9, "").id).await;
    assert_eq!(nobody.unwrap(), None);
}

pub(crate) async fn a_mail_address_belongs_to_one_member(database: &dyn Database) {
    let store = opened(database).await;
    let twin = member(2, "ada@example.com");
    let refused = enter(&*store, &[Change::PutMember(twin)], some_record()).await;
    assert!(matches!(refused, Err(StoreError::Taken(_))), "{refused:?}");
    assert_eq!(store.members().await.unwrap().len(), 1);
}

pub(crate) async fn who_was_removed_stays_a_name_and_their_sessions_end(database: &dyn Database) {
    let store = opened(database).await;
    let (ada, grace) = (member(1, "ada@example.com"), member(2, "grace@example.com"));
    let (hers, of_ada) = (session(2, &grace), session(1, &ada));
    let made = Key::from_parts(KeyParts {
        created_by: grace.id,
        ..key(1).into_parts()
    });
    let changes = [
        Change::PutMember(grace.clone()),
        Change::PutSession(hers.clone()),
        Change::PutSession(of_ada.clone()),
        Change::PutKey(made.clone()),
    ];
    commit(&*store, &changes).await;
    commit(&*store, &[Change::RemoveMember(grace.id, at(7))]).await;

    assert_eq!(store.members().await.unwrap(), [ada]);
    assert_eq!(store.member(grace.id).await.unwrap(), None);
    let found = store.member_by_email(&grace.email).await;
    assert_eq!(found.unwrap(), None);
    assert_eq!(store.session(&hers.digest).await.unwrap(), None);
    assert_eq!(store.sessions().await.unwrap(), [of_ada]);
    assert!(store.every_member().await.unwrap().contains(&grace));
    let stored = store.key(made.id()).await.unwrap().unwrap();
    assert_eq!((stored.created_by, stored.key), (grace.email.clone(), made));

    let again = member(3, &grace.email);
    commit(&*store, &[Change::PutMember(again.clone())]).await;
    let found = store.member_by_email(&grace.email).await;
    assert_eq!(found.unwrap(), Some(again));
    let twin = member(4, &grace.email);
    let refused = enter(&*store, &[Change::PutMember(twin)], some_record()).await;
    assert!(matches!(refused, Err(StoreError::Taken(_))), "{refused:?}");
}

fn session(number: u8, of: &Member) -> Session {
    Session {
        id: SessionId(Uuid::from_u128(number.into())),
        digest: SecretDigest([number; 32]),
        member: of.id,
        created_at: at(1_000),
        expires_at: at(1_000 + i64::from(number)),
    }
}

pub(crate) async fn projects_come_by_name_in_any_case(database: &dyn Database) {
    let store = database.open().await;
    let mut projects = [
        project(4, "élan"),
        project(1, "beta"),
        project(2, "Alpha"),
        project(3, "Élan"),
    ];
    commit(&*store, &projects.clone().map(Change::PutProject)).await;
    let ids = |found: Vec<gardien_domain::Project>| -> Vec<i64> {
        found.into_iter().map(|project| project.id.0).collect()
    };
    assert_eq!(ids(store.projects().await.unwrap()), [2, 1, 3, 4]);

    projects[1].name = "Ω".into();
    projects[1].slug = projects[0].slug.clone();
    commit(&*store, &[Change::PutProject(projects[1].clone())]).await;
    let found = store.projects().await.unwrap();
    assert_eq!(found.last(), Some(&projects[1]));
}

pub(crate) async fn sessions_are_found_by_digest_expired_or_not(database: &dyn Database) {
    let store = opened(database).await;
    let ada = member(1, "");
    let session = session(1, &ada);
    commit(&*store, &[Change::PutSession(session.clone())]).await;
    let found = store.session(&session.digest).await.unwrap();
    assert_eq!(found, Some(session.clone()));
    assert_eq!(store.session(&SecretDigest([4; 32])).await.unwrap(), None);

    let of_nobody = Session {
        id: SessionId(Uuid::from_u128(5)),
        digest: SecretDigest([5; 32]),
        member: member(9, "").id,
        ..session
    };
    let refused = enter(&*store, &[Change::PutSession(of_nobody)], some_record()).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
}

pub(crate) async fn sessions_end_by_id_and_by_time(database: &dyn Database) {
    let store = opened(database).await;
    let sessions = [1, 2, 3].map(|number| session(number, &member(1, "")));
    commit(&*store, &sessions.clone().map(Change::PutSession)).await;
    let [first, second, third] = sessions;
    assert_eq!(
        store.sessions().await.unwrap(),
        [third.clone(), second.clone(), first.clone()]
    );
    commit(&*store, &[Change::DeleteExpiredSessions(first.expires_at)]).await;
    assert_eq!(
        store.sessions().await.unwrap(),
        [third.clone(), second.clone()]
    );
    commit(&*store, &[Change::DeleteSession(third.id)]).await;
    assert_eq!(store.session(&third.digest).await.unwrap(), None);
    assert_eq!(store.sessions().await.unwrap(), [second]);
}

pub(crate) async fn the_upstream_is_one_row(database: &dyn Database) {
    let store = database.open().await;
    assert_eq!(store.upstream().await.unwrap(), None);
    let url = "https://api.phare.io".to_owned();
    for (identity, since) in [
        (UpstreamIdentity::Sandbox, 1_790_000_000_000_001),
        (UpstreamIdentity::Phare { url }, 1_790_000_000_000_002),
        (UpstreamIdentity::Sandbox, 1_790_000_000_000_003),
    ] {
        let since = at(since);
        let adopted = AdoptedUpstream { identity, since };
        commit(&*store, &[Change::PutUpstream(adopted.clone())]).await;
        assert_eq!(store.upstream().await.unwrap(), Some(adopted));
    }
}

pub(crate) async fn keys_of_phare_keep_both_slots(database: &dyn Database) {
    let store = database.open().await;
    let secret = |number: u128, findings| PhareSecret {
        id: PhareSecretId(Uuid::from_u128(number)),
        display: "pha_prj_abcd…wxyz".into(),
        kind: ScopeKind::Project,
        added_at: at(1_700_000_000_000_001),
        findings,
        refused_at: None,
    };
    let found = Findings {
        at: at(1_700_000_000_000_002),
        platform: Some(ProductScope::Read),
        uptime: None,
        projects: vec![SeenProject {
            id: ProjectId(7),
            name: "Dépôt".into(),
        }],
        calls: vec![ExaminingCall {
            request: "GET /projects".into(),
            status: 200,
        }],
    };
    let mut first = PhareKey {
        id: PhareKeyId(Uuid::from_u128(1)),
        name: "First".into(),
        purpose: Purpose::Attached,
        current: secret(11, Some(found)),
        next: Some(secret(12, None)),
        switched_at: Some(at(1_700_000_000_000_003)),
    };
    let second = PhareKey {
        id: PhareKeyId(Uuid::from_u128(2)),
        purpose: Purpose::Kept,
        current: secret(21, None),
        next: None,
        switched_at: None,
        ..first.clone()
    };
    commit(
        &*store,
        &[second.clone(), first.clone()].map(Change::PutPhareKey),
    )
    .await;
    assert_eq!(
        store.phare_keys().await.unwrap(),
        [first.clone(), second.clone()]
    );

    first.current.refused_at = Some(at(1_700_000_000_000_004));
    first.next = None;
    let changes = [
        Change::PutPhareKey(first.clone()),
        Change::DeletePhareKey(second.id),
    ];
    commit(&*store, &changes).await;
    assert_eq!(store.phare_keys().await.unwrap(), [first]);
}
