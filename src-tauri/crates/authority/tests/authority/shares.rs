//! What keys may have of the calls a minute.

use gardien_authority::Fault;
use gardien_authority::api::{
    CouldMake, KeyPatch, NewKey, OrganizationPatch, OtherCouldMake, SharePatch, WhatIfQuery,
    WhatIfView,
};
use gardien_domain::KeyId;
use gardien_domain::share::Share;
use uuid::Uuid;

use crate::world::{World, new_key};

fn keeping(reserved: u32) -> Share {
    Share {
        reserved,
        ..Share::default()
    }
}

fn refused(fault: Fault) -> (String, String) {
    let Fault::Invalid(fields) = fault else {
        panic!("{fault:?}")
    };
    let (field, why) = fields.into_iter().next().unwrap();
    (field, why.join(" "))
}

async fn made(world: &World, share: Share) -> Result<KeyId, Fault> {
    let new = NewKey {
        share: Some(share),
        ..new_key()
    };
    let made = world
        .authority
        .create_key(world.owner.manage_keys().unwrap(), new)
        .await;
    made.map(|made| made.key.id)
}

#[tokio::test]
async fn more_than_there_is_is_kept_for_nobody() {
    let world = World::new().await;
    let first = made(&world, keeping(60)).await.unwrap();
    let (field, why) = refused(made(&world, keeping(40)).await.unwrap_err());
    assert_eq!(field, "share.reserved");
    assert!(
        why.contains("100 of 100") && why.contains("60 of them") && why.contains("39 at most"),
        "{why}"
    );
    let second = made(&world, keeping(39)).await.unwrap();
    // Its own does not count against it.
    let patch = |reserved| KeyPatch {
        share: Some(Some(SharePatch {
            reserved: Some(Some(reserved)),
            ..SharePatch::default()
        })),
        ..KeyPatch::default()
    };
    let authority = &world.authority;
    let wider = authority.update_key(world.owner.manage_keys().unwrap(), first, patch(61));
    assert_eq!(refused(wider.await.unwrap_err()).0, "share.reserved");
    let narrower = authority.update_key(world.owner.manage_keys().unwrap(), first, patch(10));
    assert_eq!(narrower.await.unwrap().share.reserved, 10);

    let lower = OrganizationPatch {
        calls_per_minute: Some(49),
        ..OrganizationPatch::default()
    };
    let lowered = authority.update_organization(world.owner.manage_organization().unwrap(), lower);
    let (field, why) = refused(lowered.await.unwrap_err());
    assert_eq!(
        (field.as_str(), why.contains("49 are kept free")),
        ("calls_per_minute", true)
    );

    // What was kept for a key that is gone may go to another; the key comes back without it.
    authority
        .revoke_key(world.owner.manage_keys().unwrap(), second)
        .await
        .unwrap();
    made(&world, keeping(80)).await.unwrap();
    let back = authority
        .restore_key(world.owner.manage_keys().unwrap(), second)
        .await;
    assert_eq!(back.unwrap().share, Share::default());
}

#[tokio::test]
async fn a_limit_leaves_no_burst_that_is_larger() {
    let world = World::new().await;
    let change = |burst, calls_per_minute| OrganizationPatch {
        burst,
        calls_per_minute,
        ..OrganizationPatch::default()
    };
    let manager = world.owner.manage_organization().unwrap();
    let larger = world
        .authority
        .update_organization(manager, change(Some(Some(80)), None));
    assert_eq!(larger.await.unwrap().burst, Some(80));
    let lower = world
        .authority
        .update_organization(manager, change(None, Some(50)));
    assert_eq!(refused(lower.await.unwrap_err()).0, "burst");
    let both = world
        .authority
        .update_organization(manager, change(Some(None), Some(50)));
    assert_eq!(both.await.unwrap().calls_per_minute, 50);
}

#[tokio::test]
async fn what_no_share_is_is_refused_by_field() {
    let world = World::new().await;
    let usual = Share::default();
    for (share, field) in [
        (
            Share {
                at_most: Some(0),
                ..usual
            },
            "share.at_most",
        ),
        (Share { weight: 0, ..usual }, "share.weight"),
        (
            Share {
                weight: 11,
                ..usual
            },
            "share.weight",
        ),
        (
            Share {
                at_most: Some(5),
                reserved: 6,
                weight: 1,
            },
            "share.reserved",
        ),
        (
            Share {
                reserved: 100,
                ..usual
            },
            "share.reserved",
        ),
    ] {
        let fault = made(&world, share).await.unwrap_err();
        assert_eq!(refused(fault).0, field, "{share:?}");
    }
}

#[tokio::test]
async fn a_replaced_key_hands_its_share_on() {
    let world = World::new().await;
    let leaked = made(&world, keeping(70)).await.unwrap();
    let replaced = world
        .authority
        .replace_key(world.owner.manage_keys().unwrap(), leaked)
        .await;
    assert_eq!(replaced.unwrap().key.share, keeping(70));
}

#[test]
fn a_patch_changes_what_it_names_and_null_takes_it_away() {
    let before = Share {
        at_most: Some(30),
        reserved: 10,
        weight: 3,
    };
    for (patch, after) in [
        ("{}", before),
        (
            r#"{"at_most":50}"#,
            Share {
                at_most: Some(50),
                ..before
            },
        ),
        (
            r#"{"at_most":null}"#,
            Share {
                at_most: None,
                ..before
            },
        ),
        (
            r#"{"reserved":null,"weight":null}"#,
            Share {
                reserved: 0,
                weight: 1,
                ..before
            },
        ),
        (
            r#"{"reserved":0}"#,
            Share {
                reserved: 0,
                ..before
            },
        ),
    ] {
        let patch: SharePatch = serde_json::from_str(patch).unwrap();
        assert_eq!(patch.of(before), after, "{patch:?}");
    }
}

#[test]
fn nothing_is_null_and_what_an_older_server_says_is_understood() {
    let none = Share::default();
    let told = r#"{"at_most":null,"reserved":null,"weight":1}"#;
    assert_eq!(serde_json::to_string(&none).unwrap(), told);
    for said in [told, r#"{"at_most":null,"reserved":0,"weight":1}"#, "{}"] {
        assert_eq!(serde_json::from_str::<Share>(said).unwrap(), none, "{said}");
    }
    let kept = serde_json::to_value(keeping(10)).unwrap();
    assert_eq!(kept["reserved"], 10);
}

#[tokio::test]
async fn what_if_names_another_key_to_whoever_sets_shares_and_refuses_what_no_share_is() {
    let world = World::new().await;
    let (bot, other) = (world.key().await.0, world.key().await.0);
    let manager = || world.owner.manage_keys().unwrap();
    let asked = |query| world.authority.what_if(manager(), query);
    let query = WhatIfQuery {
        key_id: Some(bot),
        reserved: Some(30),
        ..WhatIfQuery::default()
    };
    let could = |made| CouldMake {
        wanted: 10,
        made,
        at: "2027-01-15T07:59:00Z".parse().unwrap(),
    };
    let told = WhatIfView {
        known_minutes: 7,
        key: Some(could(5)),
        other: Some(OtherCouldMake {
            id: other,
            name: "Grafana".to_owned(),
            could: could(2),
        }),
    };
    assert_eq!(asked(query).await.unwrap(), told);
    let fresh = WhatIfQuery {
        key_id: None,
        ..query
    };
    assert_eq!(asked(fresh).await.unwrap().key, None);

    let too_much = WhatIfQuery {
        reserved: Some(100),
        ..query
    };
    let fault = asked(too_much).await.unwrap_err();
    assert_eq!(refused(fault).0, "share.reserved");
    let nobody = WhatIfQuery {
        key_id: Some(KeyId(Uuid::nil())),
        ..query
    };
    let fault = asked(nobody).await.unwrap_err();
    assert!(matches!(fault, Fault::NotFound { .. }), "{fault:?}");
}
