//! What a keychain that refuses, and answers again, is given and keeps.

use std::rc::Rc;

use gardien_vault::Keychain;
use secrecy::ExposeSecret as _;
use tokio::join;

use super::*;

/// Of whoever looks at it and of the thread that asks it.
#[derive(Debug, Clone, Default)]
struct Chain {
    locked: Arc<AtomicBool>,
    kept: Arc<Mutex<Vec<(VaultItem, String)>>>,
    /// It answers nothing while somebody holds this.
    hung: Arc<tokio::sync::Mutex<()>>,
}

impl Chain {
    fn keeper(&self) -> Keeper {
        let theirs = self.clone();
        Keeper::new(Vault::owning(move || theirs, Duration::from_mins(1)))
    }

    fn lock(&self, locked: bool) {
        self.locked.store(locked, Ordering::Release);
    }

    fn asked(&self) -> Result<(), VaultFault> {
        drop(self.hung.blocking_lock());
        if self.locked.load(Ordering::Acquire) {
            return Err(VaultFault::Locked);
        }
        Ok(())
    }

    /// What it holds, by whoever looks into it past the keeper.
    fn holds(&self, item: &VaultItem) -> Option<String> {
        let kept = self.kept.lock().unwrap();
        let found = kept.iter().find(|(name, _)| name == item);
        found.map(|(_, secret)| secret.clone())
    }
}

impl Keychain for Chain {
    fn state(&mut self) -> VaultState {
        match self.asked() {
            Ok(()) => VaultState::Available,
            Err(_) => VaultState::Locked,
        }
    }

    fn get(&mut self, item: &VaultItem) -> Result<SecretString, VaultFault> {
        self.asked()?;
        let found = self.holds(item).ok_or(VaultFault::NotFound)?;
        Ok(found.into())
    }

    fn put(&mut self, item: &VaultItem, secret: &SecretString) -> Result<(), VaultFault> {
        self.asked()?;
        let mut kept = self.kept.lock().unwrap();
        kept.retain(|(name, _)| name != item);
        kept.push((item.clone(), secret.expose_secret().to_owned()));
        Ok(())
    }

    fn remove(&mut self, item: &VaultItem) -> Result<(), VaultFault> {
        self.asked()?;
        self.kept.lock().unwrap().retain(|(name, _)| name != item);
        Ok(())
    }

    fn list(&mut self) -> Result<Vec<VaultItem>, VaultFault> {
        self.asked()?;
        let kept = self.kept.lock().unwrap();
        Ok(kept.iter().map(|(item, _)| item.clone()).collect())
    }
}

fn session(url: &str) -> VaultItem {
    VaultItem::TeamSession {
        url: url.to_owned(),
    }
}

#[tokio::test]
async fn what_was_kept_after_it_was_forgotten_stays() {
    for unlocked_between in [false, true] {
        let (chain, item) = (Chain::default(), session("a"));
        let keeper = chain.keeper();
        keeper.keep(&item, "first".into()).await.unwrap();
        chain.lock(true);
        keeper.forget(&item).await;
        chain.lock(!unlocked_between);
        let kept = keeper.keep(&item, "second".into()).await;
        assert_eq!(kept.is_ok(), unlocked_between);
        assert!(keeper.lacks_something());

        chain.lock(false);
        keeper.offer_again().await;
        assert_eq!(chain.holds(&item).as_deref(), Some("second"));
        assert!(!keeper.lacks_something());
    }
}

#[tokio::test]
async fn what_was_forgotten_is_gone_at_once_and_from_the_keychain_once_it_answers() {
    for kept_before in [true, false] {
        let (chain, item) = (Chain::default(), session("a"));
        let keeper = chain.keeper();
        chain.lock(!kept_before);
        let _ = keeper.keep(&item, "first".into()).await;
        chain.lock(true);
        keeper.forget(&item).await;
        assert!(keeper.only_this_run().is_empty());

        chain.lock(false);
        let found = keeper.get(&item).await;
        assert_eq!(found.unwrap_err(), VaultFault::NotFound);
        assert!(keeper.offer_again().await.is_empty());
        assert_eq!(chain.holds(&item), None);
        assert!(!keeper.lacks_something());
    }
}

#[tokio::test]
async fn a_keychain_that_is_unlocked_is_good_again_once_it_has_what_it_did_not_take() {
    let (chain, item) = (Chain::default(), session("a"));
    let keeper = chain.keeper();
    chain.lock(true);
    let refused = keeper.keep(&item, "first".into()).await;
    assert_eq!(refused, Err(VaultFault::Locked));
    assert_eq!(keeper.last_state(), VaultState::Locked);

    chain.lock(false);
    assert_eq!(keeper.state().await, VaultState::Available);
    assert_eq!(
        keeper.last_state(),
        VaultState::Locked,
        "a look gives nothing"
    );
    assert_eq!(keeper.offer_again().await, [item]);
    assert_eq!(keeper.last_state(), VaultState::Available);
}

#[tokio::test]
async fn what_changes_while_the_keychain_is_offered_an_older_one_stays() {
    let (chain, items) = (
        Chain::default(),
        ["first", "rotated", "forgotten"].map(session),
    );
    let keeper = chain.keeper();
    chain.lock(true);
    for item in &items {
        let refused = keeper.keep(item, "older".into()).await;
        assert_eq!(refused, Err(VaultFault::Locked));
    }
    chain.lock(false);
    let hung = chain.hung.lock().await;
    // Each asks before the next one does, and is answered after all have.
    let (taken, first, rotated, (), ()) = join!(
        keeper.offer_again(),
        keeper.keep(&items[0], "newer".into()),
        keeper.keep(&items[1], "newer".into()),
        keeper.forget(&items[2]),
        async { drop(hung) },
    );
    assert_eq!(taken, [items[0].clone()]);
    assert_eq!((first, rotated), (Ok(()), Ok(())));
    let held = items.map(|item| chain.holds(&item));
    assert_eq!(held, [Some("newer".into()), Some("newer".into()), None]);
    assert!(!keeper.lacks_something());
}

#[tokio::test]
async fn what_is_kept_waits_for_an_older_one_of_its_name_and_for_no_other() {
    let (chain, item, other) = (Chain::default(), session("a"), session("b"));
    let theirs = chain.clone();
    let keeper = Keeper::new(Vault::owning(move || theirs, Duration::from_secs(1)));
    // It answers again once two were refused. Whoever waited for the first has its whole time from then on.
    let hung = Rc::new(chain.hung.lock().await);
    let until_refused = async |item: &VaultItem, hung| {
        let kept = keeper.keep(item, "older".into()).await;
        drop(hung);
        kept
    };
    let (older, newer, other) = join!(
        until_refused(&item, Rc::clone(&hung)),
        keeper.keep(&item, "newer".into()),
        until_refused(&other, hung),
    );
    let refused = Err(VaultFault::Unavailable);
    assert_eq!((older, newer, other), (refused, Ok(()), refused));
    assert_eq!(chain.holds(&item).as_deref(), Some("newer"));
}
