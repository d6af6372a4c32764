//! Running commands.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::iter;
use std::process::Command;

use crate::place;

/// Runs a line as it would be typed at the root of the repository: variables first, words apart by spaces.
///
/// # Errors
/// When it cannot be started or does not succeed.
pub(crate) fn run(line: &str) -> io::Result<()> {
    run_given(line, &[])
}

/// [`run`] with variables that are not for everybody to read.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_given(line: &str, given: &[(&str, &str)]) -> io::Result<()> {
    let mut words = line.split_whitespace().peekable();
    let mut variables = Vec::new();
    while let Some(variable) = words.next_if(|word| word.contains('=')) {
        variables.extend(variable.split_once('='));
    }
    let program = words.next().unwrap_or_default();
    let mut command = at_root(match program {
        "npm" if cfg!(windows) => "npm.cmd",
        program => program,
    });
    command
        .args(words)
        .envs(variables)
        .envs(given.iter().copied());
    finish(&mut command, line)
}

/// A command at the root of the repository, with the tools on its path and the programs under test named.
pub(crate) fn at_root(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(place::root());
    let path = env::var_os("PATH").unwrap_or_default();
    let path = iter::once(place::tools()).chain(env::split_paths(&path));
    if let Ok(path) = env::join_paths(path) {
        command.env("PATH", path);
    }
    command.envs([
        ("GARDIEN_SERVER", place::built("gardien-server")),
        ("GARDIEN_DESKTOP", place::built("gardien-desktop")),
        (
            "GARDIEN_AXE",
            place::root().join("ui/node_modules/axe-core/axe.min.js"),
        ),
    ]);
    // `cargo run` tells this program about this package. Build scripts that look at such variables would see others
    // than in a build by hand, and be compiled anew each time.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs it to its end.
///
/// # Errors
/// When it cannot be started or does not succeed.
pub(crate) fn finish(command: &mut Command, shown: &str) -> io::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|error| {
        let needed = match program.as_str() {
            "npm" | "npm.cmd" => ". Install Node 20.19 or newer, which brings npm",
            _ => "",
        };
        io::Error::new(error.kind(), format!("{program}: {error}{needed}"))
    })?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("`{shown}` failed: {status}")))
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::finish;

    #[test]
    fn what_fails_is_named() {
        assert!(finish(Command::new("rustc").arg("--version"), "a version").is_ok());
        let failed = finish(Command::new("rustc").arg("--nonsense"), "some nonsense");
        assert!(failed.is_err_and(|error| error.to_string().contains("some nonsense")));
    }
}
