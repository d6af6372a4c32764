//! What the environment of the process says. It is read here and nowhere else.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use gardien_authority::client::server_address;
use gardien_domain::paste;
use gardien_egress::Proxies;
use gardien_phare::PHARE_URL as PHARE;

#[cfg(target_os = "linux")]
use crate::gnome;

/// The argument that starts Gardien without its window.
pub(crate) const BACKGROUND: &str = "--background";

/// For how long a secret stays on the clipboard unless the environment says otherwise.
const CLIPBOARD: Duration = Duration::from_secs(30);

/// The settings that come from outside, for tests and for people who run several at once.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    /// `GARDIEN_DATA_DIR`: where everything lies, instead of the place that the system has for it.
    pub(crate) data: Option<PathBuf>,
    /// Whether the window stays hidden: what starts at login says so by an argument.
    pub(crate) background: bool,
    /// `GARDIEN_CLIPBOARD_SECONDS`: for how long a secret stays on the clipboard.
    pub(crate) clipboard: Duration,
    pub(crate) outside: Outside,
    /// Which way around a graphics driver the start before this one chose.
    #[cfg(target_os = "linux")]
    pub(crate) graphics: Option<usize>,
    /// Whether somebody told WebKit how to draw.
    #[cfg(target_os = "linux")]
    pub(crate) has_webkit_variables: bool,
}

/// What lies beyond this machine.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outside {
    /// `GARDIEN_PHARE_URL`: where Phare's API is. As with a team's server: https, or this machine.
    pub(crate) phare: String,
    /// `HTTPS_PROXY` and its siblings, or what the system says: what the way out leads through.
    pub(crate) proxies: Proxies,
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
impl Environment {
    pub(crate) fn read() -> Self {
        let seconds = env::var("GARDIEN_CLIPBOARD_SECONDS").ok();
        // What is no text names no proxy that can be used, which is not that it names none.
        let variable = |name: &str| Some(env::var_os(name)?.to_string_lossy().into_owned());
        let proxies = Proxies::of_system(variable);
        #[cfg(target_os = "linux")]
        let proxies = if proxies.are_none() && gnome::is_chosen(gnome::ask) {
            Proxies::of_settings(|name| gnome::variable(name, gnome::ask))
        } else {
            proxies
        };
        Self {
            data: env::var_os("GARDIEN_DATA_DIR")
                .filter(|path| !path.is_empty())
                // Absolute, because a relative one means another folder to Tauri than to us.
                .and_then(|path| std::path::absolute(path).ok()),
            background: env::args_os().any(|argument| argument == BACKGROUND),
            clipboard: seconds.map_or(CLIPBOARD, |text| clipboard(&text)),
            outside: Outside {
                phare: env::var("GARDIEN_PHARE_URL").map_or_else(|_| PHARE.to_owned(), phare),
                proxies,
            },
            #[cfg(target_os = "linux")]
            graphics: env::var(crate::graphics::CHOSEN)
                .ok()
                .and_then(|way| way.parse().ok()),
            #[cfg(target_os = "linux")]
            has_webkit_variables: env::vars_os()
                .any(|(name, _)| name.to_string_lossy().starts_with("WEBKIT_DISABLE_")),
        }
    }

    /// Where everything lies, as Tauri will say once it runs.
    #[cfg(target_os = "linux")]
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        let set = |name| {
            env::var_os(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let data = || set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")));
        let folder = self.data.clone();
        folder.or_else(|| Some(data()?.join("dev.gardien.desktop")))
    }
}

/// Phare's key must not be sent in clear to another machine because somebody set a variable.
fn phare(url: String) -> String {
    match server_address(&url) {
        Ok(_) => paste::bare(&url).to_owned(),
        Err(_) => PHARE.to_owned(),
    }
}

/// What cannot be understood is as if it were not there: a secret must not stay for ever because of a typing error.
fn clipboard(text: &str) -> Duration {
    match text.parse() {
        Ok(seconds @ 1..=3600) => Duration::from_secs(seconds),
        _ => CLIPBOARD,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phares_key_is_sent_encrypted_or_not_off_this_machine() {
        let local = "http://127.0.0.1:9000";
        assert_eq!(phare(local.to_owned()), local);
        for wrong in ["", "http://phare.example", "api.phare.io"] {
            assert_eq!(phare(wrong.to_owned()), PHARE, "{wrong:?}");
        }
    }

    #[test]
    fn clipboard_seconds_are_bounded() {
        assert_eq!(clipboard("5"), Duration::from_secs(5));
        for wrong in ["", "0", "-1", "3601", "five", "18446744073709551616"] {
            assert_eq!(clipboard(wrong), CLIPBOARD, "{wrong:?}");
        }
    }
}
