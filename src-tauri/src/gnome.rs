//! The proxy that a person chose in GNOME's settings, as if it stood in the environment.

use std::process::{Command, Stdio};

/// Whether there is one to be asked for: a script that chooses one is not followed. `ask` tells the value of a key of
/// `org.gnome.system.proxy`.
pub(crate) fn is_chosen(ask: impl Fn(&str, &str) -> Option<String>) -> bool {
    ask("", "mode").is_some_and(|mode| mode == "'manual'")
}

/// A variable as the settings would have it.
pub(crate) fn variable(name: &str, ask: impl Fn(&str, &str) -> Option<String>) -> Option<String> {
    let (protocol, scheme) = match name {
        "HTTPS_PROXY" => (".https", "http"),
        "HTTP_PROXY" => (".http", "http"),
        "ALL_PROXY" => (".socks", "socks5"),
        "NO_PROXY" => {
            let hosts = ask("", "ignore-hosts")?;
            return Some(hosts.replace(['[', ']', '\'', '*'], ""));
        }
        _ => return None,
    };
    let host = ask(protocol, "host")?;
    let host = host.trim_matches('\'');
    let port = ask(protocol, "port")?;
    (!host.is_empty() && port != "0").then(|| format!("{scheme}://{host}:{port}"))
}

/// Asks the settings; `None` where there is no GNOME.
pub(crate) fn ask(protocol: &str, key: &str) -> Option<String> {
    let schema = format!("org.gnome.system.proxy{protocol}");
    let mut asking = Command::new("gsettings");
    asking.args(["get", &schema, key]).stderr(Stdio::null());
    let output = asking.output().ok()?;
    let value = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_by_hand_holds() {
        let settings = |protocol: &str, key: &str| {
            let value = match (protocol, key) {
                ("", "ignore-hosts") => "['localhost', '127.0.0.0/8', '*.lan']",
                (".https", "host") => "'proxy.test'",
                (".https", "port") => "3128",
                (_, "host") => "''",
                _ => "0",
            };
            Some(value.to_owned())
        };
        let chosen = |name| variable(name, settings);
        let proxy = "http://proxy.test:3128".to_owned();
        assert_eq!(chosen("HTTPS_PROXY"), Some(proxy));
        assert_eq!(chosen("HTTP_PROXY"), None);
        assert_eq!(chosen("ALL_PROXY"), None);
        let excepted = "localhost, 127.0.0.0/8, .lan".to_owned();
        assert_eq!(chosen("NO_PROXY"), Some(excepted));
        assert_eq!(variable("HTTPS_PROXY", |_, _| None), None);
        for (mode, is) in [("'manual'", true), ("'none'", false), ("'auto'", false)] {
            assert_eq!(is_chosen(|_, _| Some(mode.to_owned())), is);
        }
        assert!(!is_chosen(|_, _| None));
    }
}
