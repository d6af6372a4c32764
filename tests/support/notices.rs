//! What programs ask the system to show.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::desktop::Desk;

impl Desk {
    /// Everything that programs ask the system to show from here on.
    pub async fn notices(&mut self) -> Notices {
        let file = self.session().folder().join("notices");
        let mut listen = self.session().command("dbus-monitor");
        listen
            .arg("interface='org.freedesktop.Notifications'")
            .stdout(fs::File::create(&file).unwrap());
        self.session_mut().spawn(&mut listen).unwrap();
        let notices = Notices(file);
        // It says itself that it is there.
        notices
            .until("a bus that is listened to", |said| !said.is_empty())
            .await;
        notices
    }
}

/// What the bus carried of notifications.
pub struct Notices(PathBuf);

impl Notices {
    pub async fn wait_for(&self, text: &str) {
        self.until(text, |said| said.contains(text)).await;
    }

    async fn until(&self, what: &str, is: impl Fn(&str) -> bool) {
        let start = Instant::now();
        while !is(&fs::read_to_string(&self.0).unwrap()) {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "{what} was not shown"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
