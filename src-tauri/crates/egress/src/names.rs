//! Names to addresses: the system's word, and where it keeps one waiting, that of the name servers it would ask.
//!
//! The system knows more than its name servers do: the file of hosts, a VPN's own names. But it asks them one after
//! another, and one that is down costs five seconds each time.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hickory_resolver::config::LookupIpStrategy;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::{ResolverBuilder, TokioResolver};
use tokio::net::lookup_host;

use crate::addresses::first;

/// How long the system alone is waited for.
const HEAD_START: Duration = Duration::from_millis(500);
/// Name servers asked side by side; more than three, systems do not use.
const SERVERS: usize = 3;

/// The addresses of a host, the preferred one first.
///
/// # Errors
/// What the system said, when the name servers had nothing better.
pub(crate) async fn look_up(host: &str) -> io::Result<Vec<IpAddr>> {
    let system = async {
        let found = lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    };
    // Read anew each time: another network has others.
    let servers = async {
        of_servers(
            TokioResolver::builder_tokio().map_err(io::Error::other)?,
            host,
        )
        .await
    };
    either(system.boxed(), servers.boxed()).await
}

async fn either(
    system: BoxFuture<'_, io::Result<Vec<IpAddr>>>,
    servers: BoxFuture<'_, io::Result<Vec<IpAddr>>>,
) -> io::Result<Vec<IpAddr>> {
    let found = first([system, servers], HEAD_START).await;
    found.unwrap_or_else(|| Err(io::ErrorKind::NotFound.into()))
}

async fn of_servers(
    mut builder: ResolverBuilder<TokioRuntimeProvider>,
    host: &str,
) -> io::Result<Vec<IpAddr>> {
    let options = builder.options_mut();
    options.num_concurrent_reqs = SERVERS;
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    let resolver = builder.build().map_err(io::Error::other)?;
    let found = resolver.lookup_ip(host).await.map_err(io::Error::other)?;
    Ok(found.iter().collect())
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use hickory_resolver::config::{
        ConnectionConfig, NameServerConfig, ResolverConfig, ServerOrderingStrategy,
    };
    use tokio::net::UdpSocket;

    use super::*;

    const FOUND: [u8; 4] = [192, 0, 2, 7];

    /// A name server that says nothing, unless it `answers`.
    async fn server(answers: bool) -> NameServerConfig {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = socket.local_addr().unwrap().port();
        tokio::spawn(async move {
            let mut asked = [0; 512];
            while let Ok((_, from)) = socket.recv_from(&mut asked).await {
                if answers {
                    socket.send_to(&answer(&asked), from).await.unwrap();
                }
            }
        });
        let mut connection = ConnectionConfig::udp();
        connection.port = port;
        let mut server = NameServerConfig::udp("127.0.0.1".parse().unwrap());
        server.connections = vec![connection];
        server
    }

    /// One address for whoever asks for an A, none for an AAAA (RFC 1035, 4.1).
    fn answer(asked: &[u8]) -> Vec<u8> {
        const HEADER: usize = 12;
        let name = asked[HEADER..].iter().position(|byte| *byte == 0).unwrap();
        let question = &asked[HEADER..HEADER + name + 5];
        let is_a = question[name + 2] == 1;
        let mut answer = asked[..2].to_vec();
        answer.extend([0x81, 0x80, 0, 1, 0, u8::from(is_a), 0, 0, 0, 0]);
        answer.extend(question);
        if is_a {
            answer.extend([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
            answer.extend(FOUND);
        }
        answer
    }

    /// A system that asks one after another has nothing to say for five seconds then; a connection must stand by then.
    #[tokio::test]
    async fn a_first_name_server_that_is_down_is_not_waited_for() {
        let servers = vec![server(false).await, server(true).await];
        let config = ResolverConfig::from_parts(None, Vec::new(), servers);
        let runtime = TokioRuntimeProvider::default();
        let mut builder = TokioResolver::builder_with_config(config, runtime);
        // As the system has them: else the one that is down may be asked last.
        builder.options_mut().server_ordering_strategy = ServerOrderingStrategy::UserProvidedOrder;
        let asking = of_servers(builder, "phare.test.");
        let found = either(pending().boxed(), asking.boxed());
        let found = tokio::time::timeout(Duration::from_secs(3), found).await;
        assert_eq!(found.unwrap().unwrap(), [IpAddr::from(FOUND)]);
    }

    #[tokio::test]
    async fn the_word_of_the_system_comes_first() {
        let ours = || IpAddr::from([10, 0, 0, 1]);
        let system = async move { Ok(vec![ours()]) };
        let servers = async { Ok(vec![IpAddr::from(FOUND)]) };
        let found = either(system.boxed(), servers.boxed()).await.unwrap();
        assert_eq!(found, [ours()]);
        assert!(look_up("localhost").await.unwrap()[0].is_loopback());
    }
}
