//! `gardien-server`: Gardien without a window, for a server or a script.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod arguments;
#[expect(
    clippy::disallowed_methods,
    reason = "a command begins with the environment and the system's time"
)]
mod commands;
mod config;

use std::io::Write;
use std::process::ExitCode;

use tracing_subscriber::EnvFilter;

use crate::arguments::{Command, LogFormat, MemberCommand};
use crate::config::ConfigFault;

/// Each worker has memory of its own, which it hands on to none of the others.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let read = match config::read(std::env::args_os().collect()) {
        Ok(read) => read,
        Err(ConfigFault::Arguments(asked)) => asked.exit(),
        Err(fault) => {
            let _ = writeln!(std::io::stderr(), "gardien-server: {fault}");
            return ExitCode::from(2);
        }
    };
    let log_format = match &read.arguments.command {
        Command::Serve(serve) => serve.log_format,
        _ => LogFormat::Text,
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false);
    match log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    let done = match read.arguments.command {
        Command::Serve(serve) if serve.print_config => commands::print(read.options.trim_end()),
        Command::Serve(serve) => commands::serve(*serve).await,
        Command::Token(token) => commands::token(token).await,
        Command::Sessions(sessions) => commands::sessions(sessions).await,
        Command::Member(MemberCommand::Remove(removal)) => commands::remove_member(removal).await,
        Command::Reseal(reseal) => commands::reseal(reseal).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            tracing::error!(
                error = &fault as &dyn std::error::Error,
                "gardien-server ends"
            );
            // Not only in the log, which may go elsewhere or be turned off.
            let _ = writeln!(std::io::stderr(), "gardien-server: {fault}");
            ExitCode::FAILURE
        }
    }
}
