//! Closing the window, and being somewhere else: what answers programs goes on until somebody says otherwise.

use std::time::Duration;

use acceptance::session::wait_until;

use super::person::{MONITORS, monitors, row};
use crate::support::desktop::Desk;
use crate::support::people::Caller;
use crate::support::programs;
use crate::support::window::Window;
use crate::support::world::{World, new_key, organization};

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn closing_asks_keeps_answering_and_stops_in_order() {
    let mut desk = Desk::start().await;
    let (gateway, secret) = desk.found_with_key("Dashboard").await;
    monitors(&gateway, &secret).await.expect(200);
    let window = desk.window();

    window.ask_to_close();
    desk.wait_text("closing-dialog", "1 live key").await;
    desk.wait_focus("leave-keep").await;
    desk.look("closing").await;
    desk.click("cancel").await;
    desk.wait_gone("closing-dialog").await;
    assert!(window.is_shown());

    window.ask_to_close();
    desk.keep_answering().await;
    wait_until("the window to hide", PATIENCE, || !window.is_shown()).unwrap();
    monitors(&gateway, &secret).await.expect(200);
    desk.start_again(&window);
    desk.wait_for(&row("Dashboard")).await;
    assert!(!desk.is_there("closing-dialog").await);

    // It was not to be remembered, so it is asked again.
    window.ask_to_close();
    desk.tick("remember-answer").await;
    desk.keep_answering().await;
    wait_until("the window to hide", PATIENCE, || !window.is_shown()).unwrap();
    desk.start_again(&window);
    window.ask_to_close();
    wait_until("the window to hide", PATIENCE, || !window.is_shown()).unwrap();
    monitors(&gateway, &secret).await.expect(200);
    desk.start_again(&window);
    desk.close_app().await;

    // What was counted until then is written down.
    desk.open_app().await;
    let used = desk.text(&format!("{} .used", row("Dashboard"))).await;
    assert_ne!(used, "Never");
}

#[tokio::test]
async fn stopping_ends_it_in_order() {
    let mut desk = Desk::start().await;
    let (gateway, secret) = desk.found_with_key("Dashboard").await;
    monitors(&gateway, &secret).await.expect(200);

    desk.window().ask_to_close();
    desk.wait_text("stops", "1 live key stops working").await;
    desk.click("leave-stop").await;
    wait_until("the app to end", PATIENCE, || {
        desk.session().running("gardien-desktop").is_empty()
    })
    .unwrap();
    let holder = Caller::with(&gateway, &secret);
    let answer = holder.request(reqwest::Method::GET, MONITORS).send().await;
    assert!(answer.is_err_and(|error| error.is_connect()));

    // What was counted until then is written down.
    desk.close_app().await;
    desk.open_app().await;
    let used = desk.text(&format!("{} .used", row("Dashboard"))).await;
    assert_ne!(used, "Never");
    monitors(&gateway, &secret).await.expect(200);
}

/// A person with keys of their own joins a team: theirs go on, and the way leads back and forth.
#[tokio::test]
async fn both_homes_are_a_click_apart_and_this_computers_keys_go_on() {
    let world = World::new().await;
    world
        .issue(new_key("Of the team", organization(), "read", "read"))
        .await;
    let token = world.server.token("adam@lighthouse.test", "admin");
    let mut desk = Desk::start().await;
    let (gateway, secret) = desk.found_with_key("Dashboard").await;
    let url = world.server.management();

    desk.click("connection").await;
    desk.look("home-menu-alone").await;
    desk.click("home-connect").await;
    desk.remember(&token);
    desk.fill("server-url", url).await;
    desk.fill("session-token", &token).await;
    desk.wait_for("keep-serving").await;
    desk.look("connect-keep-serving").await;
    desk.click("connect").await;
    desk.wait_for(&row("Of the team")).await;
    monitors(&gateway, &secret).await.expect(200);
    desk.wait_text("also-serving", "1 live key").await;

    for turn in 0..2 {
        desk.switch_to("here").await;
        desk.wait_for(&row("Dashboard")).await;
        assert!(!desk.is_there(&row("Of the team")).await);
        monitors(&gateway, &secret).await.expect(200);
        assert_eq!(desk.copy("Dashboard").await, secret);
        desk.switch_to(url).await;
        desk.wait_for(&row("Of the team")).await;
        assert!(!desk.is_there(&row("Dashboard")).await);
        monitors(&gateway, &secret).await.expect(200);
        if turn == 0 {
            desk.restart_app().await;
            desk.wait_for(&row("Of the team")).await;
        }
    }
    desk.click("connection").await;
    desk.look("home-menu").await;
}

impl Desk {
    /// Presses what hides the window. A click of the driver's is answered with the next frame, which a hidden window
    /// never draws.
    pub async fn keep_answering(&self) {
        self.wait_for("leave-keep").await;
        let press = "const keep = document.querySelector(`[data-testid='leave-keep']`);
            setTimeout(() => keep.click(), 0)";
        self.run(press, vec![]).await;
    }

    /// Starts the app while it runs hidden, which brings the window back and leaves no second one.
    fn start_again(&self, window: &Window) {
        let again = self.session().command(programs::desktop()).status();
        assert!(again.unwrap().success());
        wait_until("the window to come back", PATIENCE, || window.is_shown()).unwrap();
    }

    /// Goes to another home, with nothing but its entry in the menu.
    pub async fn switch_to(&self, home: &str) {
        self.click("connection").await;
        self.wait_for("home-menu").await;
        self.click(&format!("[data-testid='home'][data-home='{home}']"))
            .await;
        self.wait_gone("home-menu").await;
        assert!(!self.is_there("connect-dialog").await);
    }
}
