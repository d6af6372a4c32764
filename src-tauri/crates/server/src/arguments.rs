//! What may be said on the command line.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use gardien_domain::{Role, SessionId};
use http::Uri;
use secrecy::SecretString;

/// API keys for Phare: the authority that owns them and the gateway that enforces them.
#[derive(Debug, Parser)]
#[command(name = "gardien-server", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the gateway and the management API.
    Serve(Box<Serve>),
    /// Print a session token for the management API.
    Token(Token),
    /// List the open sessions, or end one.
    Sessions(Sessions),
    /// Manage members.
    #[command(subcommand)]
    Member(MemberCommand),
    /// Seal the secrets of Phare's keys anew, with the first sealing key of the file. The servers need both meanwhile.
    Reseal(Reseal),
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) written: Written,
    /// Print what holds after the file, the environment and the command line, without a password, and end.
    #[arg(long)]
    pub(crate) print_config: bool,
    /// The folder that everything is kept in; made if missing. With `--database`, what this server has to remember by
    /// itself: no other may have the same.
    #[arg(long, value_name = "DIR", env = "GARDIEN_DATA")]
    pub(crate) data: PathBuf,
    #[command(flatten)]
    pub(crate) shared: Shared,
    /// What people call this server, among others on the same database; the name of the machine, if not said.
    #[arg(long, value_name = "NAME", env = "GARDIEN_NAME")]
    pub(crate) name: Option<String>,
    /// With `--database`: for so many seconds the gateway goes on without it. No change that takes something away waits
    /// longer for this gateway.
    #[arg(
        long,
        value_name = "SECONDS",
        env = "GARDIEN_LEASE",
        default_value_t = 2,
        value_parser = clap::value_parser!(u64).range(1..=10)
    )]
    pub(crate) lease: u64,
    /// Go on with a database that is older than what was acknowledged, as after putting a backup in place. Keys that are
    /// known to have been revoked since are revoked again; whatever else was changed since is gone. To be said anew each
    /// time: neither the file nor the environment can.
    #[arg(long)]
    pub(crate) accept_older: bool,
    /// Where clients of Phare's API call. Port 0 picks a free one; `off`: nowhere.
    #[arg(
        long,
        value_name = "ADDRESS|off",
        env = "GARDIEN_GATEWAY",
        default_value = "127.0.0.1:7420",
        value_parser = listen
    )]
    pub(crate) gateway: Listen,
    /// The base URL that people are told to call and that links in answers begin with, where that is not `--gateway`:
    /// behind any proxy.
    #[arg(long, value_name = "URL", env = "GARDIEN_GATEWAY_URL", value_parser = base_url)]
    pub(crate) gateway_url: Option<Uri>,
    /// Where the management API answers. Port 0 picks a free one; `off`: nowhere.
    #[arg(
        long,
        value_name = "ADDRESS|off",
        env = "GARDIEN_MANAGEMENT",
        default_value = "127.0.0.1:7421",
        value_parser = listen
    )]
    pub(crate) management: Listen,
    /// Where Prometheus finds what can be watched, at `/metrics`, without a credential. Port 0 picks a free one; `off`:
    /// nowhere.
    #[arg(
        long,
        value_name = "ADDRESS|off",
        env = "GARDIEN_METRICS",
        default_value = "off",
        value_parser = listen
    )]
    pub(crate) metrics: Listen,
    /// What to forward to: `sandbox`, or the URL of Phare's API.
    #[arg(
        long,
        value_name = "sandbox|URL",
        env = "GARDIEN_PHARE",
        default_value = "sandbox"
    )]
    pub(crate) phare: String,
    /// With a URL: the file that holds Phare's key, or several, one a line. Without it, PHARE_API_KEY does.
    #[arg(long, value_name = "FILE", env = "GARDIEN_PHARE_KEY_FILE")]
    pub(crate) phare_key_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) sealing: Sealing,
    /// Threads that answer clients of Phare's API, at most; as many as there are processors, if not said.
    #[arg(long, value_name = "NUMBER", env = "GARDIEN_WORKERS")]
    pub(crate) workers: Option<NonZeroUsize>,
    /// How the log is written: for people, or a JSON object a line.
    #[arg(
        long,
        value_name = "text|json",
        env = "GARDIEN_LOG_FORMAT",
        default_value = "text",
        hide_possible_values = true
    )]
    pub(crate) log_format: LogFormat,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// What is written down once.
#[derive(Debug, Args)]
pub(crate) struct Written {
    /// A file in TOML that says options of `serve` by their names, such as `gateway = "127.0.0.1:7420"`. The environment
    /// goes before it, and the command line before both.
    #[arg(long, value_name = "FILE", env = "GARDIEN_CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

/// A database that several servers share.
#[derive(Debug, Args)]
pub(crate) struct Shared {
    /// The PostgreSQL database that everything is kept in, such as `postgres://gardien@db.example.com/gardien`. Its
    /// password is best not said here, where others on this machine can read it.
    #[arg(long, value_name = "URL", env = "GARDIEN_DATABASE", hide_env_values = true, value_parser = secret)]
    pub(crate) database: Option<SecretString>,
    /// The file that holds that address, with its password.
    #[arg(
        long,
        value_name = "FILE",
        env = "GARDIEN_DATABASE_FILE",
        conflicts_with = "database"
    )]
    pub(crate) database_file: Option<PathBuf>,
}

/// What seals the secrets of Phare's keys.
#[derive(Debug, Args)]
pub(crate) struct Sealing {
    /// The file with the key that seals the secrets of Phare's keys into the database: 32 random bytes in base64, as
    /// `openssl rand -base64 32` makes them. More lines hold the keys that it followed. Without it, GARDIEN_SEALING_KEY
    /// does.
    #[arg(long, value_name = "FILE", env = "GARDIEN_SEALING_KEY_FILE")]
    pub(crate) sealing_key_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Reseal {
    #[command(flatten)]
    pub(crate) kept: Kept,
    #[command(flatten)]
    pub(crate) sealing: Sealing,
}

/// What a command works on.
#[derive(Debug, Args)]
pub(crate) struct Kept {
    #[command(flatten)]
    pub(crate) written: Written,
    /// The folder that the server keeps everything in.
    #[arg(
        long,
        value_name = "DIR",
        env = "GARDIEN_DATA",
        required_unless_present_any = ["database", "database_file"]
    )]
    pub(crate) data: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) shared: Shared,
}

/// An address to listen at, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listen(pub(crate) Option<SocketAddr>);

fn listen(text: &str) -> Result<Listen, &'static str> {
    match text {
        "off" => Ok(Listen(None)),
        address => {
            let address = address.parse().map(Some).map(Listen);
            address.map_err(|_| "it needs an address and a port, such as 127.0.0.1:7420, or `off`")
        }
    }
}

/// What may hold a password is repeated nowhere.
fn secret(text: &str) -> Result<SecretString, Infallible> {
    Ok(text.into())
}

#[derive(Debug, Args)]
pub(crate) struct Token {
    #[command(flatten)]
    pub(crate) kept: Kept,
    /// Whose session it is. The member is made if missing.
    #[arg(long)]
    pub(crate) email: String,
    /// owner, admin or member.
    #[arg(long)]
    pub(crate) role: Role,
}

#[derive(Debug, Args)]
pub(crate) struct Sessions {
    #[command(flatten)]
    pub(crate) kept: Kept,
    /// End this one, instead of listing them. A running server lets nobody in by it any more.
    #[arg(long, value_name = "ID")]
    pub(crate) end: Option<SessionId>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// Remove a member and end their sessions.
    Remove(RemoveMember),
}

#[derive(Debug, Args)]
pub(crate) struct RemoveMember {
    #[command(flatten)]
    pub(crate) kept: Kept,
    /// Who.
    #[arg(long)]
    pub(crate) email: String,
    /// Revoke the keys that they made. A running server on this folder refuses those within seconds; on a
    /// database that is shared, all do once this has ended. Without it, they work on.
    #[arg(long)]
    pub(crate) revoke_keys: bool,
}

fn base_url(text: &str) -> Result<Uri, &'static str> {
    gardien_authority::base_url(text).ok_or(
        "it needs http:// or https://, a host, a plain path if any, and neither user nor query",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_to_call_a_plain_base_url_only() {
        let taken = |url| {
            let words = [
                "gardien-server",
                "serve",
                "--data",
                "d",
                "--gateway-url",
                url,
            ];
            Arguments::try_parse_from(words).is_ok()
        };
        assert!(taken("https://keys.example/phare/"));
        for wrong in [
            "keys.example",
            "https://keys.example/$(id)",
            "https://keys.example?x",
        ] {
            assert!(!taken(wrong), "{wrong}");
        }
    }
}
