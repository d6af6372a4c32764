//! Looking at the window: what axe finds in it, toasts that cover something, and pictures.

use std::env;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use serde_json::Value;

use super::desktop::{Desk, SCREEN, selector};
use super::programs;
use super::window::Window;

/// The sizes in which the window is looked at: its own, the smallest, and that of a large screen.
const SIZES: [(&str, (u32, u32)); 3] = [
    ("", (1180, 760)),
    ("-small", (900, 600)),
    ("-large", SCREEN),
];

impl Desk {
    /// Lets axe judge the page as it is now, light and dark and in every size, and takes a picture of each. What axe
    /// finds fails the test at its end, and so does a toast that covers something.
    pub async fn look(&self, name: &str) {
        self.look_in_sizes(name, None).await;
    }

    /// The same, with this place in sight in every size.
    pub async fn look_to(&self, name: &str, place: &str) {
        self.look_in_sizes(name, Some(place)).await;
    }

    async fn look_in_sizes(&self, name: &str, place: Option<&str>) {
        let window = self.window();
        let size = "return [innerWidth, innerHeight]";
        let before = self.run(size, vec![]).await;
        for (suffix, (width, height)) in SIZES {
            self.resize(&window, [width, height]).await;
            if let Some(place) = place {
                let show =
                    "document.querySelector(arguments[0])?.scrollIntoView({ block: 'center' })";
                self.run(show, vec![selector(place).into()]).await;
            }
            self.look_at(&format!("{name}{suffix}"), &window.place())
                .await;
        }
        let before: [u32; 2] = serde_json::from_value(before).unwrap();
        self.resize(&window, before).await;
        self.settle().await;
    }

    async fn resize(&self, window: &Window, size: [u32; 2]) {
        window.resize(size.into());
        let resized = "return innerWidth === arguments[0] && innerHeight === arguments[1]";
        self.run_until(resized, size.map(Value::from).to_vec())
            .await;
    }

    /// The same in the size that it has, where another would take the window from under the pointer.
    pub async fn look_unmoved(&self, name: &str) {
        self.look_at(name, &self.window().place()).await;
    }

    async fn look_at(&self, name: &str, part: &str) {
        let dress = "const [theme] = arguments; const { dataset } = document.documentElement;
            const before = dataset.theme ?? null;
            if (theme === null) delete dataset.theme; else dataset.theme = theme;
            return before";
        let mut before = Value::Null;
        for (turn, theme) in ["light", "dark"].into_iter().enumerate() {
            let was = self.run(dress, vec![theme.into()]).await;
            if turn == 0 {
                before = was;
            }
            self.settle().await;
            let mut found = self.axe().await;
            if turn == 0 {
                found.extend(self.covered().await);
            }
            let found = found
                .into_iter()
                .map(|what| format!("{name}, {theme}: {what}"));
            self.found.lock().unwrap().extend(found);
            self.picture(&format!("{name}-{theme}"), Some(part));
        }
        self.run(dress, vec![before]).await;
    }

    /// Waits until nothing moves any more.
    async fn settle(&self) {
        let script = "const done = arguments[arguments.length - 1];
            Promise.allSettled(document.getAnimations().map((each) => each.finished))
                .then(() => requestAnimationFrame(() => requestAnimationFrame(() => done(null))));";
        self.page().execute_async(script, vec![]).await.unwrap();
    }

    /// Insists that axe finds a picture without words, which would keep out who does not see it.
    pub async fn axe_has_eyes(&self) {
        let picture = "document.body.append(Object.assign(new Image(), { id: 'wordless' }))";
        self.run(picture, vec![]).await;
        let found = self.axe().await;
        assert!(
            found.iter().any(|line| line.contains("#wordless")),
            "{found:?}"
        );
        self.run("document.getElementById('wordless').remove()", vec![])
            .await;
    }

    async fn axe(&self) -> Vec<String> {
        static AXE: LazyLock<String> =
            LazyLock::new(|| fs::read_to_string(programs::axe()).unwrap());
        if self.run("return typeof axe", vec![]).await == "undefined" {
            self.run(&AXE, vec![]).await;
        }
        let script = "const done = arguments[arguments.length - 1];
            const line = ({ id, help, nodes }) =>
                `${id} (${help}) at ${nodes.map(({ target }) => target.join(' ')).join(', ')}`;
            axe.run().then(({ violations }) => done(violations.map(line)), (error) => done([String(error)]));";
        lines(&self.page().execute_async(script, vec![]).await.unwrap())
    }

    /// Which toasts are in the way of something.
    async fn covered(&self) -> Vec<String> {
        lines(&self.run(include_str!("covered.js"), vec![]).await)
    }

    /// Saves a part of the screen, or all of it, in the folder that `GARDIEN_SCREENSHOTS` names, if it does.
    pub fn picture(&self, name: &str, part: Option<&str>) {
        if let Some(folder) = env::var_os("GARDIEN_SCREENSHOTS") {
            fs::create_dir_all(&folder).unwrap();
            // Of the screen: WebKit's own waits for a frame, which a page at rest that is drawn without the GPU has none of.
            let mut import = self.session().command("import");
            import.args(["-window", "root"]);
            if let Some(part) = part {
                import.args(["-crop", part, "+repage"]);
            }
            import.arg(Path::new(&folder).join(format!("{name}.png")));
            assert!(import.status().unwrap().success());
        }
    }
}

fn lines(answer: &Value) -> Vec<String> {
    let lines = answer.as_array().unwrap().iter();
    lines
        .map(|line| line.as_str().unwrap().to_owned())
        .collect()
}
