//! What keys may have of the calls a minute.

use gardien_authority::Fault;
use gardien_authority::api::{KeyPatch, NewKey, OrganizationPatch};
use gardien_domain::KeyId;
use gardien_domain::share::Share;

use crate::world::{World, new_key};

fn keeping(reserved: u32) -> Option<Share> {
    Some(Share {
        reserved,
        ..Share::default()
    })
}

fn refused(fault: Fault) -> (String, String) {
    let Fault::Invalid(fields) = fault else {
        panic!("{fault:?}")
    };
    let (field, why) = fields.into_iter().next().unwrap();
    (field, why.join(" "))
}

async fn made(world: &World, share: Option<Share>) -> Result<KeyId, Fault> {
    let new = NewKey { share, ..new_key() };
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
        why.contains("60 of the 100") && why.contains("100, and"),
        "{why}"
    );
    let second = made(&world, keeping(39)).await.unwrap();
    // Its own does not count against it.
    let patch = |share| KeyPatch {
        share,
        ..KeyPatch::default()
    };
    let authority = &world.authority;
    let wider = authority.update_key(
        world.owner.manage_keys().unwrap(),
        first,
        patch(keeping(61)),
    );
    assert_eq!(refused(wider.await.unwrap_err()).0, "share.reserved");
    let narrower = authority.update_key(
        world.owner.manage_keys().unwrap(),
        first,
        patch(keeping(10)),
    );
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
        let fault = made(&world, Some(share)).await.unwrap_err();
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
    assert_eq!(Some(replaced.unwrap().key.share), keeping(70));
}
