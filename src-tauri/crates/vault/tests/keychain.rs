//! The vault against a real keychain, each test in a desktop session of its own.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods
)]

use std::env;
use std::future::Future;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use acceptance::session::{Keychain, Session};
use gardien_vault::{Vault, VaultFault, VaultItem, VaultState};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

/// Set in the process that speaks with the keychain: the address of a bus is a matter of a whole process.
const INSIDE: &str = "GARDIEN_VAULT_INSIDE";

/// Runs the body of the test of this name in a process whose environment is this session.
fn inside(session: &Session, test: &str) {
    let output = session
        .command(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

fn test(name: &str, keychain: Keychain, body: impl Future<Output = ()>) {
    if env::var_os(INSIDE).is_some() {
        tokio::runtime::Runtime::new().unwrap().block_on(body);
    } else {
        inside(&Session::start(keychain).unwrap(), name);
    }
}

fn key(id: u128) -> VaultItem {
    VaultItem::KeySecret {
        installation: Uuid::from_u128(7),
        key: Uuid::from_u128(id),
    }
}

async fn text(vault: &Vault, item: &VaultItem) -> String {
    vault.get(item).await.unwrap().expose_secret().to_owned()
}

fn lock() {
    let locked = Command::new("dbus-send")
        .args([
            "--session",
            "--print-reply",
            "--dest=org.freedesktop.secrets",
        ])
        .args([
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service.Lock",
        ])
        .arg("array:objpath:/org/freedesktop/secrets/collection/login")
        .output()
        .unwrap();
    assert!(locked.status.success(), "{locked:?}");
}

/// Replaces the daemon by an unlocked one. It is part of the session and ends with it.
#[expect(clippy::zombie_processes, reason = "the session ends it")]
fn start_anew() {
    let mut daemon = Command::new("gnome-keyring-daemon")
        .args([
            "--replace",
            "--foreground",
            "--unlock",
            "--components=secrets",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    daemon.stdin.take().unwrap().write_all(b"test").unwrap();
}

#[test]
fn found_and_not_found() {
    test("found_and_not_found", Keychain::Unlocked, async {
        let vault = Vault::open();
        assert_eq!(vault.state().await, VaultState::Available);
        assert_eq!(vault.get(&key(1)).await.unwrap_err(), VaultFault::NotFound);

        vault
            .put(&key(1), SecretString::from("first"))
            .await
            .unwrap();
        vault
            .put(&key(2), SecretString::from("second ✓"))
            .await
            .unwrap();
        assert_eq!(text(&vault, &key(1)).await, "first");
        assert_eq!(text(&Vault::open(), &key(2)).await, "second ✓");
        let elsewhere = VaultItem::KeySecret {
            installation: Uuid::from_u128(8),
            key: Uuid::from_u128(1),
        };
        assert_eq!(
            vault.get(&elsewhere).await.unwrap_err(),
            VaultFault::NotFound
        );

        vault
            .put(&key(1), SecretString::from("in its place"))
            .await
            .unwrap();
        assert_eq!(text(&vault, &key(1)).await, "in its place");

        vault.remove(&key(1)).await.unwrap();
        assert_eq!(vault.remove(&key(1)).await, Err(VaultFault::NotFound));
        assert_eq!(vault.get(&key(1)).await.unwrap_err(), VaultFault::NotFound);
        assert_eq!(text(&vault, &key(2)).await, "second ✓");
    });
}

#[test]
fn what_is_kept_is_listed_by_name() {
    test(
        "what_is_kept_is_listed_by_name",
        Keychain::Unlocked,
        async {
            let vault = Vault::open();
            assert_eq!(vault.list().await, Ok(vec![]));
            let url = "https://gardien.example".to_owned();
            let items = [key(1), key(2), VaultItem::TeamSession { url }];
            for item in &items {
                vault.put(item, SecretString::from("s")).await.unwrap();
            }
            let listed = vault.list().await.unwrap();
            assert_eq!(listed.len(), 3);
            assert!(items.iter().all(|item| listed.contains(item)), "{listed:?}");
            lock();
            assert_eq!(vault.list().await, Err(VaultFault::Locked));
        },
    );
}

#[test]
fn locked_from_the_start() {
    test("locked_from_the_start", Keychain::Locked, async {
        let vault = Vault::open();
        assert_eq!(vault.state().await, VaultState::Locked);
        assert_eq!(vault.get(&key(1)).await.unwrap_err(), VaultFault::Locked);
        assert_eq!(
            vault.put(&key(1), SecretString::from("s")).await,
            Err(VaultFault::Locked)
        );
        assert_eq!(vault.remove(&key(1)).await, Err(VaultFault::Locked));
    });
}

#[test]
fn locked_while_in_use() {
    test("locked_while_in_use", Keychain::Unlocked, async {
        let vault = Vault::open();
        vault
            .put(&key(1), SecretString::from("kept"))
            .await
            .unwrap();
        lock();
        assert_eq!(vault.state().await, VaultState::Locked);
        assert_eq!(vault.get(&key(1)).await.unwrap_err(), VaultFault::Locked);
        assert_eq!(
            vault.put(&key(2), SecretString::from("s")).await,
            Err(VaultFault::Locked)
        );
    });
}

#[test]
fn a_keychain_started_anew_is_found_again() {
    test(
        "a_keychain_started_anew_is_found_again",
        Keychain::Unlocked,
        async {
            let vault = Vault::open();
            vault
                .put(&key(1), SecretString::from("kept"))
                .await
                .unwrap();
            lock();
            assert_eq!(vault.get(&key(1)).await.unwrap_err(), VaultFault::Locked);
            start_anew();
            let end = Instant::now() + Duration::from_secs(10);
            while vault.state().await != VaultState::Available && Instant::now() < end {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            assert_eq!(text(&vault, &key(1)).await, "kept");
        },
    );
}

#[test]
fn no_keychain_on_the_bus() {
    test("no_keychain_on_the_bus", Keychain::Absent, async {
        let vault = Vault::open();
        assert_eq!(vault.state().await, VaultState::Unavailable);
        assert_eq!(
            vault.get(&key(1)).await.unwrap_err(),
            VaultFault::Unavailable
        );
        assert_eq!(
            vault.put(&key(1), SecretString::from("s")).await,
            Err(VaultFault::Unavailable)
        );
        assert_eq!(vault.remove(&key(1)).await, Err(VaultFault::Unavailable));
    });
}

#[test]
fn no_bus() {
    if env::var_os(INSIDE).is_some() {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let vault = Vault::open();
            assert_eq!(vault.state().await, VaultState::Unavailable);
            assert_eq!(
                vault.get(&key(1)).await.unwrap_err(),
                VaultFault::Unavailable
            );
        });
        return;
    }
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "no_bus", "--nocapture"])
        .env(INSIDE, "1")
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
