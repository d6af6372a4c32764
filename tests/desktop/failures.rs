//! What a person sees when something is not as it should be, and that nothing is lost.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::person::{Form, TOASTS, banner, in_row, row};
use crate::support::desktop::{Desk, free_port};
use crate::support::people::Caller;
use crate::support::programs;
use crate::support::world::{World, new_key, organization};

#[tokio::test]
async fn a_busy_port() {
    let busy = free_port();
    let _other = TcpListener::bind(("127.0.0.1", busy)).unwrap();
    let mut desk = Desk::start().await;
    desk.fill("organization", "Lighthouse").await;
    desk.fill("email", "ada@lighthouse.test").await;
    desk.fill("port", &busy.to_string()).await;
    desk.click("start").await;
    desk.wait_text(
        "port-problem",
        &format!("Another program uses port {busy}."),
    )
    .await;
    desk.look("first-start-port-busy").await;
    let gateway = desk.found().await;
    desk.keep_key(Form::everything("Terraform")).await;

    desk.close_app().await;
    let port = gateway.rsplit_once(':').unwrap().1.to_owned();
    let taken = TcpListener::bind(format!("127.0.0.1:{port}")).unwrap();
    desk.open_app().await;
    desk.wait_text(
        &banner("port_busy"),
        &format!("Port {port} is taken by another program."),
    )
    .await;
    desk.look("port-busy").await;
    // Everything but the gateway works.
    let secret = desk.copy("Terraform").await;
    desk.click("retry-port").await;
    desk.wait_for(&banner("port_busy")).await;
    drop(taken);
    desk.click("retry-port").await;
    desk.wait_gone(&banner("port_busy")).await;
    Caller::with(&gateway, &secret)
        .get("/projects")
        .await
        .expect(200);

    desk.close_app().await;
    let _taken = TcpListener::bind(format!("127.0.0.1:{port}")).unwrap();
    desk.open_app().await;
    let words = desk.text("use-other-port").await;
    desk.click("use-other-port").await;
    desk.wait_gone(&banner("port_busy")).await;
    let other = words.trim_start_matches("Use ");
    assert!(desk.text("gateway-pill").await.ends_with(other), "{words}");
    let gateway = format!("http://127.0.0.1:{other}");
    Caller::with(&gateway, &secret)
        .get("/projects")
        .await
        .expect(200);
}

#[tokio::test]
async fn a_damaged_data_file() {
    let mut desk = Desk::start().await;
    let gateway = desk.found().await;
    desk.keep_key(Form::everything("Terraform")).await;
    let secret = desk.copy("Terraform").await;
    desk.close_app().await;
    let file = Data::of(desk.session().data());
    let good = file.read();
    let noise: Vec<u8> = (0..good.len())
        .map(|place| (place * 7 % 251) as u8)
        .collect();
    file.write(&noise);

    desk.open_app().await;
    desk.failure("data_damaged").await;
    desk.wait_text("failure-screen", &file.0.display().to_string())
        .await;
    desk.look("data-damaged").await;
    desk.click("retry").await;
    desk.failure("data_damaged").await;
    assert!(file.read() == noise, "the damaged file was changed");

    file.write(&good);
    desk.click("retry").await;
    assert_eq!(desk.copy("Terraform").await, secret);
    Caller::with(&gateway, &secret)
        .get("/projects")
        .await
        .expect(200);
}

#[tokio::test]
async fn data_of_a_newer_gardien_or_in_use_by_another() {
    let mut desk = Desk::start().await;
    let gateway = desk.found().await;
    desk.keep_key(Form::everything("Terraform")).await;
    let secret = desk.copy("Terraform").await;
    desk.close_app().await;
    let file = Data::of(desk.session().data());
    let good = file.read();
    sql(
        &file.0,
        "INSERT INTO _sqlx_migrations SELECT 99, 'later', installed_on, true, checksum, 0 FROM _sqlx_migrations WHERE version = 1",
    );
    let newer = file.read();
    desk.open_app().await;
    desk.failure("data_newer").await;
    desk.look("data-newer").await;
    desk.click("retry").await;
    desk.failure("data_newer").await;
    assert!(file.read() == newer, "the newer file was changed");
    file.write(&good);
    desk.click("retry").await;
    desk.wait_for(&row("Terraform")).await;
    desk.close_app().await;

    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let mut server = Command::new(programs::server());
    server
        .arg("serve")
        .arg("--data")
        .arg(desk.session().data())
        .args([
            "--gateway",
            &address,
            "--management",
            "127.0.0.1:0",
            "--phare",
            "sandbox",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut server = Ended(server.spawn().unwrap());
    while std::net::TcpStream::connect(&address).is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    desk.open_app().await;
    desk.failure("data_in_use").await;
    desk.look("data-in-use").await;
    // The other one goes on undisturbed.
    let other = format!("http://{address}");
    Caller::with(&other, &secret)
        .get("/projects")
        .await
        .expect(200);
    server.end();
    desk.click("retry").await;
    assert_eq!(desk.copy("Terraform").await, secret);
    Caller::with(&gateway, &secret)
        .get("/projects")
        .await
        .expect(200);
}

#[tokio::test]
async fn a_team_server_that_does_not_answer_or_refuses_the_session() {
    let mut world = World::new().await;
    let all = new_key("Of all", organization(), "none", "read");
    world.issue(all).await;
    let token = world.server.token("adam@lighthouse.test", "admin");
    let mut desk = Desk::start().await;
    desk.join(world.server.management(), &token).await;
    desk.wait_for(&row("Of all")).await;

    world.server.terminate();
    desk.wait_for(&banner("connection_lost")).await;
    desk.wait_for(&row("Of all")).await;
    desk.look("connection-lost").await;
    desk.click(&in_row("Of all", "row-revoke")).await;
    desk.wait_text(TOASTS, "The team server does not answer")
        .await;
    desk.click("retry-connection").await;
    desk.wait_for(&banner("connection_lost")).await;
    // The window sees by itself that it answers again.
    world.server.restart_in_place();
    desk.wait_gone(&banner("connection_lost")).await;
    desk.wait_for(&format!("{}[data-status='active']", row("Of all")))
        .await;

    world.server.terminate();
    desk.restart_app().await;
    desk.failure("connection_unreachable").await;
    desk.look("connection-unreachable").await;
    desk.click("retry").await;
    desk.failure("connection_unreachable").await;
    world.server.restart_in_place();
    desk.click("retry").await;
    desk.wait_for(&row("Of all")).await;

    // Somebody took the session away while the window was open.
    world.server.terminate();
    sql(
        &world.server.data().join("gardien.db"),
        "DELETE FROM sessions",
    );
    world.server.restart_in_place();
    desk.failure("session_refused").await;
    desk.look("session-refused").await;
    let token = world.server.token("adam@lighthouse.test", "admin");
    desk.remember(&token);
    desk.click("connect-again").await;
    desk.fill("server-url", world.server.management()).await;
    desk.fill("session-token", &token).await;
    desk.look("connect-again").await;
    desk.click("connect").await;
    desk.wait_for(&row("Of all")).await;
    desk.restart_app().await;
    desk.wait_for(&row("Of all")).await;

    // And back to what is on this computer.
    desk.go("settings").await;
    desk.click("disconnect").await;
    desk.click("confirm-disconnect").await;
    desk.wait_for("first-start").await;
}

impl Desk {
    /// Comes back when the whole window says that Gardien cannot work for this reason, and that nothing is lost.
    pub async fn failure(&self, code: &str) {
        // While it is tried again the screen stays.
        self.wait_for("[data-testid='retry']:not([disabled])").await;
        let place = format!("[data-testid='failure-screen'][data-code='{code}']");
        let words = self.text(&place).await;
        assert!(words.contains("Nothing was"), "{words}");
        assert!(words.contains("What to do"), "{words}");
    }
}

/// The app's data file, while nobody has it open.
struct Data(PathBuf);

impl Data {
    fn of(folder: PathBuf) -> Self {
        Self(folder.join("gardien.db"))
    }

    fn read(&self) -> Vec<u8> {
        // Everything must be in the file itself, or a copy of it would be no backup.
        for beside in ["gardien.db-wal", "gardien.db-journal"] {
            let beside = self.0.with_file_name(beside);
            assert!(
                fs::metadata(&beside).map_or(0, |file| file.len()) == 0,
                "{beside:?}"
            );
        }
        fs::read(&self.0).unwrap()
    }

    fn write(&self, bytes: &[u8]) {
        fs::write(&self.0, bytes).unwrap();
    }
}

/// A process that ends with the test.
struct Ended(std::process::Child);

impl Ended {
    fn end(&mut self) {
        let process = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
        let _ = self.0.wait();
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.end();
    }
}

/// Changes a database as no Gardien would.
fn sql(file: &Path, statement: &str) {
    let done = Command::new("sqlite3")
        .arg(file)
        .arg(statement)
        .status()
        .unwrap();
    assert!(done.success());
}
