//! The desktop app. What it consists of is told in `lib.rs`.

// Without this a release build on Windows opens a console beside the window.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    gardien_desktop::run()
}
