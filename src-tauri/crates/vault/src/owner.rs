//! The one thread that owns the keychain, and the handle that asks it.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::oneshot;

use crate::keychain::{Keychain, System, TIME_LIMIT};
use crate::{VaultFault, VaultItem, VaultState};

type Question = Box<dyn FnOnce(&mut dyn Keychain) + Send>;

/// A handle to the operating system's keychain. Clones share the one thread behind it; the last one dropped ends it.
///
/// Every answer comes within a time limit of seconds (a minute where the system itself may ask the person); no answer
/// by then is [`VaultFault::Unavailable`]. Its methods want a tokio runtime with a timer.
#[derive(Debug, Clone)]
pub struct Vault {
    questions: mpsc::Sender<Question>,
    limit: Duration,
}

impl Vault {
    /// The keychain of this system and person. It is first contacted when first asked, so this neither blocks nor
    /// fails.
    #[must_use]
    pub fn open() -> Self {
        Self::owning(System::default, TIME_LIMIT)
    }

    /// A keychain of one's own, such as that of a test. It is opened and asked on a thread of its own, and has until `limit`
    /// for each answer.
    #[must_use]
    pub fn owning<K: Keychain>(open: impl FnOnce() -> K + Send + 'static, limit: Duration) -> Self {
        let (questions, queue) = mpsc::channel::<Question>();
        let thread = thread::Builder::new()
            .name("keychain".to_owned())
            .spawn(move || {
                let mut keychain = open();
                for question in queue {
                    question(&mut keychain);
                }
            });
        if let Err(error) = thread {
            // The queue went with it: every question is answered with "unavailable".
            tracing::error!(%error, "no thread for the keychain");
        }
        Self { questions, limit }
    }

    /// What the keychain is good for right now. Never prompts.
    pub async fn state(&self) -> VaultState {
        self.ask(|keychain| keychain.state())
            .await
            .unwrap_or(VaultState::Unavailable)
    }

    /// The secret kept under this name.
    ///
    /// # Errors
    /// Each of the three other answers.
    pub async fn get(&self, item: &VaultItem) -> Result<SecretString, VaultFault> {
        let item = item.clone();
        self.ask(move |keychain| keychain.get(&item)).await?
    }

    /// Keeps a secret under this name, in place of what was there.
    ///
    /// # Errors
    /// Locked or unavailable. After *unavailable* it may be kept all the same, when the keychain was slow rather than
    /// absent.
    pub async fn put(&self, item: &VaultItem, secret: SecretString) -> Result<(), VaultFault> {
        let item = item.clone();
        self.ask(move |keychain| keychain.put(&item, &secret))
            .await?
    }

    /// Forgets what is kept under this name.
    ///
    /// # Errors
    /// Each of the three other answers; not found means that there was nothing to forget.
    pub async fn remove(&self, item: &VaultItem) -> Result<(), VaultFault> {
        let item = item.clone();
        self.ask(move |keychain| keychain.remove(&item)).await?
    }

    /// Everything of Gardien's that the keychain holds, by name; no secret is read.
    ///
    /// # Errors
    /// Locked, or unavailable where the system cannot say without asking the person.
    pub async fn list(&self) -> Result<Vec<VaultItem>, VaultFault> {
        self.ask(|keychain| keychain.list()).await?
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut dyn Keychain) -> T + Send + 'static,
    ) -> Result<T, VaultFault> {
        let (reply, answer) = oneshot::channel();
        let question: Question = Box::new(move |keychain| {
            // Nobody waits any more: they were told "unavailable", and doing it now would contradict that.
            if !reply.is_closed() {
                let _ = reply.send(question(keychain));
            }
        });
        self.questions
            .send(question)
            .map_err(|_| VaultFault::Unavailable)?;
        match tokio::time::timeout(self.limit, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(VaultFault::Unavailable),
            Err(_) => {
                tracing::warn!("the keychain did not answer in time");
                Err(VaultFault::Unavailable)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    const SHORT: Duration = Duration::from_millis(100);

    /// Waits for a word before each put, and writes down what was put.
    struct Slow {
        word: mpsc::Receiver<()>,
        kept: Arc<Mutex<Vec<VaultItem>>>,
    }

    impl Keychain for Slow {
        fn state(&mut self) -> VaultState {
            VaultState::Available
        }
        fn get(&mut self, _: &VaultItem) -> Result<SecretString, VaultFault> {
            panic!("a bug in the keychain");
        }
        fn put(&mut self, item: &VaultItem, _: &SecretString) -> Result<(), VaultFault> {
            self.word.recv().unwrap();
            self.kept.lock().unwrap().push(item.clone());
            Ok(())
        }
        fn remove(&mut self, _: &VaultItem) -> Result<(), VaultFault> {
            Err(VaultFault::NotFound)
        }
        fn list(&mut self) -> Result<Vec<VaultItem>, VaultFault> {
            Ok(self.kept.lock().unwrap().clone())
        }
    }

    fn session(url: &str) -> VaultItem {
        VaultItem::TeamSession {
            url: url.to_owned(),
        }
    }

    fn slow() -> (Vault, mpsc::Sender<()>, Arc<Mutex<Vec<VaultItem>>>) {
        let (go, word) = mpsc::channel();
        let kept = Arc::default();
        let theirs = Arc::clone(&kept);
        let vault = Vault::owning(move || Slow { word, kept: theirs }, SHORT);
        (vault, go, kept)
    }

    #[tokio::test]
    async fn a_keychain_that_hangs_is_unavailable_and_recovers() {
        let (vault, go, kept) = slow();
        let secret = || SecretString::from("s");
        let hung = vault.put(&session("a"), secret()).await;
        assert_eq!(hung, Err(VaultFault::Unavailable));
        assert_eq!(vault.state().await, VaultState::Unavailable);
        let waited_in_vain = vault.put(&session("b"), secret()).await;
        assert_eq!(waited_in_vain, Err(VaultFault::Unavailable));

        go.send(()).unwrap();
        go.send(()).unwrap();
        assert_eq!(vault.put(&session("c"), secret()).await, Ok(()));
        assert_eq!(vault.state().await, VaultState::Available);
        // "b" was answered while it waited, so it must never be carried out.
        assert_eq!(*kept.lock().unwrap(), [session("a"), session("c")]);
    }

    #[tokio::test]
    async fn a_keychain_that_fails_for_good_is_unavailable() {
        let (vault, _go, _kept) = slow();
        assert_eq!(vault.remove(&session("a")).await, Err(VaultFault::NotFound));
        assert_eq!(
            vault.get(&session("a")).await.unwrap_err(),
            VaultFault::Unavailable
        );
        assert_eq!(vault.state().await, VaultState::Unavailable);
    }
}
