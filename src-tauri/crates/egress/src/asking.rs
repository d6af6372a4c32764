//! A client for the calls of a window: the same names, proxies and bounds, by a library's own connections.

use std::net::SocketAddr;

use futures_util::FutureExt as _;
use http::Uri;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::names::look_up;
use crate::proxies::{Kind, Proxies, Proxy, UnusableProxy};
use crate::{CONNECT, IDLE, UNHEARD};

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum NoClient {
    /// The way leads through a proxy that cannot be used.
    #[error(transparent)]
    Proxy(#[from] UnusableProxy),
    /// The library refuses.
    #[error(transparent)]
    Library(#[from] reqwest::Error),
}

/// Begins a client for the server at `base`, through the proxy on the way there, if any, and no other. It follows no
/// redirect: that would carry a credential somewhere else.
///
/// # Errors
/// [`NoClient`].
pub fn client(base: &Uri, proxies: &Proxies) -> Result<reqwest::ClientBuilder, NoClient> {
    // Whoever was first chose the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .pool_idle_timeout(IDLE)
        // One that is dead is the only one.
        .pool_max_idle_per_host(1)
        .redirect(reqwest::redirect::Policy::none())
        .dns_resolver(Names)
        // What the environment says was read already.
        .no_proxy();
    #[cfg(target_os = "linux")]
    let client = client.tcp_user_timeout(UNHEARD);
    match proxies.toward(base)? {
        None => Ok(client),
        Some(proxy) => Ok(client.proxy(through(&proxy)?)),
    }
}

fn through(proxy: &Proxy) -> reqwest::Result<reqwest::Proxy> {
    match proxy.kind() {
        Kind::Http => {
            let made = reqwest::Proxy::all(proxy.address().to_string())?;
            Ok(match proxy.basic_auth() {
                Some(auth) => made.custom_http_auth(auth.clone()),
                None => made,
            })
        }
        Kind::Socks => {
            let made = reqwest::Proxy::all(format!("socks5h://{proxy}"))?;
            Ok(match proxy.raw_auth() {
                Some((user, password)) => made.basic_auth(user, password),
                None => made,
            })
        }
    }
}

#[derive(Debug)]
struct Names;

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        async move {
            // The library tries the families side by side.
            let found = look_up(name.as_str()).await?;
            let addresses = found.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(Box::new(addresses) as Addrs)
        }
        .boxed()
    }
}
