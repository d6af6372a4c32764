//! A replacement that is taken back, where more than half of the calls a minute are kept free for the key.

use gardien_authority::api::NewKey;
use gardien_domain::share::Share;
use gardien_domain::{ProductScope, ProductScopes, Scope};
use gardien_server::Service;
use tempfile::TempDir;

use super::*;
use crate::error::Code;

const SHARE: Share = Share {
    at_most: Some(80),
    reserved: 60,
    weight: 3,
};

/// A key, and the one that took its place.
struct Replaced {
    service: Service,
    client: Client,
    id: KeyId,
    replacement: KeyId,
    _folder: TempDir,
}

impl Replaced {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let service = Service::open(folder.path()).await.unwrap();
        let owner = service.found("Here", "owen@here.test").await.unwrap();
        let client = service.client(owner);
        let key = NewKey {
            name: "Terraform".to_owned(),
            note: String::new(),
            scope: Scope::Organization {},
            products: ProductScopes {
                platform: ProductScope::Read,
                uptime: ProductScope::None,
            },
            share: Some(SHARE),
            expires_at: None,
        };
        let id = client.create_key(&key).await.unwrap().key.id;
        let made = client.replace_key(id).await.unwrap().key;
        assert_eq!(made.share, SHARE);
        Self {
            service,
            client,
            id,
            replacement: made.id,
            _folder: folder,
        }
    }

    async fn comes_back_whole(&self) {
        let restored = restore(&self.client, self.id, self.replacement).await;
        let restored = restored.unwrap();
        assert_eq!(
            (restored.status, restored.share),
            (KeyStatus::Active, SHARE)
        );
    }

    async fn share_of_the_replacement(&self) -> Share {
        self.client.key(self.replacement).await.unwrap().share
    }
}

#[tokio::test]
async fn what_is_kept_free_goes_back_to_the_key() {
    let keys = Replaced::new().await;
    keys.comes_back_whole().await;
    let rest = Share {
        reserved: 0,
        ..SHARE
    };
    assert_eq!(keys.share_of_the_replacement().await, rest);
    keys.service.stop().await;
}

#[tokio::test]
async fn a_key_comes_back_after_its_replacement_was_revoked() {
    let keys = Replaced::new().await;
    keys.client.revoke_key(keys.replacement).await.unwrap();
    keys.comes_back_whole().await;
    keys.service.stop().await;
}

#[tokio::test]
async fn a_replacement_keeps_its_share_when_the_key_does_not_come_back() {
    let keys = Replaced::new().await;
    let nobody = KeyId(uuid::Uuid::nil());
    let restored = restore(&keys.client, nobody, keys.replacement).await;
    assert!(restored.unwrap_err().is(Code::NotFound));
    assert_eq!(keys.share_of_the_replacement().await, SHARE);
    keys.service.stop().await;
}
