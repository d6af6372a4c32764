//! A window with nothing in it, built from the same Tauri with the same features: the floor to measure against.

fn main() -> tauri::Result<()> {
    tauri::Builder::default().run(tauri::generate_context!(
        "../tests/measure/bare/tauri.conf.json"
    ))
}
