//! `cargo xtask bindings`.

use std::{fs, io};

use crate::{command, place, setup};

/// Writes `ui/src/bindings` anew. The test that finds it stale is what knows how to write it.
///
/// # Errors
/// When the desktop does not compile.
pub(crate) fn generate() -> io::Result<()> {
    setup::window()?;
    // The desktop takes the built UI into itself. An empty one will do: the real one cannot be built before this.
    fs::create_dir_all(place::root().join("ui/dist"))?;
    command::run(
        "GARDIEN_WRITE_BINDINGS=1 cargo test --locked --package gardien-desktop --features custom-protocol --lib bindings",
    )
}
