//! The way out from a desktop.

use acceptance::session::Keychain;

use crate::support::desktop::Desk;
use crate::support::tls::TlsFront;
use crate::support::upstream::{PHARE_KEY, Upstream};

/// A person's keys must not go past a proxy that somebody meant to be there.
#[tokio::test]
async fn nothing_leaves_past_a_proxy_that_cannot_be_used_and_the_window_says_why() {
    const WHY: &str = ": HTTPS_PROXY names no proxy.";
    const TOKEN: &str = "gdn_session_NobodyEverMadeThisOne";
    let outside = Upstream::start();
    let front = TlsFront::before(&outside.url());
    // An address of this machine that nobody takes for it.
    let url = front.url().replace("127.0.0.1", "0.0.0.0");
    let ca = front.ca_file();
    let variables = [
        ("HTTPS_PROXY", "ftp://proxy.test"),
        ("GARDIEN_PHARE_URL", &url),
        ("SSL_CERT_FILE", &ca),
    ];
    let desk = Desk::start_with(Keychain::Unlocked, &variables).await;

    desk.remember(TOKEN);
    desk.click("tab-connect").await;
    desk.fill("server-url", &url).await;
    desk.fill("session-token", TOKEN).await;
    desk.click("connect").await;
    desk.wait_text("problem", &format!("Nothing answers at {url}{WHY}"))
        .await;

    desk.remember(PHARE_KEY);
    desk.click("tab-found").await;
    desk.fill("organization", "Lighthouse").await;
    desk.fill("email", "ada@lighthouse.test").await;
    desk.click("upstream-phare").await;
    desk.fill("phare-key", PHARE_KEY).await;
    desk.click("start").await;
    desk.wait_text("problem", &format!("Phare does not answer{WHY}"))
        .await;
    assert_eq!(outside.everything(), []);
}
