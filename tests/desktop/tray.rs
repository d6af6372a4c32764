//! The icon in the tray of a desktop that has one, and the start at login.

use std::fs;
use std::time::Duration;

use acceptance::session::wait_until;

use super::person::{MONITORS, monitors, row};
use crate::support::desktop::Desk;
use crate::support::people::Caller;
use crate::support::programs;
use crate::support::tray::Icon;

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn the_icon_says_how_the_gateway_is_and_leads_back() {
    let desk = Desk::start().await;
    let (gateway, secret) = desk.found_with_key("Dashboard").await;
    let window = desk.window();
    // It came after the app, as a panel does that was started anew.
    let mut panel = desk.add_panel().await;

    window.ask_to_close();
    desk.wait_text("closing-dialog", "tray").await;
    desk.look("closing-to-tray").await;
    desk.keep_answering().await;
    wait_until("the window to hide", PATIENCE, || !window.is_shown()).unwrap();
    let icon = panel.icon().await;
    assert_eq!(icon.title().await, "Gardien");
    let copy = format!("Copy {gateway} (this computer only)");
    let pause = "Pause: 1 live key stops working";
    let quit = "Quit: 1 live key stops working";
    let menu = ["(Answering programs)", &copy, "Open Gardien", pause, quit];
    assert_eq!(icon.menu().await, menu);
    icon.choose(&copy).await;
    desk.wait_clipboard(|text| text == gateway).await;

    icon.choose(pause).await;
    icon.wait_for("(Paused)").await;
    monitors(&gateway, &secret)
        .await
        .refusal(503, "gateway_paused");
    icon.wait_for("Resume").await;
    icon.choose("Resume").await;
    icon.wait_for("(Answering programs)").await;
    monitors(&gateway, &secret).await.expect(200);

    icon.click().await;
    wait_until("the window to come back", PATIENCE, || window.is_shown()).unwrap();
    desk.wait_for(&row("Dashboard")).await;
    window.ask_to_close();
    desk.tick("remember-answer").await;
    desk.keep_answering().await;
    wait_until("the window to hide", PATIENCE, || !window.is_shown()).unwrap();
    icon.choose("Open Gardien").await;
    wait_until("the window to come back", PATIENCE, || window.is_shown()).unwrap();
    window.ask_to_close();
    wait_until("the window to hide", PATIENCE, || !window.is_shown()).unwrap();

    monitors(&gateway, &secret).await.expect(200);
    // A program called a moment ago: to quit says so, and shows the window for that.
    icon.choose(quit).await;
    wait_until("the window to come back", PATIENCE, || window.is_shown()).unwrap();
    desk.wait_text("closing-dialog", "Dashboard").await;
    desk.click("leave-stop").await;
    wait_until("the app to end", PATIENCE, || {
        desk.session().running("gardien-desktop").is_empty()
    })
    .unwrap();
}

#[tokio::test]
async fn a_start_at_login_answers_programs_without_a_window() {
    let mut desk = Desk::start().await;
    let (gateway, secret) = desk.found_with_key("Dashboard").await;
    desk.go("settings").await;
    let entry = desk
        .session()
        .home()
        .join(".config/autostart/Gardien.desktop");
    assert!(!entry.exists());
    desk.tick("start-at-login").await;
    wait_until("the entry to be there", PATIENCE, || entry.exists()).unwrap();
    let text = fs::read_to_string(&entry).unwrap();
    desk.close_app().await;

    let line = text.lines().find_map(|line| line.strip_prefix("Exec="));
    let mut login = desk.session().command("sh");
    login.args(["-c", line.unwrap()]);
    desk.session_mut().spawn(&mut login).unwrap();
    let holder = Caller::with(&gateway, &secret);
    let mut answers = false;
    for _ in 0..400 {
        let answer = holder.request(reqwest::Method::GET, MONITORS).send().await;
        answers = answer.is_ok_and(|answer| answer.status() == 200);
        if answers {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(answers, "{}", desk.log());
    assert!(!desk.has_window());
    assert!(
        desk.session()
            .command(programs::desktop())
            .status()
            .unwrap()
            .success()
    );
    wait_until("the window to come", PATIENCE, || desk.has_window()).unwrap();
    desk.close_app().await;

    desk.open_app().await;
    desk.go("settings").await;
    desk.untick("start-at-login").await;
    wait_until("the entry to be gone", PATIENCE, || !entry.exists()).unwrap();
}

impl Icon {
    async fn wait_for(&self, line: &str) {
        let looking = async {
            while !self.menu().await.iter().any(|other| other == line) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, looking).await;
        assert!(found.is_ok(), "{line} never came: {:?}", self.menu().await);
    }
}
