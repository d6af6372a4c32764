//! Gateways that share one PostgreSQL database, real processes, more and more of them: what each costs, and how long a
//! revocation takes until it is acknowledged.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::Args;
use gardien_store::{Gateways as _, Postgres, PostgresOptions, Store as _};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::management::{Desk, Management};

/// Renewals are counted for so long.
const COUNTED: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(crate) struct Team {
    /// The address of their database.
    #[arg(long, value_name = "URL")]
    database: String,
    /// The program that each of them is.
    #[arg(long, value_name = "FILE")]
    server: PathBuf,
    /// What they write goes here.
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// How many gateways, one measurement for each number, rising.
    #[arg(long, value_delimiter = ',', default_value = "1,3,10,30,100")]
    gateways: Vec<usize>,
    /// Keys that are revoked, for each number of gateways.
    #[arg(long, default_value_t = 500)]
    revocations: usize,
}

/// A process. Dropping it kills it.
struct Running {
    child: Child,
    ready: Value,
    took: Duration,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Team {
    pub(crate) fn run(self) -> Result<(), Box<dyn Error>> {
        fs::create_dir_all(&self.folder)?;
        let (desk, management) = self.open()?;
        let mut desk = desk.open()?;
        // A database that was filled has it.
        let _ = desk.make_project();
        let mut out = io::stdout().lock();
        writeln!(
            out,
            "gateways  start ms  memory MiB  renewals/s  revocation p50 ms  p99 ms  longest ms"
        )?;
        let mut running: Vec<Running> = Vec::new();
        for wanted in self.gateways.iter().copied() {
            while running.len() < wanted {
                let name = format!("gateway-{}", running.len());
                running.push(self.start(&name, ["127.0.0.1:0", "off"])?);
            }
            let newest = running.last().ok_or("there has to be one")?;
            let (start, memory) = (newest.took, memory(newest.child.id())?);
            let renewals = self.renewals()?;
            let mut times = self.revoke(&mut desk)?;
            times.sort_unstable();
            let at = |part: usize| ms(times[(times.len() - 1) * part / 100]);
            writeln!(
                out,
                "{wanted:8}  {:8.0}  {memory:10.1}  {renewals:10.1}  {:17.1}  {:6.1}  {:10.1}",
                ms(start),
                at(50),
                at(99),
                at(100)
            )?;
            out.flush()?;
        }
        drop(management);
        Ok(())
    }

    /// Whoever manages, and a session there.
    fn open(&self) -> Result<(Management, Running), Box<dyn Error>> {
        let token = self
            .command()
            .args([
                "token",
                "--email",
                "bench@gardien.localhost",
                "--role",
                "owner",
            ])
            .output()?;
        let running = self.start("desk", ["off", "127.0.0.1:0"])?;
        let address = running.ready["management"].as_str().unwrap_or_default();
        let management = Management {
            management: address.trim_start_matches("http://").parse()?,
            session: String::from_utf8(token.stdout)?.trim().to_owned(),
        };
        Ok((management, running))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.server);
        command.env("GARDIEN_DATABASE", &self.database);
        command
    }

    fn start(
        &self,
        name: &str,
        [gateway, management]: [&str; 2],
    ) -> Result<Running, Box<dyn Error>> {
        let begun = Instant::now();
        let mut child = self
            .command()
            .arg("serve")
            .arg("--data")
            .arg(self.folder.join(name))
            .args([
                "--name",
                name,
                "--gateway",
                gateway,
                "--management",
                management,
            ])
            .args(["--workers", "1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(self.folder.join(format!("{name}.log")))?)
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let took = begun.elapsed();
        let running = Running {
            child,
            ready: serde_json::from_str(&line).unwrap_or_default(),
            took,
        };
        if running.ready.is_null() {
            return Err(format!("{name} does not start: see {}", self.folder.display()).into());
        }
        Ok(running)
    }

    /// Renewals that all of them make in a second.
    fn renewals(&self) -> Result<f64, Box<dyn Error>> {
        let options = PostgresOptions::from_url(&self.database)?.connections(1);
        Runtime::new()?.block_on(async {
            let store = Postgres::open(&options).await?;
            let none = gardien_store::Revision(u64::MAX >> 1);
            let counted = async || -> Result<u64, gardien_store::StoreError> {
                let held = store.held_below(none).await?;
                Ok(held.iter().map(|held| held.renewals).sum())
            };
            let (before, begun) = (counted().await?, Instant::now());
            tokio::time::sleep(COUNTED).await;
            let made = counted().await?.saturating_sub(before);
            store.close().await;
            Ok(f64::from(u32::try_from(made)?) / begun.elapsed().as_secs_f64())
        })
    }

    /// How long each took.
    fn revoke(&self, desk: &mut Desk<'_>) -> Result<Vec<Duration>, Box<dyn Error>> {
        let mut times = Vec::with_capacity(self.revocations);
        for _ in 0..self.revocations {
            let key = desk.make()?;
            // It is not to be measured how what was made spreads.
            sleep(Duration::from_millis(20));
            let begun = Instant::now();
            desk.revoke(&key)?;
            times.push(begun.elapsed());
        }
        Ok(times)
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// What a process has in memory by itself, in MiB.
fn memory(process: u32) -> Result<f64, Box<dyn Error>> {
    let path = PathBuf::from(format!("/proc/{process}/smaps_rollup"));
    let rollup = fs::read_to_string(Path::new(&path))?;
    let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kilobytes = pss.and_then(|pss| pss.trim().trim_end_matches(" kB").parse::<u32>().ok());
    Ok(f64::from(kilobytes.ok_or("no memory is told")?) / 1_024.0)
}
