//! The real window on a screen of its own, driven as a person would drive it.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use acceptance::session::{Keychain, Session};
use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use super::programs;

const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(50);

/// A desktop with the app open. Everything on it is its own: bus, keychain, clipboard, folders. Dropping it ends all.
pub struct Desk {
    // Before the session: it says goodbye to the driver.
    page: Option<Client>,
    driver: String,
    session: Session,
}

/// Something on the page that keeps somebody out, as axe reports it.
#[derive(Debug)]
pub struct Violation {
    pub rule: String,
    pub impact: String,
    pub help: String,
    /// Selectors of the elements.
    pub elements: Vec<String>,
}

impl Desk {
    /// The app, opened for the first time by a person with an unlocked keychain.
    pub async fn start() -> Self {
        Self::start_with(Keychain::Unlocked, &[]).await
    }

    /// The same with another keychain, and with variables for the app.
    pub async fn start_with(keychain: Keychain, variables: &[(&str, &str)]) -> Self {
        let mut session = Session::start(keychain).unwrap();
        session.add_screen(1280, 800).unwrap();
        let driver = start_driver(&mut session, variables).await;
        let mut desk = Self {
            page: None,
            driver,
            session,
        };
        desk.open_app().await;
        desk
    }

    /// Ends the app and opens it again: same folders, same keychain.
    pub async fn restart_app(&mut self) {
        self.close_app().await;
        self.open_app().await;
    }

    /// Ends the app.
    pub async fn close_app(&mut self) {
        if let Some(page) = self.page.take() {
            let _ = page.close().await;
        }
        self.session.end(&programs::desktop()).unwrap();
    }

    /// Opens the app, which must be closed.
    pub async fn open_app(&mut self) {
        let options = json!({
            "browserName": "wry",
            "tauri:options": { "application": programs::desktop(), "args": ["--automation"] },
        });
        let Value::Object(capabilities) = options else {
            unreachable!()
        };
        let page = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&self.driver)
            .await;
        match page {
            Ok(page) => self.page = Some(page),
            Err(error) => panic!("the app did not open: {error}\n{}", self.log()),
        }
    }

    /// The window's page, for what has no word of its own here.
    pub fn page(&self) -> &Client {
        self.page.as_ref().unwrap()
    }

    /// The session that the app runs in: its folders, its keychain.
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// What the app and the programs around it wrote on stderr.
    pub fn log(&self) -> String {
        fs::read_to_string(self.session.log()).unwrap_or_default()
    }

    /// The visible element with this `data-testid`, as soon as there is one.
    pub async fn wait_for(&self, testid: &str) -> Element {
        let selector = format!("[data-testid=\"{testid}\"]");
        let end = Instant::now() + PATIENCE;
        loop {
            for element in self.page().find_all(Locator::Css(&selector)).await.unwrap() {
                // It may have been replaced since it was found.
                if element.is_displayed().await.unwrap_or(false) {
                    return element;
                }
            }
            self.not_yet(end, &format!("{testid:?} to be there")).await;
        }
    }

    /// Comes back when no visible element has this `data-testid`.
    pub async fn wait_gone(&self, testid: &str) {
        let selector = format!("[data-testid=\"{testid}\"]");
        let end = Instant::now() + PATIENCE;
        'look: loop {
            for element in self.page().find_all(Locator::Css(&selector)).await.unwrap() {
                if element.is_displayed().await.unwrap_or(false) {
                    self.not_yet(end, &format!("{testid:?} to be gone")).await;
                    continue 'look;
                }
            }
            return;
        }
    }

    /// Comes back when this text stands somewhere on the page.
    pub async fn wait_text(&self, text: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.shown().await.contains(text) {
            self.not_yet(end, &format!("{text:?} to be shown")).await;
        }
    }

    /// All text that is shown.
    pub async fn shown(&self) -> String {
        let text = self
            .page()
            .execute("return document.body.innerText", vec![])
            .await;
        text.unwrap().as_str().unwrap_or_default().to_owned()
    }

    /// The text of one element.
    pub async fn text(&self, testid: &str) -> String {
        self.wait_for(testid).await.text().await.unwrap()
    }

    /// Clicks it, as soon as it is there and nothing lies over it.
    pub async fn click(&self, testid: &str) {
        let end = Instant::now() + PATIENCE;
        while let Err(error) = self.wait_for(testid).await.click().await {
            self.not_yet(end, &format!("{testid:?} to be clicked ({error})"))
                .await;
        }
    }

    /// Types a text into a field, in place of what stands there.
    pub async fn fill(&self, testid: &str, text: &str) {
        const SELECT_ALL: &str = "\u{e009}a\u{e000}";
        const DELETE: &str = "\u{e017}";
        let field = self.wait_for(testid).await;
        field.send_keys(SELECT_ALL).await.unwrap();
        field.send_keys(DELETE).await.unwrap();
        if !text.is_empty() {
            field.send_keys(text).await.unwrap();
        }
    }

    /// Runs a script in the page. It is the body of a function.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.page().execute(script, arguments).await.unwrap()
    }

    /// Saves what the window shows as a PNG.
    pub async fn screenshot(&self, path: &Path) {
        fs::write(path, self.page().screenshot().await.unwrap()).unwrap();
    }

    /// What a person would paste now; empty when there is nothing.
    pub async fn clipboard(&self) -> String {
        let mut paste = self.session.command("xclip");
        paste.args(["-selection", "clipboard", "-out"]);
        let mut paste = tokio::process::Command::from(paste);
        paste.kill_on_drop(true);
        // An owner that hangs is as good as an empty clipboard: nothing can be pasted.
        match tokio::time::timeout(Duration::from_secs(3), paste.output()).await {
            Ok(output) => String::from_utf8(output.unwrap().stdout).unwrap(),
            Err(_) => String::new(),
        }
    }

    /// Copies something outside the app, as a person does in between.
    pub fn set_clipboard(&self, text: &str) {
        let mut copy = self
            .session
            .command("xclip")
            .args(["-selection", "clipboard", "-in"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        copy.stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        // It leaves a process behind that serves the text, which ends with the session.
        assert!(copy.wait().unwrap().success());
    }

    /// Everything that axe finds on the page as it is now.
    pub async fn axe(&self) -> Vec<Violation> {
        let axe = fs::read_to_string(programs::axe()).unwrap();
        self.run(&axe, vec![]).await;
        let script = "const done = arguments[arguments.length - 1];
            axe.run().then((found) => done(found.violations), (error) => done(String(error)));";
        let found = self.page().execute_async(script, vec![]).await.unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let Value::Array(found) = found else {
            panic!("axe failed: {found}")
        };
        found
            .iter()
            .map(|violation| Violation {
                rule: text(&violation["id"]),
                impact: text(&violation["impact"]),
                help: text(&violation["help"]),
                elements: violation["nodes"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|node| node["target"].to_string())
                    .collect(),
            })
            .collect()
    }

    /// Locks the keychain while the app runs.
    pub fn keychain_lock(&self) {
        self.session.lock_keychain().unwrap();
    }

    /// Unlocks it again.
    pub fn keychain_unlock(&mut self) {
        self.session.unlock_keychain().unwrap();
    }

    /// Waits a little, or says what is on the screen when the time is over.
    async fn not_yet(&self, end: Instant, what: &str) {
        assert!(
            Instant::now() < end,
            "waited in vain for {what}. Shown:\n{}\n\nLogged:\n{}",
            self.shown().await,
            self.log()
        );
        tokio::time::sleep(PAUSE).await;
    }
}

/// Starts the driver on ports that are free, and comes back with its address when it answers.
async fn start_driver(session: &mut Session, variables: &[(&str, &str)]) -> String {
    for _ in 0..3 {
        let (port, native) = (free_port(), free_port());
        let mut driver = session.command(programs::tauri_driver());
        driver.args([
            "--port",
            &port.to_string(),
            "--native-port",
            &native.to_string(),
        ]);
        driver.envs(variables.iter().copied()).stdout(Stdio::null());
        session.spawn(&mut driver).unwrap();
        let end = Instant::now() + Duration::from_secs(5);
        while Instant::now() < end {
            // Both must listen: the first passes on to the second.
            if listens(port).await && listens(native).await {
                return format!("http://127.0.0.1:{port}");
            }
            tokio::time::sleep(PAUSE).await;
        }
        // Somebody else took a port in between.
        session.end(&programs::tauri_driver()).unwrap();
    }
    panic!(
        "the driver does not start: {}",
        fs::read_to_string(session.log()).unwrap_or_default()
    );
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

async fn listens(port: u16) -> bool {
    tokio::net::TcpStream::connect(("127.0.0.1", port))
        .await
        .is_ok()
}
