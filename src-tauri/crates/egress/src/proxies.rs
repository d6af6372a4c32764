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
/// What is to blame where it was no variable.
const SETTING: &str = "the system's setting";

/// The proxies that calls to other machines go through. Never prints what they are logged in to with. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    matcher: Option<Arc<Matcher>>,
    unusable: Option<UnusableProxy>,
}

/// What should name a proxy holds something else. What it holds is not told: it may be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} names no proxy. It must be http://, https:// or socks5:// with a host, and a port where it is another than usual"
)]
pub struct UnusableProxy(&'static str);

/// The way to a server, where something went wrong on it: displays as what follows *cannot be reached*, so that whoever
/// reads it knows whom to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Through no proxy.
    Straight,
    /// Through the proxy at this host and port.
    Through(String),
    /// There is none: to go past a proxy that somebody meant to be there is no choice of ours.
    Barred(UnusableProxy),
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Straight => Ok(()),
            Self::Through(proxy) => write!(f, " through the proxy {proxy}"),
            Self::Barred(unusable) => write!(f, ": {unusable}"),
        }
    }
}

impl Proxies {
    /// As the environment names them: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in capitals or without.
    #[must_use]
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        Self::read(variable, |name| name)
    }

    /// As settings name them that say what such variables would.
    #[must_use]
    pub fn of_settings(variable: impl Fn(&str) -> Option<String>) -> Self {
        Self::read(variable, |_| SETTING)
    }

    fn read(
        variable: impl Fn(&str) -> Option<String>,
        blamed: impl Fn(&'static str) -> &'static str,
    ) -> Self {
        let value = |name: &str| {
            // An empty one says nothing, so it hides nothing.
            let filled = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
            let found = filled(name).or_else(|| filled(&name.to_lowercase()));
            found.unwrap_or_default().trim().to_owned()
        };
        let mut unusable = None;
        let values = NAMING.map(|name| {
            let value = value(name);
            if value.is_empty() || Proxy::at(&value).is_some() {
                return value;
            }
            let fault = UnusableProxy(blamed(name));
            unusable.get_or_insert(fault);
            fault.stand_in()
        });
        if values.iter().all(String::is_empty) {
            return Self::default();
        }
        let [https, http, all] = values;
        let matcher = Matcher::builder().https(https).http(http).all(all);
        Self {
            matcher: Some(Arc::new(matcher.no(value(EXCEPT)).build())),
            unusable,
        }
    }

    /// As the environment names them, or where it names none, as the system does. That of Linux has no word of its own; its
    /// desktops may.
    #[must_use]
    pub fn of_system(variable: impl Fn(&str) -> Option<String>) -> Self {
        let named = Self::of_environment(variable);
        if named.are_none() && cfg!(any(target_os = "macos", windows)) {
            return Self {
                matcher: Some(Arc::new(Matcher::from_system())),
                unusable: None,
            };
        }
        named
    }

    /// Whether nothing names any.
    #[must_use]
    pub fn are_none(&self) -> bool {
        self.matcher.is_none()
    }

    /// For whoever would rather not start than fail where one of them is needed.
    ///
    /// # Errors
    /// The first that cannot be used.
    pub fn all_usable(&self) -> Result<(), UnusableProxy> {
        self.unusable.map_or(Ok(()), Err)
    }

    /// The proxy on the way to `target`. There is none on the way to this machine.
    ///
    /// # Errors
    /// [`UnusableProxy`]: the call must not be made.
    pub fn toward(&self, target: &Uri) -> Result<Option<Proxy>, UnusableProxy> {
        let Some(matcher) = &self.matcher else {
            return Ok(None);
        };
        if target.host().is_none_or(is_loopback) {
            return Ok(None);
        }
        let Some(intercept) = matcher.intercept(target) else {
            return Ok(None);
        };
        let unusable = || UnusableProxy::behind(&intercept);
        Proxy::known(&intercept).map(Some).ok_or_else(unusable)
    }

    /// The same, to be told of.
    #[must_use]
    pub fn way(&self, target: &Uri) -> Way {
        match self.toward(target) {
            Ok(None) => Way::Straight,
            Ok(Some(proxy)) => Way::Through(proxy.to_string()),
            Err(unusable) => Way::Barred(unusable),
        }
    }
}

impl UnusableProxy {
    /// A proxy of a kind that the matcher knows and nobody here uses: so it decides as ever which calls would go there.
    fn stand_in(self) -> String {
        let Self(name) = self;
        format!("socks4://{}", name.replace(' ', "_"))
    }

    /// Which of them stood in; what a system says can be of such a kind by itself.
    fn behind(intercept: &Intercept) -> Self {
        let host = intercept.uri().host();
        let name = NAMING.into_iter().find(|name| host == Some(*name));
        Self(name.unwrap_or(SETTING))
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
        Self::known(&matcher.intercept(&anywhere)?)
    }

    fn known(intercept: &Intercept) -> Option<Self> {
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
            intercept: intercept.clone(),
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
mod tests;
