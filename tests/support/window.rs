//! A window as the X server knows it, and what a window manager would do with it: no session here has one.

use std::thread;
use std::time::{Duration, Instant};

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConfigureWindowAux, ConnectionExt as _, EventMask, InputFocus,
    MapState,
};
use x11rb::rust_connection::RustConnection;
use x11rb::{CURRENT_TIME, wrapper::ConnectionExt as _};

use super::desktop::Desk;

const TITLE: &str = "Gardien";
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

pub struct Window {
    server: RustConnection,
    id: u32,
}

impl Window {
    /// The window of this title on a screen, if there is one.
    pub fn find(display: &str, title: &str) -> Option<Self> {
        let (server, screen) = x11rb::connect(Some(display)).unwrap();
        let root = server.setup().roots[screen].root;
        let protocols = atom(&server, "WM_PROTOCOLS");
        let all = server.query_tree(root).unwrap().reply().unwrap().children;
        // The toolkit has one more of that name, which no window manager would look at.
        let id = all.into_iter().find(|id| {
            let of = |name: u32| {
                let property = server.get_property(false, *id, name, AtomEnum::ANY, 0, 64);
                property.unwrap().reply().map(|property| property.value)
            };
            of(AtomEnum::WM_NAME.into()).is_ok_and(|text| text == title.as_bytes())
                && of(protocols).is_ok_and(|list| !list.is_empty())
        });
        Some(Self { id: id?, server })
    }

    /// Whether it is on the screen.
    pub fn is_shown(&self) -> bool {
        let attributes = self.server.get_window_attributes(self.id).unwrap();
        attributes.reply().unwrap().map_state == MapState::VIEWABLE
    }

    /// What the cross in its corner does.
    pub fn ask_to_close(&self) {
        let wish = [
            atom(&self.server, "WM_DELETE_WINDOW"),
            CURRENT_TIME,
            0,
            0,
            0,
        ];
        let wish = ClientMessageEvent::new(32, self.id, atom(&self.server, "WM_PROTOCOLS"), wish);
        self.server
            .send_event(false, self.id, EventMask::NO_EVENT, wish)
            .unwrap();
        self.server.sync().unwrap();
    }

    /// Gives it this size, as pulling at its edge does.
    pub fn resize(&self, (width, height): (u32, u32)) {
        let size = ConfigureWindowAux::new().width(width).height(height);
        self.server.configure_window(self.id, &size).unwrap();
        self.server.sync().unwrap();
    }

    /// What of the screen it takes, as ImageMagick writes it.
    pub fn place(&self) -> String {
        let at = self.server.get_geometry(self.id).unwrap().reply().unwrap();
        format!("{}x{}+{}+{}", at.width, at.height, at.x, at.y)
    }

    /// Lets the keys of the real keyboard go to it. The server says nothing of a wish that it refuses, as it does while
    /// the window is not on the screen: so it is asked what came of it.
    pub fn take_keyboard(&self) {
        let end = Instant::now() + PATIENCE;
        loop {
            self.server
                .set_input_focus(InputFocus::PARENT, self.id, CURRENT_TIME)
                .unwrap();
            let focus = self.server.get_input_focus().unwrap().reply().unwrap();
            if focus.focus == self.id {
                return;
            }
            assert!(
                Instant::now() < end,
                "the keyboard stays with {}",
                focus.focus
            );
            thread::sleep(PAUSE);
        }
    }
}

impl Desk {
    /// The app's window, which must be there.
    pub fn window(&self) -> Window {
        let window = Window::find(self.session().display().unwrap(), TITLE);
        window.expect("the app has no window")
    }

    /// Whether the app shows a window.
    pub fn has_window(&self) -> bool {
        let window = Window::find(self.session().display().unwrap(), TITLE);
        window.is_some_and(|window| window.is_shown())
    }
}

fn atom(server: &RustConnection, name: &str) -> u32 {
    let atom = server.intern_atom(false, name.as_bytes()).unwrap();
    atom.reply().unwrap().atom
}
