//! Options that are written down: a file in TOML says those of `serve` by their names. What it says is put on the command
//! line unless that, or the environment, says it already; so there is one place that knows what an option may be.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches};
use serde_json::Value;
use toml::de::{DeTable, DeValue};

use crate::arguments::Arguments;

/// Of one start alone.
const SPOKEN: [&str; 4] = ["accept-older", "config", "help", "print-config"];
/// Two ways to say the same.
const DATABASE: [&str; 2] = ["database", "database-file"];
/// What of the address of a database may be shown.
const PLAIN: [&str; 8] = [
    "dbname",
    "host",
    "hostaddr",
    "port",
    "sslcert",
    "sslmode",
    "sslrootcert",
    "user",
];

/// What the file, the environment and the command line come to.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) arguments: Arguments,
    /// The options of the command as TOML, without a password.
    pub(crate) options: String,
}

/// Why they come to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigFault {
    #[error("{0}")]
    Arguments(#[from] clap::Error),
    #[error("the file {} cannot be read: {}", .0.display(), .1)]
    Unreadable(PathBuf, io::Error),
    #[error("{}, line {line}: {what}", .file.display())]
    Line {
        file: PathBuf,
        line: usize,
        what: String,
    },
}

/// An option of a file.
#[derive(Debug)]
struct Entry {
    name: String,
    value: String,
    line: usize,
}

/// Reads what was said, in rising order by the file, in the environment, and on the command line.
pub(crate) fn read(mut said: Vec<OsString>) -> Result<Read, ConfigFault> {
    let mut command = Arguments::command();
    let mut written = None;
    // What is wrong with it is said below.
    if let Ok(matches) = command
        .clone()
        .ignore_errors(true)
        .try_get_matches_from(&said)
        && let (command, matches) = innermost(&command, &matches)
        && let Some(Some(file)) = matches.try_get_one::<PathBuf>("config").ok()
    {
        let mut entries = entries(file)?;
        entries.retain(|entry| is_left(command, matches, &entry.name));
        said.extend(
            entries
                .iter()
                .map(|Entry { name, value, .. }| format!("--{name}={value}").into()),
        );
        written = Some((file.clone(), entries));
    }
    let matches = command
        .try_get_matches_from_mut(said)
        .map_err(|error| match &written {
            Some((file, entries)) => blamed(error, file, entries),
            None => error.into(),
        })?;
    let (of, options) = innermost(&command, &matches);
    let options = shown(of, options);
    let arguments = Arguments::from_arg_matches(&matches)?;
    Ok(Read { arguments, options })
}

fn innermost<'a>(command: &'a Command, matches: &'a ArgMatches) -> (&'a Command, &'a ArgMatches) {
    let inner = matches
        .subcommand()
        .and_then(|(name, matches)| Some((command.find_subcommand(name)?, matches)));
    inner.map_or((command, matches), |(command, matches)| {
        innermost(command, matches)
    })
}

/// Options that a file may say.
fn known(command: &Command) -> impl Iterator<Item = (&str, &clap::Id)> {
    let options = command.get_arguments();
    options
        .filter_map(|option| Some((option.get_long()?, option.get_id())))
        .filter(|(name, _)| !SPOKEN.contains(name))
}

/// Whether the command has this option, and nobody else says it.
fn is_left(command: &Command, matches: &ArgMatches, name: &str) -> bool {
    let same = if DATABASE.contains(&name) {
        &DATABASE[..]
    } else {
        &[name][..]
    };
    let is_said = |id: &clap::Id| {
        let source = matches.value_source(id.as_str());
        source.is_some_and(|source| source != ValueSource::DefaultValue)
    };
    known(command).any(|(of, _)| of == name)
        && !known(command).any(|(of, id)| same.contains(&of) && is_said(id))
}

/// The options of a file.
fn entries(file: &Path) -> Result<Vec<Entry>, ConfigFault> {
    let text = fs::read_to_string(file)
        .map_err(|error| ConfigFault::Unreadable(file.to_owned(), error))?;
    let line = |at: Range<usize>| {
        1 + text
            .bytes()
            .take(at.start)
            .filter(|byte| *byte == b'\n')
            .count()
    };
    let fault = |line, what: String| ConfigFault::Line {
        file: file.to_owned(),
        line,
        what,
    };
    // Its own text would repeat the line, which may hold a password.
    let table = DeTable::parse(&text).map_err(|error| {
        fault(
            line(error.span().unwrap_or_default()),
            error.message().to_owned(),
        )
    })?;
    let command = Arguments::command();
    let serve = command.find_subcommand("serve").unwrap_or(&command);
    let mut entries = Vec::new();
    for (name, value) in table.get_ref() {
        let (line, name) = (line(name.span()), name.get_ref());
        if SPOKEN.contains(&&**name) {
            return Err(fault(
                line,
                format!("`{name}` can be said on the command line only"),
            ));
        }
        if !known(serve).any(|(known, _)| known == *name) {
            return Err(fault(line, format!("there is no option `{name}`")));
        }
        let value = match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .ok()
                .map(|number| number.to_string()),
            _ => None,
        };
        let Some(value) = value else {
            return Err(fault(
                line,
                format!("`{name}` needs a text in quotes or a whole number"),
            ));
        };
        if without_secret(name, &value) != value {
            let what = format!(
                "`{name}` may hold no secret here: say `database-file`, or GARDIEN_DATABASE"
            );
            return Err(fault(line, what));
        }
        entries.push(Entry {
            name: name.to_string(),
            value,
            line,
        });
    }
    Ok(entries)
}

/// Whoever said by a file what cannot be is told where.
fn blamed(error: clap::Error, file: &Path, entries: &[Entry]) -> ConfigFault {
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else {
        return error.into();
    };
    let name = option.split([' ', '=']).next().unwrap_or_default();
    let Some(entry) = entries
        .iter()
        .find(|entry| name.strip_prefix("--") == Some(&entry.name))
    else {
        return error.into();
    };
    let what = error.to_string();
    let what = what.lines().next().unwrap_or_default();
    ConfigFault::Line {
        file: file.to_owned(),
        line: entry.line,
        what: what.trim_start_matches("error: ").to_owned(),
    }
}

/// The options of a command as they hold.
fn shown(command: &Command, matches: &ArgMatches) -> String {
    let mut shown = String::new();
    for (name, id) in known(command) {
        let value = matches
            .get_raw(id.as_str())
            .and_then(|mut values| values.next());
        let Some(value) = value else {
            continue;
        };
        let value = without_secret(name, &value.to_string_lossy());
        let value = match value.parse::<u64>() {
            Ok(number) => Value::from(number),
            // TOML has the escapes of JSON.
            Err(_) => Value::from(value),
        };
        shown.push_str(&format!("{name} = {value}\n"));
    }
    shown
}

/// The value of an option without what lets its reader in.
fn without_secret(name: &str, value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else {
        let is_plain = name != DATABASE[0];
        return if is_plain {
            value.to_owned()
        } else {
            "***".to_owned()
        };
    };
    let mut shown = format!("{scheme}://");
    let mut tail = rest;
    // The last one: whatever stands before it may be a part of a password that is not escaped.
    if let Some((user, rest)) = rest.rsplit_once('@') {
        let name = user.split([':', '/', '?']).next().unwrap_or_default();
        shown.push_str(name);
        if name != user {
            shown.push_str(":***");
        }
        shown.push('@');
        tail = rest;
    }
    let (host, query) = tail.split_once('?').unwrap_or((tail, ""));
    shown.push_str(host);
    for (number, pair) in query.split('&').filter(|pair| !pair.is_empty()).enumerate() {
        shown.push(if number == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((name, _)) if PLAIN.contains(&name) => shown.push_str(pair),
            Some((name, _)) => shown.push_str(&format!("{name}=***")),
            None => shown.push_str("***"),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_with(text: &str, more: &[&str]) -> Result<Read, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gardien.toml");
        fs::write(&file, text).unwrap();
        let mut said = vec![
            "gardien-server",
            "serve",
            "--config",
            file.to_str().unwrap(),
        ];
        said.extend(more);
        let read = read(said.into_iter().map(OsString::from).collect());
        read.map_err(|fault| {
            fault
                .to_string()
                .replace(&format!("{}, ", file.display()), "")
        })
    }

    #[test]
    fn the_command_line_goes_before_the_file_and_the_file_before_what_is_usual() {
        let file = "data = \"/srv/gardien\"\nlease = 5\ngateway = \"off\"\n";
        let read = read_with(file, &["--lease", "3"]).unwrap();
        for line in [
            "data = \"/srv/gardien\"\n",
            "lease = 3\n",
            "gateway = \"off\"\n",
            "management = \"127.0.0.1:7421\"\n",
        ] {
            assert!(read.options.contains(line), "{}", read.options);
        }
    }

    #[test]
    fn what_is_wrong_in_a_file_is_told_with_its_line() {
        for (file, told) in [
            (
                "data = \"d\"\n\nlaese = 2\n",
                "line 3: there is no option `laese`",
            ),
            (
                "data = \"d\"\nlease = 99\n",
                "line 2: invalid value '99' for '--lease <SECONDS>': 99 is not in 1..=10",
            ),
            (
                "lease = [2]",
                "line 1: `lease` needs a text in quotes or a whole number",
            ),
            (
                "\naccept-older = true",
                "line 2: `accept-older` can be said on the command line only",
            ),
            (
                "database = \"postgres://g:pw@db/g\"",
                "line 1: `database` may hold no secret here: say `database-file`, or GARDIEN_DATABASE",
            ),
        ] {
            assert_eq!(read_with(file, &[]).unwrap_err(), told);
        }
        let told = read_with("database = \"postgres://g:hunter2@db\nlease = 2\n", &[]).unwrap_err();
        assert!(
            told.starts_with("line 1: ") && !told.contains("hunter2"),
            "{told}"
        );
    }

    #[test]
    fn an_address_in_a_file_gives_way_to_a_file_with_one() {
        let read = read_with(
            "data = \"d\"\ndatabase = \"postgres://g@db/g\"\n",
            &["--database-file", "secret"],
        );
        let options = read.unwrap().options;
        assert!(options.contains("database-file = \"secret\""), "{options}");
        assert!(!options.contains("database ="), "{options}");
    }

    #[test]
    fn no_password_is_shown() {
        for (address, told) in [
            ("postgres://g:pw@db/g", "postgres://g:***@db/g"),
            (
                "postgres://g:p@w:x@db:1/g?sslmode=require",
                "postgres://g:***@db:1/g?sslmode=require",
            ),
            (
                "postgres://g@db/g?password=pw&user=g",
                "postgres://g@db/g?password=***&user=g",
            ),
            (
                "postgres://g@db/g?%70assword=pw",
                "postgres://g@db/g?%70assword=***",
            ),
            ("postgres://g:p?w/@db/g", "postgres://g:***@db/g"),
            ("postgres://g@db/g?password=p@w", "postgres://g@db:***@w"),
            ("postgres:///g", "postgres:///g"),
            ("host=db password=pw", "***"),
        ] {
            assert_eq!(without_secret("database", address), told);
        }
        assert_eq!(
            without_secret("gateway", "127.0.0.1:7420"),
            "127.0.0.1:7420"
        );
    }
}
