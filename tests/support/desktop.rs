//! The real window on a screen of its own, driven as a person would drive it.
//!
//! A *place* on the page is a `data-testid`, or a whole CSS selector where that is not enough.

use std::borrow::Cow;
use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::process::{self, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use acceptance::session::{Keychain, Session};
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{leaks, programs};

/// The size of the screen.
pub const SCREEN: (u32, u32) = (1680, 1050);
const DRIVER: &str = "WebKitWebDriver";
const PATIENCE: Duration = Duration::from_secs(90);
/// How long the app may take to open under load.
const OPENING: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(50);

/// A desktop with the app open. Everything on it is its own: bus, keychain, clipboard, folders. Dropping it ends all,
/// and fails the test when the app had panicked or left a secret in clear anywhere, or when axe had found something.
pub struct Desk {
    page: Option<Client>,
    driver: String,
    session: Session,
    /// Everything that was on the clipboard or typed here and must not be found in a file.
    secrets: Mutex<Vec<String>>,
    /// Everything that axe found, and toasts that cover something.
    pub(super) found: Mutex<Vec<String>>,
    /// Two apps at a time are what two cores can carry.
    _seat: SemaphorePermit<'static>,
}

impl Desk {
    /// The app, opened for the first time by a person with an unlocked keychain.
    pub async fn start() -> Self {
        Self::start_with(Keychain::Unlocked, &[]).await
    }

    /// The same with another keychain, and with variables for the app.
    pub async fn start_with(keychain: Keychain, variables: &[(&str, &str)]) -> Self {
        static SEATS: Semaphore = Semaphore::const_new(2);
        let seat = SEATS.acquire().await.unwrap();
        let mut session = Session::start(keychain).unwrap();
        session.add_screen(SCREEN.0, SCREEN.1).unwrap();
        let driver = start_driver(&mut session, variables).await;
        let mut desk = Self {
            page: None,
            driver,
            session,
            secrets: Mutex::default(),
            found: Mutex::default(),
            _seat: seat,
        };
        desk.open_app().await;
        desk
    }

    /// Ends the app and opens it again: same folders, same keychain.
    pub async fn restart_app(&mut self) {
        self.close_app().await;
        self.open_app().await;
    }

    /// Ends the app, in order.
    pub async fn close_app(&mut self) {
        self.session.end(&programs::desktop()).unwrap();
        self.leave_page().await;
    }

    /// Kills the app: it has no time to do anything.
    pub async fn kill_app(&mut self) {
        self.session.kill(&programs::desktop()).unwrap();
        self.leave_page().await;
    }

    async fn leave_page(&mut self) {
        if let Some(page) = self.page.take() {
            // It fails, as the page is gone, but the driver is free for the next one.
            let _ = page.close().await;
        }
    }

    /// Opens the app, which must be closed, and waits for its first screen.
    pub async fn open_app(&mut self) {
        let options = json!({
            "webkitgtk:browserOptions": { "binary": programs::desktop(), "args": ["--automation"] },
        });
        let Value::Object(capabilities) = options else {
            unreachable!()
        };
        let mut client = ClientBuilder::new(HttpConnector::new());
        let opening = client.capabilities(capabilities).connect(&self.driver);
        // The driver waits for ever for an app that ended at its start.
        match tokio::time::timeout(OPENING, opening).await {
            Ok(Ok(page)) => self.page = Some(page),
            Ok(Err(error)) => panic!("the app did not open: {error}\n{}", self.log()),
            Err(_) => panic!("the app did not open in time\n{}", self.log()),
        }
        self.wait_for("html[data-ready='true']").await;
    }

    /// The window's page, for what has no word of its own here.
    pub fn page(&self) -> &Client {
        self.page.as_ref().unwrap()
    }

    /// The session that the app runs in: its folders, its processes.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The same, to start something in it.
    pub fn session_mut(&mut self) -> &mut Session {
        &mut self.session
    }

    /// What the app and the programs around it wrote on stderr.
    pub fn log(&self) -> String {
        fs::read_to_string(self.session.log()).unwrap_or_default()
    }

    /// Comes back when this was logged.
    pub async fn wait_logged(&self, text: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.log().contains(text) {
            self.not_yet(end, &format!("{text:?} in the log")).await;
        }
    }

    /// The visible element in this place, as soon as there is one.
    pub async fn wait_for(&self, place: &str) -> Element {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(element) = self.shown_at(place).await {
                return element;
            }
            self.not_yet(end, &format!("{place} to be there")).await;
        }
    }

    /// Comes back when nothing is seen in this place.
    pub async fn wait_gone(&self, place: &str) {
        let end = Instant::now() + PATIENCE;
        while self.is_there(place).await {
            self.not_yet(end, &format!("{place} to be gone")).await;
        }
    }

    /// Whether something is seen in this place now.
    pub async fn is_there(&self, place: &str) -> bool {
        self.shown_at(place).await.is_some()
    }

    /// Comes back when this text stands in this place.
    pub async fn wait_text(&self, place: &str, text: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.text(place).await.contains(text) {
            self.not_yet(end, &format!("{text:?} in {place}")).await;
        }
    }

    /// The text in this place. An element that is replaced while it is read is read again.
    pub async fn text(&self, place: &str) -> String {
        loop {
            let element = self.wait_for(place).await;
            if let Ok(Some(text)) = element.prop("innerText").await {
                return text.trim().to_owned();
            }
        }
    }

    /// An attribute of what is in this place.
    pub async fn attribute(&self, place: &str, name: &str) -> String {
        let element = self.wait_for(place).await;
        element.attr(name).await.unwrap().unwrap_or_default()
    }

    /// All text that is shown.
    pub async fn shown(&self) -> String {
        let text = self.run("return document.body.innerText", vec![]).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Clicks it, as soon as it is there and nothing lies over it.
    pub async fn click(&self, place: &str) {
        let end = Instant::now() + PATIENCE;
        while let Err(error) = self.wait_for(place).await.click().await {
            self.not_yet(end, &format!("{place} to be clicked ({error})"))
                .await;
        }
    }

    /// Ticks a box.
    pub async fn tick(&self, place: &str) {
        self.set_ticked(place, "true").await;
    }

    /// Unticks a box.
    pub async fn untick(&self, place: &str) {
        self.set_ticked(place, "false").await;
    }

    /// A page that still moves under the pointer swallows a click, so it is looked at afterwards.
    async fn set_ticked(&self, place: &str, ticked: &str) {
        let end = Instant::now() + PATIENCE;
        while self
            .wait_for(place)
            .await
            .prop("checked")
            .await
            .unwrap()
            .as_deref()
            != Some(ticked)
        {
            self.click(place).await;
            self.not_yet(end, &format!("{place} to be clicked")).await;
        }
    }

    /// Types a text into a field, in place of what stands there.
    pub async fn fill(&self, place: &str, text: &str) {
        const SELECT_ALL: &str = "\u{e009}a\u{e000}";
        const DELETE: &str = "\u{e017}";
        let field = self.wait_for(place).await;
        field.send_keys(SELECT_ALL).await.unwrap();
        field.send_keys(DELETE).await.unwrap();
        if !text.is_empty() {
            field.send_keys(text).await.unwrap();
        }
    }

    /// Presses a key, wherever the focus is.
    pub async fn press(&self, key: char) {
        let press = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Up { value: key });
        self.page().perform_actions(press).await.unwrap();
    }

    /// Presses a key while another is held down.
    pub async fn chord(&self, held: char, key: char) {
        let press = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value: held })
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Up { value: key })
            .then(KeyAction::Up { value: held });
        self.page().perform_actions(press).await.unwrap();
    }

    /// Types a text, wherever the focus is.
    pub async fn type_text(&self, text: &str) {
        for letter in text.chars() {
            self.press(letter).await;
        }
    }

    /// The `data-testid` of what has the focus; empty when nothing of the kind has it.
    pub async fn focus(&self) -> String {
        let script = "return document.activeElement?.dataset.testid ?? ''";
        self.run(script, vec![])
            .await
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Comes back when this has the focus.
    pub async fn wait_focus(&self, testid: &str) {
        let end = Instant::now() + PATIENCE;
        while self.focus().await != testid {
            self.not_yet(end, &format!("{testid} to have the focus"))
                .await;
        }
    }

    /// Runs a script in the page. It is the body of a function.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.page().execute(script, arguments).await.unwrap()
    }

    /// Runs a script again and again until it answers something, and answers that.
    pub async fn run_until(&self, script: &str, arguments: Vec<Value>) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.run(script, arguments.clone()).await {
                Value::Null | Value::Bool(false) => self.not_yet(end, script).await,
                answer => return answer,
            }
        }
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

    /// What a person would paste, as soon as it is like this.
    pub async fn wait_clipboard(&self, like: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let text = self.clipboard().await;
            if like(&text) {
                return text;
            }
            self.not_yet(
                end,
                &format!("something else than {text:?} on the clipboard"),
            )
            .await;
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

    /// Takes note of something that must not be found in clear.
    pub fn remember(&self, secret: &str) {
        self.secrets.lock().unwrap().push(secret.to_owned());
    }

    /// Locks the keychain while the app runs.
    pub fn keychain_lock(&self) {
        self.session.lock_keychain().unwrap();
    }

    /// Unlocks it again, or starts it where there was none.
    pub fn keychain_unlock(&mut self) {
        self.session.unlock_keychain().unwrap();
    }

    async fn shown_at(&self, place: &str) -> Option<Element> {
        // In one go: what WebDriver calls displayed takes many, and leaves out what a too narrow box cuts off.
        let script = "return [...document.querySelectorAll(arguments[0])]
            .find((each) => each.checkVisibility() && each.getClientRects().length > 0)";
        let found = self.page().execute(script, vec![selector(place).into()]);
        let found = match found.await {
            // It was replaced while it was handed over.
            Err(error) if error.is_stale_element_reference() => return None,
            found => found.unwrap(),
        };
        let id = found.as_object()?.values().next()?.as_str()?.to_owned();
        Some(Element::from_element_id(self.page().clone(), id.into()))
    }

    /// Waits a little, or says what is on the screen when the time is over.
    async fn not_yet(&self, end: Instant, what: &str) {
        if Instant::now() > end {
            self.picture("failure", None);
            panic!(
                "waited in vain for {what}, with the focus on {:?}. Shown:\n{}\n\nLogged:\n{}",
                self.focus().await,
                self.shown().await,
                self.log()
            );
        }
        tokio::time::sleep(PAUSE).await;
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let ended = self.session.end(&programs::desktop());
        if !thread::panicking() {
            ended.unwrap();
            assert!(!self.log().contains("panicked at"), "{}", self.log());
            let leaks = leaks::found(self.session.folder(), &self.secrets.lock().unwrap());
            assert_eq!(leaks, [""; 0], "in clear");
            let found = self.found.lock().unwrap().join("\n");
            assert!(found.is_empty(), "found:\n{found}");
        }
    }
}

/// A port that is free, like the next one. It lies below those that the system hands out, so it stays free.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Other runs of the tests begin elsewhere.
    let begin = u16::try_from(process::id() % 4_000).unwrap() * 2;
    loop {
        let port = 20_000 + (begin + NEXT.fetch_add(2, Ordering::Relaxed)) % 10_000;
        if [port, port + 1]
            .iter()
            .all(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        {
            return port;
        }
    }
}

pub(super) fn selector(place: &str) -> Cow<'_, str> {
    if place.contains(['[', ' ']) {
        Cow::Borrowed(place)
    } else {
        Cow::Owned(format!("[data-testid='{place}']"))
    }
}

/// Starts the driver on a port that is free, and comes back with its address when it answers.
async fn start_driver(session: &mut Session, variables: &[(&str, &str)]) -> String {
    for _ in 0..3 {
        let port = free_port();
        let mut driver: Command = session.command(DRIVER);
        driver
            .arg(format!("--port={port}"))
            // The app lets itself be driven only then.
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .envs(variables.iter().copied())
            .stdout(Stdio::null());
        session.spawn(&mut driver).unwrap();
        let end = Instant::now() + Duration::from_secs(20);
        while Instant::now() < end {
            if listens(port).await {
                return format!("http://127.0.0.1:{port}");
            }
            tokio::time::sleep(PAUSE).await;
        }
        // Somebody else took the port in between, and this one has ended.
    }
    panic!(
        "the driver does not start: {}",
        fs::read_to_string(session.log()).unwrap_or_default()
    );
}

async fn listens(port: u16) -> bool {
    tokio::net::TcpStream::connect(("127.0.0.1", port))
        .await
        .is_ok()
}
