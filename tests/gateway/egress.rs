//! The way out of an office: through its proxy, to a Phare over TLS.

use std::process::Command;

use serde_json::json;

use crate::support::people::Caller;
use crate::support::proxy::Proxy;
use crate::support::server::Server;
use crate::support::tls::TlsFront;
use crate::support::upstream::{PHARE_KEY, Upstream};
use crate::support::world::{new_key, organization};

/// A server before this address with these variables, its Owner, and the secret of a key.
async fn calling(url: &str, front: &TlsFront, more: &[(&str, &str)]) -> (Server, Caller, String) {
    let (url, ca_file) = (url.to_owned(), front.ca_file());
    let more: Vec<_> = more
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let starting = tokio::task::spawn_blocking(move || {
        let mut variables = vec![
            ("PHARE_API_KEY", PHARE_KEY),
            ("SSL_CERT_FILE", ca_file.as_str()),
        ];
        variables.extend(more.iter().map(|(name, value)| (&**name, &**value)));
        Server::start_with(&["--phare", &url], &variables)
    });
    let server = starting.await.unwrap();
    server.remember(Proxy::PASSWORD);
    server.remember(Proxy::BASIC);
    let owner = server.member("owner@lighthouse.test", "owner");
    let key = new_key("Some", organization(), "read", "none");
    let made = owner.post("/v1/keys", key).await.expect(201);
    let secret = made["secret"].as_str().unwrap().to_owned();
    server.remember(&secret);
    (server, owner, secret)
}

/// An address of this machine that nobody takes for it: not past a proxy, but through it.
fn elsewhere(front: &TlsFront) -> String {
    front.url().replace("127.0.0.1", "0.0.0.0")
}

/// What a program of every day is answered: the body, then the status.
fn curl(server: &Server, secret: &str) -> String {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "60"])
        .args(["--noproxy", "*", "--write-out", " %{http_code}", "--header"])
        .arg(format!("Authorization: Bearer {secret}"))
        .arg(format!("{}/users", server.gateway()))
        .output()
        .expect("curl is not there");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn curl_reaches_a_phare_behind_tls_and_a_proxy_and_hears_which_one_is_down() {
    let upstream = Upstream::start();
    let front = TlsFront::before(&upstream.url());
    let mut proxy = Proxy::start();
    let variables = [("https_proxy", proxy.url())];
    let variables = variables
        .each_ref()
        .map(|(name, url)| (*name, url.as_str()));
    let (server, owner, secret) = calling(&elsewhere(&front), &front, &variables).await;
    let answer = curl(&server, &secret);
    assert!(
        answer.ends_with(" 200"),
        "{answer}\n{}\n{}",
        server.log(),
        proxy.log()
    );
    let bearer = format!("Bearer {PHARE_KEY}");
    let last = upstream.calls().pop().unwrap();
    assert_eq!(last.header("authorization"), Some(bearer.as_str()));
    assert_eq!(last.header("proxy-authorization"), None);
    let port = front.url().rsplit(':').next().unwrap().to_owned();
    let told = format!("CONNECT 0.0.0.0:{port} ");
    assert!(proxy.log().contains(&told), "{}", proxy.log());

    proxy.end();
    // The tunnel of before may have been found at its end.
    curl(&server, &secret);
    let named = format!("through the proxy {}", proxy.address());
    let used = owner.get("/v1/limits").await.expect(200)["used"].clone();
    let refused = server.key_holder(&secret).get("/users").await;
    let refused = refused.refusal(502, "upstream_unreachable");
    assert!(
        refused["message"].as_str().unwrap().contains(&named),
        "{refused}"
    );
    assert_eq!(owner.get("/v1/limits").await.expect(200)["used"], used);
    let refused = owner.post("/v1/projects", json!({ "name": "Shop" })).await;
    let refused = refused.problem(502, "upstream_unreachable");
    assert!(
        refused["detail"].as_str().unwrap().contains(&named),
        "{refused}"
    );
}

/// A proxy that reads along shows a certificate of its own.
#[tokio::test]
async fn who_stands_in_for_phare_behind_a_proxy_is_never_shown_the_key() {
    let upstream = Upstream::start();
    let front = TlsFront::before(&upstream.url());
    let other = TlsFront::before(&upstream.url());
    let proxy = Proxy::start();
    let variables = [("ALL_PROXY", proxy.url())];
    let variables = variables
        .each_ref()
        .map(|(name, url)| (*name, url.as_str()));
    let (server, _, secret) = calling(&elsewhere(&front), &other, &variables).await;
    let refused = server.key_holder(&secret).get("/users").await;
    let refused = refused.refusal(502, "upstream_insecure");
    let named = format!("through the proxy {}", proxy.address());
    assert!(
        refused["message"].as_str().unwrap().contains(&named),
        "{refused}"
    );
    assert_eq!(upstream.everything(), []);
}

#[tokio::test]
async fn a_proxy_that_is_not_to_be_used_is_not() {
    let upstream = Upstream::start();
    let front = TlsFront::before(&upstream.url());
    // Nobody listens there.
    const PROXY: &str = "http://127.0.0.1:1";
    let reached = async |url: String, variables: [(&str, &str); 2]| {
        let (server, _, secret) = calling(&url, &front, &variables).await;
        server.key_holder(&secret).get("/users").await.expect(200);
    };
    let none = ("NO_PROXY", "");
    let excepted = ("no_proxy", "phare.io, 0.0.0.0");
    tokio::join!(
        reached(front.url(), [("HTTPS_PROXY", PROXY), none]),
        reached(elsewhere(&front), [("HTTPS_PROXY", PROXY), excepted]),
        reached(elsewhere(&front), [("HTTP_PROXY", PROXY), none]),
    );
}
