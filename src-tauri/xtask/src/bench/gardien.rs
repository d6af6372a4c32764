//! Gardien's server, over a data folder that was filled beforehand.

use std::io;
use std::process::Command;

use super::contestants::Given;
use super::cores::pinned;
use super::plan::Plan;
use super::upstream::{PATH, SECRET};

/// One that forwards to the upstream as if it were Phare.
pub(super) fn command(given: &Given<'_>, port: u16, management: u16) -> Command {
    let mut server = pinned(&given.cores.contestant);
    server.arg(&given.programs.gardien).arg("serve");
    server.arg("--data").arg(given.folder.join("data"));
    server.arg(format!("--gateway=127.0.0.1:{port}"));
    server.arg(format!("--management=127.0.0.1:{management}"));
    server.arg(format!("--phare=http://127.0.0.1:{}", given.upstream));
    server.env("PHARE_API_KEY", SECRET);
    server
}

/// The management API of a running one, for its Owner.
pub(super) struct Management {
    port: u16,
    session: String,
}

impl Management {
    /// Opens a session at the one that listens on this port.
    ///
    /// # Errors
    /// When that is refused.
    pub(super) fn open(given: &Given<'_>, port: u16) -> io::Result<Self> {
        let mut token = Command::new(&given.programs.gardien);
        token.args(["token", "--role=owner", "--email=owner@gardien.localhost"]);
        token.arg("--data").arg(given.folder.join("data"));
        let session = said(token)?.trim().to_owned();
        Ok(Self { port, session })
    }

    /// Has a load make keys meanwhile.
    pub(super) fn change_amid(&self, load: &mut Command, plan: &Plan) {
        self.tell(load);
        load.arg(format!("--keys={}", plan.made));
    }

    /// Has so many keys revoked while they are in use at this port. How many were granted after the acknowledgement.
    ///
    /// # Errors
    /// When something else than that goes wrong.
    pub(super) fn race(&self, given: &Given<'_>, port: u16, races: usize) -> io::Result<usize> {
        let mut race = pinned(&given.cores.load);
        race.arg(&given.programs.bench).arg("race");
        race.arg(format!("--address=127.0.0.1:{port}"));
        race.arg(format!("--path={PATH}"));
        race.arg("--secrets").arg(given.folder.join("calling"));
        race.arg(format!("--races={races}"));
        self.tell(&mut race);
        let said = said(race)?;
        let granted = said
            .lines()
            .find_map(|line| line.strip_prefix("granted_after "));
        let granted = granted.and_then(|granted| granted.parse().ok());
        granted.ok_or_else(|| io::Error::other(said))
    }

    fn tell(&self, part: &mut Command) {
        part.arg(format!("--management=127.0.0.1:{}", self.port));
        part.arg(format!("--session={}", self.session));
    }
}

fn said(mut program: Command) -> io::Result<String> {
    let output = program.output()?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(errors.into_owned()));
    }
    String::from_utf8(output.stdout).map_err(io::Error::other)
}
