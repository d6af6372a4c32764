//! Tests that keep every core busy take turns: side by side they would only run into each other's time-outs.

use tokio::sync::{Mutex, MutexGuard};

/// Waits until no other heavy test runs. Keep what it returns until the end.
pub async fn heavy() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}
