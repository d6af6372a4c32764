//! Rule 7 among many keys: each of some is revoked while callers use it over connections that stay.

use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;

use crate::management::{Desk, Management};
use crate::wire::Wire;

const CALLERS: usize = 16;
/// Calls that each caller still makes once it knows of the revocation.
const AFTERWARDS: usize = 2;
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Debug, Args)]
pub(crate) struct Race {
    /// Whom they call.
    #[arg(long)]
    address: SocketAddr,
    /// The path that they ask for.
    #[arg(long)]
    path: String,
    /// The secrets of the keys, one a line.
    #[arg(long, value_name = "FILE")]
    secrets: PathBuf,
    /// How many of these are revoked.
    #[arg(long)]
    races: usize,
    #[command(flatten)]
    management: Management,
}

/// One key and what is known about its end.
struct Round {
    call: String,
    /// The revocation was acknowledged.
    over: AtomicBool,
    granted: AtomicUsize,
    /// Of calls that began when it was over.
    granted_after: AtomicUsize,
}

impl Race {
    pub(crate) fn run(self) -> Result<(), Box<dyn Error>> {
        let secrets = fs::read_to_string(&self.secrets)?;
        let secrets: Vec<_> = secrets.lines().collect();
        let mut desk = self.management.open()?;
        let mut wires = (0..CALLERS)
            .map(|_| Wire::open(self.address))
            .collect::<io::Result<Vec<_>>>()?;
        // From all over the list.
        let step = (secrets.len() / self.races.max(1)).max(1);
        let (mut races, mut granted_after) = (0, 0);
        for secret in secrets.iter().step_by(step).take(self.races) {
            granted_after += self.race(races, secret, &mut desk, &mut wires)?;
            races += 1;
        }
        let said = format!("races {races}\ngranted_after {granted_after}\n");
        Ok(io::stdout().write_all(said.as_bytes())?)
    }

    /// Calls that were granted although the revocation of their key had been acknowledged when they began.
    fn race(
        &self,
        number: usize,
        secret: &str,
        desk: &mut Desk<'_>,
        wires: &mut [Wire],
    ) -> Result<usize, Box<dyn Error>> {
        let id = desk.find(secret)?;
        let round = &Round {
            call: format!(
                "GET {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {secret}\r\n\r\n",
                self.path, self.address
            ),
            over: AtomicBool::new(false),
            granted: AtomicUsize::new(0),
            granted_after: AtomicUsize::new(0),
        };
        // A different moment each time, and never before it was in use.
        let in_use = 1 + number % (2 * CALLERS);
        thread::scope(|scope| {
            let callers: Vec<_> = wires
                .iter_mut()
                .map(|wire| scope.spawn(move || round.call_until_over(wire)))
                .collect();
            let begun = Instant::now();
            while round.granted.load(Ordering::SeqCst) < in_use && begun.elapsed() < PATIENCE {
                thread::sleep(Duration::from_micros(200));
            }
            let revoked = desk.revoke(&id);
            // Also where that failed: callers go on until then.
            round.over.store(true, Ordering::SeqCst);
            for caller in callers {
                caller.join().map_err(|_| "a caller panicked")??;
            }
            Ok::<_, Box<dyn Error>>(revoked?)
        })?;
        if round.granted.load(Ordering::SeqCst) < in_use {
            return Err("hardly anything was granted before".into());
        }
        Ok(round.granted_after.load(Ordering::SeqCst))
    }
}

impl Round {
    /// Calls on one connection, a little longer than the key works.
    fn call_until_over(&self, wire: &mut Wire) -> io::Result<()> {
        let mut afterwards = 0;
        while afterwards < AFTERWARDS {
            let over = self.over.load(Ordering::SeqCst);
            let answer = wire.ask(&self.call)?;
            answer.expect(&[200, 401])?;
            if answer.status == 200 {
                let granted = if over {
                    &self.granted_after
                } else {
                    &self.granted
                };
                granted.fetch_add(1, Ordering::SeqCst);
            }
            afterwards += usize::from(over);
        }
        Ok(())
    }
}
