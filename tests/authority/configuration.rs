//! What is said by a file, the environment and the command line, in rising order.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::support::server::Server;

const HIDDEN: &str = "hunter2hunter2hunter2hunter2";

#[tokio::test]
async fn the_command_line_goes_before_the_environment_and_that_before_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gardien.toml");
    let text = "name = \"of the file\"\nlease = 3\nworkers = 3\nmanagement = \"off\"\nmetrics = \"127.0.0.1:0\"\n";
    fs::write(&file, text).unwrap();
    let address = format!("postgres://gardien:{HIDDEN}@127.0.0.1:1/gardien");
    let mut server = Server::start();
    server.terminate();
    server.set("GARDIEN_CONFIG", file.to_str().unwrap());
    server.set("GARDIEN_LEASE", "4");
    server.set("GARDIEN_WORKERS", "4");
    server.set("GARDIEN_DATABASE", &address);
    server.remember(HIDDEN);
    let told = server
        .say(&["serve", "--print-config", "--workers", "5"])
        .unwrap();
    for line in [
        "name = \"of the file\"",
        "lease = 4",
        "workers = 5",
        "management = \"off\"",
        "gateway = \"127.0.0.1:7420\"",
        "log-format = \"text\"",
        "database = \"postgres://gardien:***@127.0.0.1:1/gardien\"",
    ] {
        assert!(
            told.lines().any(|known| known == line),
            "{line} is not in\n{told}"
        );
    }
    assert!(!told.contains(HIDDEN), "{told}");
    // What was printed is a file that says the same.
    fs::write(&file, told.replace("database = ", "# ")).unwrap();
    assert_eq!(
        server
            .say(&["serve", "--print-config", "--workers", "5"])
            .unwrap(),
        told
    );
}

#[tokio::test]
async fn a_file_that_says_what_nobody_knows_is_refused_with_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gardien.toml");
    fs::write(&file, "lease = 3\n\ngatewy = \"off\"\n").unwrap();
    let server = Server::start();
    let config = ["serve", "--config", file.to_str().unwrap()];
    let (status, said) = server.run(&config, &[]);
    assert!(!status.success());
    let expected = format!("{}, line 3: there is no option `gatewy`", file.display());
    assert!(said.contains(&expected), "{said}");
    let (status, said) = server.run(&["serve", "--config", "nowhere.toml"], &[]);
    assert!(!status.success() && said.contains("nowhere.toml"), "{said}");
}

#[tokio::test]
async fn a_server_starts_with_a_file_and_says_its_log_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gardien.toml");
    fs::write(
        &file,
        "phare = \"sandbox\"\nlog-format = \"json\"\nworkers = 1\n",
    )
    .unwrap();
    let mut server = Server::start_with(&["--config", file.to_str().unwrap()], &[]);
    server.terminate();
    let log = server.log();
    let ready = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let ready = ready
        .into_iter()
        .find(|line| line["fields"]["message"] == "ready");
    assert!(ready.is_some_and(|ready| ready["level"] == "INFO"), "{log}");
}

/// The database is not there: what it says of that says that the address was read.
#[tokio::test]
async fn the_address_of_a_database_comes_from_a_file_that_others_should_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("database");
    fs::write(
        &file,
        format!("postgres://gardien:{HIDDEN}@127.0.0.1:1/gardien\n"),
    )
    .unwrap();
    let mut server = Server::start();
    server.terminate();
    server.remember(HIDDEN);
    let path = file.to_str().unwrap();
    for (mode, is_warned) in [(0o600, false), (0o604, true)] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let (status, said) = server.run(&["serve", "--database-file", path], &[]);
        assert!(!status.success());
        assert!(said.contains("the database cannot be reached"), "{said}");
        assert_eq!(
            said.contains("anybody on this machine can read this file"),
            is_warned,
            "{said}"
        );
        assert!(!said.contains(HIDDEN), "{said}");
    }
    let both = [
        "serve",
        "--database-file",
        path,
        "--database",
        "postgres://db/g",
    ];
    let (status, said) = server.run(&both, &[]);
    assert!(
        !status.success() && said.contains("cannot be used with"),
        "{said}"
    );
}
