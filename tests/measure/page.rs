//! The page in use, with 5,000 keys.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use super::{percentile, start};
use crate::desktop::person::row;
use crate::support::desktop::Desk;
use crate::support::world::{World, new_key, organization};

const KEYS: u32 = 5_000;
const SEARCHES: u32 = 50;
const SHEETS: u32 = 60;
const STEPS: u32 = 150;
const APP: &str = "gardien-desktop";

/// What its use took: megabytes and milliseconds.
#[derive(Debug)]
pub struct Page {
    pub scrolled: f64,
    pub used: f64,
    pub rested: f64,
    pub keystroke: f64,
    pub sheet: f64,
}

/// Scrolls, searches, opens sheets and walks through the drawer, as somebody does all day.
pub async fn measure() -> Page {
    let world = World::new().await;
    stream::iter(0..KEYS)
        .for_each_concurrent(16, |number| {
            let key = new_key(&name(number), organization(), "read", "read_write");
            async {
                world.owner.post("/v1/keys", key).await.expect(201);
            }
        })
        .await;
    let token = world.server.token("owner@lighthouse.test", "owner");
    let desk = Desk::start().await;
    desk.join(world.server.management(), &token).await;
    desk.wait_for(&row(&name(KEYS - 1))).await;
    watch(&desk).await;

    scroll_to_the_end(&desk).await;
    desk.wait_for(&row(&name(0))).await;
    let scrolled = start::memory(desk.session(), APP);

    let mut keystrokes = Vec::new();
    for search in 0..SEARCHES {
        let wanted = name(search * 97 % KEYS);
        let (before, last) = wanted.split_at(wanted.len() - 1);
        desk.fill("search", before).await;
        // Ten of them, or fewer.
        let few = "const rows = document.querySelectorAll('[data-testid=key-row]');
            return rows.length > 1 && [...rows].every((row) => row.dataset.keyName.startsWith(arguments[0]))";
        desk.run_until(few, vec![before.into()]).await;
        expect(
            &desk,
            "keydown",
            "(name) => {
                const rows = document.querySelectorAll('[data-testid=key-row]');
                return rows.length === 1 && rows[0].dataset.keyName === name;
            }",
            &wanted,
        )
        .await;
        desk.type_text(last).await;
        keystrokes.push(took(&desk).await);
    }
    desk.fill("search", "").await;
    desk.wait_for(&row(&name(KEYS - 1))).await;

    let mut sheets = Vec::new();
    for _ in 0..SHEETS {
        let there =
            "() => document.querySelector('[data-testid=key-name]')?.getClientRects().length > 0";
        expect(&desk, "pointerdown", there, "").await;
        desk.click("new-key").await;
        sheets.push(took(&desk).await);
        desk.click("cancel").await;
        desk.wait_gone("key-name").await;
    }

    desk.click(&row(&name(KEYS - 1))).await;
    desk.wait_for("trail-row").await;
    for _ in 0..STEPS {
        desk.press('j').await;
        two_frames(&desk).await;
    }
    desk.wait_for("trail-row").await;
    let used = start::memory(desk.session(), APP);
    tokio::time::sleep(Duration::from_secs(10)).await;
    Page {
        scrolled,
        used,
        rested: start::memory(desk.session(), APP),
        keystroke: percentile(keystrokes, 95),
        sheet: percentile(sheets, 95),
    }
}

fn name(number: u32) -> String {
    format!("service-{number:05}")
}

/// Teaches the page to say how long it took from an event of the person's to the frame that shows what came of it.
async fn watch(desk: &Desk) {
    let script = "window.expectFrame = (event, shows) => {
            window.frameTook = null;
            addEventListener(event, ({ timeStamp }) => {
                const look = () => {
                    if (!shows()) return requestAnimationFrame(look);
                    // In the next one what is there now was painted.
                    requestAnimationFrame(() => { window.frameTook = performance.now() - timeStamp; });
                };
                requestAnimationFrame(look);
            }, { once: true, capture: true });
        };";
    desk.run(script, vec![]).await;
}

/// Measures from the next event of this kind until this holds of the page.
async fn expect(desk: &Desk, event: &str, shows: &str, argument: &str) {
    let script = format!(
        "const [event, argument] = arguments; window.expectFrame(event, () => ({shows})(argument));"
    );
    desk.run(&script, vec![event.into(), argument.into()]).await;
}

async fn took(desk: &Desk) -> f64 {
    let took = desk.run_until("return window.frameTook", vec![]).await;
    took.as_f64().unwrap()
}

async fn two_frames(desk: &Desk) {
    let script = "const done = arguments[arguments.length - 1];
        requestAnimationFrame(() => requestAnimationFrame(() => done(true)));";
    desk.page().execute_async(script, vec![]).await.unwrap();
}

/// As with a wheel: every part of the list is drawn once.
async fn scroll_to_the_end(desk: &Desk) {
    let script = "const list = document.querySelector('[data-testid=key-table] .scroll');
        const before = list.scrollTop;
        list.scrollTop += list.clientHeight;
        return list.scrollTop > before";
    while desk.run(script, vec![]).await == Value::Bool(true) {
        two_frames(desk).await;
    }
}
