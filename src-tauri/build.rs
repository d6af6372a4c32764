//! Tells Tauri which commands exist. Without this list every command would be open to every window.

use std::io::{self, Write};

use tauri_build::{AppManifest, Attributes};

include!("src/commands/list.rs");

macro_rules! names {
    ($($module:ident { $($name:ident($($args:ident: $type:ty)?) => $result:ty;)* })*) => {
        &[$($(stringify!($name),)*)* "watch"]
    };
}

const COMMANDS: &[&str] = each_command!(names);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The interface is built into the binary; nothing else says that it has to be taken in again.
    writeln!(io::stdout(), "cargo:rerun-if-changed=../ui/dist")?;
    writeln!(io::stdout(), "cargo:rerun-if-changed=src/commands/list.rs")?;
    let manifest = AppManifest::new().commands(COMMANDS);
    tauri_build::try_build(Attributes::new().app_manifest(manifest))?;
    Ok(())
}
