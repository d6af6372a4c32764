//! Calls at a steady pace: each at its time, whatever became of those before it. What a call waits for an answer to the
//! one before counts as its own, as it does for who wants to make it.
//!
//! `h2load --rps` can send one and the same secret only, lets all connections call in the same millisecond, and does not
//! count what a call waits before it is sent.

use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;

use crate::management::Management;
use crate::wire::Wire;

/// Connections that keys are made over: whoever makes one waits until it is on the disk.
const HANDS: u32 = 4;

#[derive(Debug, Args)]
pub(crate) struct Pace {
    /// Whom it calls.
    #[arg(long)]
    address: SocketAddr,
    /// The path that it asks for.
    #[arg(long)]
    path: String,
    /// The secrets that it calls with in turn, one a line.
    #[arg(long, value_name = "FILE")]
    secrets: PathBuf,
    /// How many of these it leaves out before its first call.
    #[arg(long)]
    begin: usize,
    /// Calls a second.
    #[arg(long)]
    rate: f64,
    /// Connections that they are spread over.
    #[arg(long)]
    connections: u32,
    /// For so long.
    #[arg(long)]
    seconds: f64,
    /// Keys a second that are made meanwhile, if it is said where.
    #[arg(long, default_value_t = 100.0)]
    keys: f64,
    #[command(flatten)]
    management: Option<Management>,
}

impl Pace {
    pub(crate) fn run(self) -> Result<(), Box<dyn Error>> {
        let secrets = fs::read_to_string(&self.secrets)?;
        let secrets: Vec<_> = secrets.lines().collect();
        let start = Instant::now() + Duration::from_millis(20);
        let (this, secrets) = (&self, &secrets);
        let mut waits = thread::scope(|scope| {
            let makers = this.management.iter().flat_map(|management| {
                let make = move |number| this.make(number, start, management);
                (0..HANDS).map(move |number| scope.spawn(move || make(number)))
            });
            let makers: Vec<_> = makers.collect();
            let callers: Vec<_> = (0..this.connections)
                .map(|number| scope.spawn(move || this.call(number, start, secrets)))
                .collect();
            let mut waits = Vec::new();
            for caller in callers {
                waits.extend(caller.join().map_err(|_| "a caller panicked")??);
            }
            for maker in makers {
                maker.join().map_err(|_| "who makes keys panicked")??;
            }
            Ok::<_, Box<dyn Error>>(waits)
        })?;
        waits.sort_unstable();
        let mut said = format!(
            "requests {}\nseconds {:.6}\nrefused 0\nfailed 0\n",
            waits.len(),
            start.elapsed().as_secs_f64()
        );
        for (name, share) in [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)] {
            let place = ((waits.len() as f64 * share) as usize).min(waits.len().saturating_sub(1));
            let wait = waits.get(place).ok_or("no call was made")?;
            said.push_str(&format!("{name} {}\n", wait.as_micros()));
        }
        Ok(io::stdout().write_all(said.as_bytes())?)
    }

    /// The waits of one connection.
    fn call(&self, number: u32, start: Instant, secrets: &[&str]) -> io::Result<Vec<Duration>> {
        let mut wire = Wire::open(self.address)?;
        let mut waits = Vec::new();
        for (call, due) in self.times(number, self.connections, self.rate) {
            let request = format!(
                "GET {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
                self.path,
                self.address,
                secrets[(self.begin + call) % secrets.len()]
            );
            let from = wait(start + due);
            wire.ask(&request)?.expect(&[200])?;
            waits.push(from.elapsed());
        }
        Ok(waits)
    }

    /// Makes the keys of one connection.
    fn make(&self, number: u32, start: Instant, management: &Management) -> io::Result<()> {
        let mut desk = management.open()?;
        for (_, due) in self.times(number, HANDS, self.keys) {
            wait(start + due);
            desk.make()?;
        }
        Ok(())
    }

    /// What one of so many connections does, each with its time after the start.
    fn times(&self, number: u32, of: u32, rate: f64) -> impl Iterator<Item = (usize, Duration)> {
        let all = (number as usize..).step_by(of as usize);
        let due = all.map(move |one| (one, one as f64 / rate));
        due.take_while(|(_, after)| *after < self.seconds)
            .map(|(one, after)| (one, Duration::from_secs_f64(after)))
    }
}

/// Waits until it is time. What was to be done then is late from that time on; but how late a sleeper wakes up is the
/// system's, not the contestant's.
fn wait(due: Instant) -> Instant {
    let Some(early) = due.checked_duration_since(Instant::now()) else {
        return due;
    };
    thread::sleep(early);
    Instant::now()
}
