//! The app's window as the X server knows it, and what a window manager would do with it: no session here has one.

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, InputFocus, MapState,
};
use x11rb::rust_connection::RustConnection;
use x11rb::{CURRENT_TIME, wrapper::ConnectionExt as _};

use super::desktop::Desk;

const TITLE: &[u8] = b"Gardien";

pub struct Window {
    server: RustConnection,
    id: u32,
}

impl Window {
    /// The window of the app on this screen.
    fn on(display: &str) -> Self {
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
            of(AtomEnum::WM_NAME.into()).is_ok_and(|title| title == TITLE)
                && of(protocols).is_ok_and(|list| !list.is_empty())
        });
        Self {
            id: id.expect("the app has no window"),
            server,
        }
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

    /// Lets the keys of the real keyboard go to it.
    pub fn take_keyboard(&self) {
        self.server
            .set_input_focus(InputFocus::PARENT, self.id, CURRENT_TIME)
            .unwrap();
        self.server.sync().unwrap();
    }
}

impl Desk {
    /// The app's window, which must be there.
    pub fn window(&self) -> Window {
        Window::on(self.session().display().unwrap())
    }
}

fn atom(server: &RustConnection, name: &str) -> u32 {
    let atom = server.intern_atom(false, name.as_bytes()).unwrap();
    atom.reply().unwrap().atom
}
