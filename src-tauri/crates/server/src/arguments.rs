//! What may be said on the command line.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use gardien_domain::{Role, SessionId};
use http::Uri;

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
    Serve(Serve),
    /// Print a session token for the management API.
    Token(Token),
    /// List the open sessions, or end one.
    Sessions(Sessions),
    /// Manage members.
    #[command(subcommand)]
    Member(MemberCommand),
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The folder that everything is kept in; made if missing.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Go on with a database that is older than what was acknowledged, as after putting a backup in place. Keys that are
    /// known to have been revoked since are revoked again; whatever else was changed since is gone.
    #[arg(long)]
    pub(crate) accept_older: bool,
    /// Where clients of Phare's API call. Port 0 picks a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7420")]
    pub(crate) gateway: SocketAddr,
    /// The base URL that people are told to call and that links in answers begin with, where that is not `--gateway`:
    /// behind any proxy.
    #[arg(long, value_name = "URL", value_parser = base_url)]
    pub(crate) gateway_url: Option<Uri>,
    /// Where the management API answers. Port 0 picks a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7421")]
    pub(crate) management: SocketAddr,
    /// What to forward to: `sandbox`, or the URL of Phare's API.
    #[arg(long, value_name = "sandbox|URL", default_value = "sandbox")]
    pub(crate) phare: String,
    /// With a URL: the file that holds Phare's key, or several, one a line. Without it, PHARE_API_KEY does.
    #[arg(long, value_name = "FILE")]
    pub(crate) phare_key_file: Option<PathBuf>,
    /// Threads that answer clients of Phare's API, at most; as many as there are processors, if not said.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) workers: Option<NonZeroUsize>,
}

#[derive(Debug, Args)]
pub(crate) struct Token {
    /// The folder that the server keeps everything in; made if missing.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Whose session it is. The member is made if missing.
    #[arg(long)]
    pub(crate) email: String,
    /// owner, admin or member.
    #[arg(long)]
    pub(crate) role: Role,
}

#[derive(Debug, Args)]
pub(crate) struct Sessions {
    /// The folder that the server keeps everything in.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
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
    /// The folder that the server keeps everything in.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Who.
    #[arg(long)]
    pub(crate) email: String,
    /// Revoke the keys that they made. A running server refuses those within seconds. Without it, they work on.
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
