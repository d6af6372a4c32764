//! Keys: as WebDriver names them, and on the real keyboard, which types other letters in other countries.

use super::desktop::Desk;

// As WebDriver names them.
pub const CONTROL: char = '\u{e009}';
pub const DELETE: char = '\u{e017}';
pub const DOWN: char = '\u{e015}';
pub const ENTER: char = '\u{e007}';
pub const ESCAPE: char = '\u{e00c}';
pub const RIGHT: char = '\u{e014}';
pub const SHIFT: char = '\u{e008}';
pub const SPACE: char = ' ';
pub const TAB: char = '\u{e004}';

/// Where these keys are on a keyboard, whatever is printed on them.
pub const PLACE_OF_J: &str = "44";
pub const PLACE_OF_N: &str = "57";
pub const PLACE_OF_SLASH: &str = "61";
pub const PLACE_OF_K_HELD: &str = "ctrl+45";
pub const PLACE_OF_V_HELD: &str = "ctrl+55";
pub const PLACE_OF_Z_HELD: &str = "ctrl+52";

impl Desk {
    /// From now on the keyboard types Cyrillic, with Latin to switch to, as on a Russian desktop.
    pub fn type_cyrillic(&self) {
        let layout = self
            .session()
            .command("setxkbmap")
            .args(["-layout", "ru,us"])
            .status();
        assert!(layout.unwrap().success());
        self.window().take_keyboard();
    }

    /// Presses a key of the keyboard, by its place or by a name that it has in every layout.
    pub fn strike(&self, key: &str) {
        let struck = self
            .session()
            .command("xdotool")
            .args(["key", key])
            .status();
        assert!(struck.unwrap().success());
    }
}
