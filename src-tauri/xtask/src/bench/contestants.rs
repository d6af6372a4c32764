//! Who is measured.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::cores::Cores;
use super::plan::Task;
use super::{Programs, gardien, haproxy, nginx, peer};

/// One of them. Columns stand in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contestant {
    /// Nobody: the load calls the upstream itself.
    Straight,
    Nginx,
    HaProxy,
    Hyper,
    HyperOneThread,
    Gardien,
}

/// What all are given alike.
pub(super) struct Given<'a> {
    /// Where the lists of secrets lie, and Gardien's data.
    pub(super) folder: &'a Path,
    /// How many secrets are known.
    pub(super) keys: usize,
    pub(super) cores: &'a Cores,
    /// The upstream's port.
    pub(super) upstream: u16,
    pub(super) programs: &'a Programs,
}

impl Given<'_> {
    /// The known secrets, one a line.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn known(&self) -> io::Result<String> {
        fs::read_to_string(self.folder.join("known"))
    }

    /// The last secret of a list.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn last(&self, list: &str) -> io::Result<String> {
        let list = fs::read_to_string(self.folder.join(list))?;
        Ok(list.lines().next_back().unwrap_or_default().to_owned())
    }
}

impl Contestant {
    pub(super) const ALL: [Self; 6] = [
        Self::Straight,
        Self::Nginx,
        Self::HaProxy,
        Self::Hyper,
        Self::HyperOneThread,
        Self::Gardien,
    ];

    /// At the head of its column.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Straight => "no gateway",
            Self::Nginx => "nginx",
            Self::HaProxy => "HAProxy",
            Self::Hyper => "bare hyper",
            Self::HyperOneThread => "bare hyper, one thread",
            Self::Gardien => "Gardien",
        }
    }

    /// Whether it is given this task: who knows all keys refuses none.
    pub(super) fn is_given(self, task: Task) -> bool {
        !(self == Self::Straight && task == Task::Unknown)
    }

    /// How to start it on this port, with a folder of its own; nothing where there is nobody to start. What is managed over
    /// HTTP listens for that on the other port.
    ///
    /// # Errors
    /// When what it reads at its start cannot be written.
    pub(super) fn command(
        self,
        given: &Given<'_>,
        folder: &Path,
        port: u16,
        management: u16,
    ) -> io::Result<Option<Command>> {
        Ok(Some(match self {
            Self::Straight => return Ok(None),
            Self::Nginx => nginx::command(given, folder, port)?,
            Self::HaProxy => haproxy::command(given, folder, port)?,
            Self::Hyper => peer::command(given, port, false),
            Self::HyperOneThread => peer::command(given, port, true),
            Self::Gardien => gardien::command(given, port, management),
        }))
    }

    /// How long it goes on after its last answer, with what its answers cost and what would disturb the next one's round:
    /// nginx writes its log a second after the first line that waits for it, Gardien uses every 3 seconds.
    pub(super) const fn aftermath(self) -> Duration {
        match self {
            Self::Nginx => Duration::from_millis(1_200),
            Self::Gardien => Duration::from_millis(3_500),
            _ => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Contestant;

    #[test]
    fn each_is_found_in_its_column() {
        for (column, contestant) in Contestant::ALL.into_iter().enumerate() {
            assert_eq!(contestant as usize, column);
        }
    }
}
