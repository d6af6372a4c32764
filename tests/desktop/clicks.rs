//! How far it is to a key, in clicks, and that it is no farther without a mouse.

use std::cell::Cell;

use serde_json::json;

use super::person::{MONITORS, monitors};
use crate::support::desktop::{Desk, free_port};
use crate::support::keyboard::{CONTROL, ENTER, PLACE_OF_N, SPACE, TAB};
use crate::support::world::{Project, World};

#[tokio::test]
async fn from_the_first_start_to_the_first_key_in_eight() {
    let desk = Desk::start().await;
    let hand = Hand::on(&desk);
    let port = free_port();
    desk.wait_focus("organization").await;
    desk.type_text("Lighthouse").await;
    hand.click("email").await;
    desk.type_text("ada@lighthouse.test").await;
    hand.click("port").await;
    desk.chord(CONTROL, 'a').await;
    desk.type_text(&port.to_string()).await;
    hand.click("start").await;
    hand.click("new-key").await;
    desk.wait_focus("key-name").await;
    desk.type_text("Dashboard").await;
    hand.click("project-in-place").await;
    desk.type_text("Shop").await;
    hand.click("project-in-place-create").await;
    desk.wait_for(&format!("{}[data-chosen='true']", option("Shop")))
        .await;
    hand.click("preset-monitoring").await;
    hand.click("create-key").await;
    desk.wait_for("fresh-sheet").await;
    assert!(hand.clicks() <= 8, "{}", hand.clicks());
    desk.works_at(port).await;
}

#[tokio::test]
async fn from_the_first_start_to_the_first_key_without_a_mouse() {
    first_key_without_a_mouse(Keyboard::Latin).await;
}

#[tokio::test]
async fn from_the_first_start_to_the_first_key_with_a_cyrillic_keyboard() {
    first_key_without_a_mouse(Keyboard::Cyrillic).await;
}

async fn first_key_without_a_mouse(keyboard: Keyboard) {
    let desk = Desk::start().await;
    keyboard.plug_in(&desk);
    let port = free_port();
    desk.wait_focus("organization").await;
    desk.type_text("Lighthouse").await;
    desk.press(TAB).await;
    desk.type_text("ada@lighthouse.test").await;
    desk.tab_to("port").await;
    desk.chord(CONTROL, 'a').await;
    desk.type_text(&port.to_string()).await;
    desk.press(ENTER).await;
    desk.wait_for("new-key").await;
    keyboard.new_key(&desk).await;
    desk.wait_focus("key-name").await;
    desk.type_text("Dashboard").await;
    desk.tab_to("project-in-place").await;
    desk.type_text("Shop").await;
    desk.press(ENTER).await;
    desk.wait_focus("project-picker").await;
    desk.tab_to("preset-monitoring").await;
    desk.press(SPACE).await;
    keyboard.create(&desk).await;
    desk.wait_focus("fresh-copy").await;
    desk.works_at(port).await;
}

#[tokio::test]
async fn a_reader_of_one_of_twelve_projects_in_four() {
    let (world, projects, desk) = among_twelve().await;
    let hand = Hand::on(&desk);
    hand.click("new-key").await;
    desk.wait_focus("key-name").await;
    desk.type_text("Dashboard").await;
    hand.click(&option("Project 07")).await;
    hand.click("preset-monitoring").await;
    hand.click("create-key").await;
    desk.wait_for("fresh-sheet").await;
    assert_eq!(hand.clicks(), 4);
    desk.reads_only_in(&world, &projects[6]).await;
}

#[tokio::test]
async fn a_reader_of_one_of_twelve_projects_without_a_mouse() {
    reader_without_a_mouse(Keyboard::Latin).await;
}

#[tokio::test]
async fn a_reader_of_one_of_twelve_projects_with_a_cyrillic_keyboard() {
    reader_without_a_mouse(Keyboard::Cyrillic).await;
}

async fn reader_without_a_mouse(keyboard: Keyboard) {
    let (world, projects, desk) = among_twelve().await;
    keyboard.plug_in(&desk);
    keyboard.new_key(&desk).await;
    desk.wait_focus("key-name").await;
    desk.type_text("Dashboard").await;
    desk.tab_to("project-picker").await;
    desk.type_text("07").await;
    // Going on chooses what was typed.
    desk.tab_to("preset-monitoring").await;
    desk.press(SPACE).await;
    desk.wait_for(&format!("{}[data-chosen='true']", option("Project 07")))
        .await;
    keyboard.create(&desk).await;
    desk.wait_focus("fresh-copy").await;
    desk.reads_only_in(&world, &projects[6]).await;
}

/// The window on a team's server with twelve projects, that no key is in yet.
async fn among_twelve() -> (World, Vec<Project>, Desk) {
    let world = World::new().await;
    let mut projects = Vec::new();
    for number in 1..=12 {
        projects.push(Project::create(&world.owner, &format!("Project {number:02}")).await);
    }
    let token = world.server.token("owner@lighthouse.test", "owner");
    let desk = Desk::start().await;
    desk.join(world.server.management(), &token).await;
    desk.wait_for("new-key").await;
    (world, projects, desk)
}

/// What the shortcuts are pressed on. Texts are typed as if both had the letters.
#[derive(Debug, Clone, Copy)]
enum Keyboard {
    Latin,
    Cyrillic,
}

impl Keyboard {
    fn plug_in(self, desk: &Desk) {
        if let Self::Cyrillic = self {
            desk.type_cyrillic();
        }
    }

    async fn new_key(self, desk: &Desk) {
        match self {
            Self::Latin => desk.press('n').await,
            Self::Cyrillic => desk.strike(PLACE_OF_N),
        }
    }

    async fn create(self, desk: &Desk) {
        match self {
            Self::Latin => desk.chord(CONTROL, ENTER).await,
            Self::Cyrillic => desk.strike("ctrl+Return"),
        }
    }
}

/// A hand on a mouse, whose clicks are counted.
struct Hand<'a> {
    desk: &'a Desk,
    clicks: Cell<u32>,
}

impl<'a> Hand<'a> {
    fn on(desk: &'a Desk) -> Self {
        Self {
            desk,
            clicks: Cell::new(0),
        }
    }

    async fn click(&self, place: &str) {
        self.desk.click(place).await;
        self.clicks.set(self.clicks() + 1);
    }

    fn clicks(&self) -> u32 {
        self.clicks.get()
    }
}

impl Desk {
    async fn works_at(&self, port: u16) {
        let secret = self.copy_fresh("Dashboard").await;
        monitors(&format!("http://127.0.0.1:{port}"), &secret)
            .await
            .expect(200);
    }

    async fn reads_only_in(&self, world: &World, project: &Project) {
        let secret = self.copy_fresh("Dashboard").await;
        let keys = world.owner.get("/v1/keys").await.expect(200);
        assert_eq!(keys["data"][0]["scope"], project.scope());
        let holder = world.server.key_holder(&secret);
        holder.get(MONITORS).await.expect(200);
        holder.post(MONITORS, json!({})).await.refusal(403, "");
    }
}

/// A project to choose in the form of a new key.
fn option(name: &str) -> String {
    format!("[data-testid='project-option'][data-project-name='{name}']")
}
