//! Which calls go through a proxy, and through which.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::Uri;
use http::header::HeaderValue;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

/// The variables that name a proxy, in the order of a complaint.
const NAMING: [&str; 3] = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"];
const EXCEPT: &str = "NO_PROXY";

/// The proxies that calls to other machines go through. Never prints what they are logged in to with. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Option<Arc<Matcher>>);

/// A variable that should name a proxy holds something else. What it holds is not told: it may be a password.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0} names no proxy: it must be http://, https:// or socks5:// with a host, and a port where it is another than usual"
)]
pub struct UnusableProxy(&'static str);

impl Proxies {
    /// As the environment names them: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in capitals or without.
    ///
    /// # Errors
    /// [`UnusableProxy`]: to go past a proxy that somebody meant to be there is no choice of ours.
    pub fn of_environment(
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, UnusableProxy> {
        let value = |name: &str| {
            // An empty one says nothing, so it hides nothing.
            let filled = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
            let found = filled(name).or_else(|| filled(&name.to_lowercase()));
            found.unwrap_or_default().trim().to_owned()
        };
        let values = NAMING.map(value);
        for (name, value) in NAMING.into_iter().zip(&values) {
            if !value.is_empty() && Proxy::at(value).is_none() {
                return Err(UnusableProxy(name));
            }
        }
        if values.iter().all(String::is_empty) {
            return Ok(Self::default());
        }
        let [https, http, all] = values;
        let matcher = Matcher::builder().https(https).http(http).all(all);
        Ok(Self(Some(Arc::new(matcher.no(value(EXCEPT)).build()))))
    }

    /// The same, or where it names none, as the system does. That of Linux has no word of its own; its desktops may.
    ///
    /// # Errors
    /// As [`Self::of_environment`].
    pub fn of_system(variable: impl Fn(&str) -> Option<String>) -> Result<Self, UnusableProxy> {
        let named = Self::of_environment(variable)?;
        if named.are_none() && cfg!(any(target_os = "macos", windows)) {
            return Ok(Self(Some(Arc::new(Matcher::from_system()))));
        }
        Ok(named)
    }

    /// Whether nothing names any.
    #[must_use]
    pub fn are_none(&self) -> bool {
        self.0.is_none()
    }

    /// The proxy on the way to `target`. There is none on the way to this machine.
    #[must_use]
    pub fn toward(&self, target: &Uri) -> Option<Proxy> {
        if is_loopback(target.host()?) {
            return None;
        }
        Proxy::known(self.0.as_ref()?.intercept(target)?)
    }
}

/// One proxy. Displays as its host and port, whatever else is known of it.
#[derive(Debug, Clone)]
pub struct Proxy {
    kind: Kind,
    /// Scheme, host and port; `http` where another kind is spoken over a plain connection.
    address: Uri,
    intercept: Intercept,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `CONNECT`, over TLS or not.
    Http,
    Socks,
}

impl Proxy {
    fn at(text: &str) -> Option<Self> {
        let anywhere = Uri::from_static("https://elsewhere.invalid");
        let matcher = Matcher::builder().all(text.to_owned()).build();
        Self::known(matcher.intercept(&anywhere)?)
    }

    fn known(intercept: Intercept) -> Option<Self> {
        let uri = intercept.uri();
        let (kind, scheme, port) = match uri.scheme_str()? {
            "http" => (Kind::Http, "http", 80),
            "https" => (Kind::Http, "https", 443),
            "socks5" | "socks5h" => (Kind::Socks, "http", 1080),
            _ => return None,
        };
        let host = uri.host().filter(|host| !host.is_empty())?;
        let port = uri.port_u16().unwrap_or(port);
        let address = format!("{scheme}://{host}:{port}/").parse().ok()?;
        Some(Self {
            kind,
            address,
            intercept,
        })
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Where it listens; `https` where TLS is spoken with the proxy itself.
    pub(crate) fn address(&self) -> &Uri {
        &self.address
    }

    pub(crate) fn basic_auth(&self) -> Option<&HeaderValue> {
        self.intercept.basic_auth()
    }

    pub(crate) fn raw_auth(&self) -> Option<(&str, &str)> {
        self.intercept.raw_auth()
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.address.authority().map_or("", |at| at.as_str()))
    }
}

/// Whether a host, as it stands in a URL, is this machine for certain.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(ip) => ip.to_canonical().is_loopback(),
        Err(_) => bare.trim_end_matches('.').eq_ignore_ascii_case("localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Proxies, UnusableProxy> {
        Proxies::of_environment(|asked| {
            let found = variables.iter().find(|(name, _)| *name == asked);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn toward(variables: &[(&str, &str)], target: &str) -> Option<String> {
        let proxy = of(variables).unwrap().toward(&target.parse().unwrap());
        proxy.map(|proxy| proxy.to_string())
    }

    #[test]
    fn the_variables_are_read_as_everybody_reads_them() {
        const PHARE: &str = "https://api.phare.io/users";
        let proxy = "http://proxy.test:3128";
        let through = Some("proxy.test:3128".to_owned());
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            assert_eq!(toward(&[(name, proxy)], PHARE), through, "{name}");
        }
        assert_eq!(toward(&[], PHARE), None);
        assert_eq!(toward(&[("HTTPS_PROXY", "")], PHARE), None);
        for empty in ["", " "] {
            let variables = [("HTTPS_PROXY", empty), ("https_proxy", proxy)];
            assert_eq!(toward(&variables, PHARE), through);
        }
        assert_eq!(toward(&[("HTTP_PROXY", proxy)], PHARE), None);
        assert_eq!(toward(&[("HTTP_PROXY", proxy)], "http://a.test"), through);
        for except in [
            "api.phare.io",
            "phare.io",
            ".phare.io",
            "a.test, phare.io",
            "*",
        ] {
            for name in ["NO_PROXY", "no_proxy"] {
                let variables = [("HTTPS_PROXY", proxy), (name, except)];
                assert_eq!(toward(&variables, PHARE), None, "{name} {except}");
            }
        }
        let other = [("HTTPS_PROXY", proxy), ("NO_PROXY", "hare.io,10.0.0.0/8")];
        assert_eq!(toward(&other, PHARE), through);
        assert_eq!(toward(&other, "https://10.1.2.3"), None);
    }

    #[test]
    fn this_machine_is_never_reached_through_one() {
        let all = [("ALL_PROXY", "http://proxy.test:3128")];
        for target in [
            "http://127.0.0.1:7421/v1",
            "https://127.3.2.1",
            "https://localhost:8443",
            "https://LocalHost.",
            "http://[::1]:1",
            "http://[::ffff:127.0.0.1]:1",
        ] {
            assert_eq!(toward(&all, target), None, "{target}");
        }
        for target in [
            "https://localhost.test",
            "https://127.0.0.1.test",
            "https://10.0.0.1",
        ] {
            assert!(toward(&all, target).is_some(), "{target}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_by_the_name_of_its_variable_and_not_shown() {
        for (value, shown) in [
            ("proxy.test", "proxy.test:80"),
            ("proxy.test:3128", "proxy.test:3128"),
            ("https://proxy.test", "proxy.test:443"),
            ("socks5h://proxy.test", "proxy.test:1080"),
            ("http://[fd00::1]:3128/", "[fd00::1]:3128"),
        ] {
            let through = toward(&[("ALL_PROXY", value)], "https://api.phare.io");
            assert_eq!(through.as_deref(), Some(shown), "{value}");
        }
        for wrong in [
            "ftp://ada:hunter2@proxy.test",
            "socks4://proxy.test",
            "ada hunter2",
            "/hunter2",
        ] {
            let refused = of(&[("https_proxy", wrong)]).unwrap_err();
            assert!(refused.to_string().starts_with("HTTPS_PROXY "), "{wrong}");
            assert!(!format!("{refused:?} {refused}").contains("hunter2"));
        }
    }

    #[test]
    fn the_password_of_a_proxy_is_never_printed() {
        for scheme in ["http", "https", "socks5"] {
            let value = format!("{scheme}://ada:hunter2@proxy.test:3128");
            let proxies = of(&[("HTTPS_PROXY", &value)]).unwrap();
            let proxy = proxies.toward(&Uri::from_static("https://a.test")).unwrap();
            let said = format!("{proxies:?} {proxy:?} {proxy}");
            assert!(said.contains("proxy.test:3128"), "{said}");
            // Nor in the form that it is sent in.
            for secret in ["ada", "hunter2", "YWRhOmh1bnRlcjI"] {
                assert!(!said.contains(secret), "{said}");
            }
        }
    }
}
