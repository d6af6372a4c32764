use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use gardien_authority::api::{Caller, NewKey};
use gardien_authority::{Beginning, System, issue_session};
use gardien_domain::{ProductScope, ProductScopes, Role, Scope};
use gardien_server::{Service, database};
use gardien_store::{Sqlite, Store as _};
use gardien_vault::Vault;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::*;
use crate::clipboard::Clipboard;
use crate::commands::keys::{TryKey, try_key};
use crate::commands::leaving::{self, Leave};
use crate::environment::Outside;
use crate::home::GatewayState;
use crate::keeper::Keeper;
use crate::preferences::{OnClose, PreferenceFile, Saved};
use crate::shell::Remembering;
use crate::status::{AppStatus, Stage};
use crate::{closing, compose, trial};

const SETTLED: Duration = Duration::from_secs(20);

/// A team's server.
struct Team {
    service: Service,
    url: String,
    token: SecretString,
    _folder: TempDir,
}

impl Team {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let service = Service::open(folder.path()).await.unwrap();
        service.found("Team", "tess@team.test").await.unwrap();
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let address = service.listen_management(any).await.unwrap();
        let store = Sqlite::open(&database(folder.path())).await.unwrap();
        let (by, role) = (System::because("a test"), Role::Owner);
        let token = issue_session(by, &store, "tess@team.test", role, Timestamp::now()).await;
        store.close().await;
        Self {
            service,
            url: format!("http://{address}"),
            token: token.unwrap(),
            _folder: folder,
        }
    }

    fn connect(&self, keep_serving: bool) -> Connect {
        Connect {
            url: format!(" {}/ ", self.url),
            token: self.token.clone(),
            keep_serving,
        }
    }

    fn connection(&self) -> Connection {
        Connection::Team {
            url: self.url.clone(),
        }
    }

    fn switch(&self, keep_serving: bool) -> SwitchHome {
        SwitchHome {
            connection: self.connection(),
            keep_serving,
        }
    }
}

const HOME: SwitchHome = SwitchHome {
    connection: Connection::Embedded,
    keep_serving: true,
};

/// An app with an organization on this computer, over the sandbox, and one key that reads.
struct Desk {
    app: Arc<App>,
    shell: Remembering,
    folder: TempDir,
    secret: SecretString,
    key: gardien_domain::KeyId,
}

impl Desk {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let service = Service::open(folder.path()).await.unwrap();
        let begun = service.authority().first_start(
            System::because("a test"),
            "Here",
            "owen@here.test",
            Beginning::Sandbox,
        );
        let owner = begun.await.unwrap();
        let key = NewKey {
            name: "Terraform".to_owned(),
            note: String::new(),
            scope: Scope::Organization {},
            products: ProductScopes {
                platform: ProductScope::Read,
                uptime: ProductScope::None,
            },
            share: None,
            expires_at: None,
        };
        let made = service.client(owner).create_key(&key).await.unwrap();
        service.stop().await;
        let (app, shell) = app(&folder, Saved::default());
        compose::open(&app).await;
        app.hold_fresh(made.key.id, made.secret.clone());
        Self {
            app,
            shell,
            folder,
            secret: made.secret,
            key: made.key.id,
        }
    }

    async fn status(&self) -> AppStatus {
        describe(&self.app).await
    }

    /// The address of this computer's gateway, while it is open.
    fn address(&self) -> Option<String> {
        match self.app.local()?.gateway {
            GatewayState::Running { address } => Some(address),
            _ => None,
        }
    }

    async fn call(&self, address: &str) -> Result<u16, reqwest::Error> {
        let client = trial::client(address, &self.app.outside.proxies).unwrap();
        let call = client
            .get(format!("{address}/users"))
            // What the window itself tries is no program that would miss the gateway.
            .header("User-Agent", "terraform-provider-phare/0.0.12")
            .bearer_auth(self.secret.expose_secret());
        Ok(call.send().await?.status().as_u16())
    }

    /// The programs that the gateway says have called.
    async fn callers(&self) -> Vec<Caller> {
        let service = self.app.local().unwrap().service;
        service.callers(Timestamp::now()).await.unwrap()
    }

    async fn end(self, team: Option<&Team>) {
        if let Some(team) = team {
            let item = compose::team_session(&team.url);
            self.app.keeper.forget(&item).await;
        }
        compose::stop(&self.app).await;
        drop(self.folder);
    }
}

fn app(folder: &TempDir, saved: Saved) -> (Arc<App>, Remembering) {
    let shell = Remembering::default();
    let saved = Saved {
        gateway_port: 0,
        ..saved
    };
    let app = App::new(
        folder.path().to_owned(),
        Outside {
            phare: gardien_phare::PHARE_URL.to_owned(),
            ..Outside::default()
        },
        Arc::new(Keeper::new(Vault::open())),
        Clipboard::open(Duration::from_secs(1)),
        PreferenceFile::unwritten(saved),
        Box::new(shell.clone()),
    );
    (Arc::new(app), shell)
}

fn organization(status: &AppStatus) -> &str {
    &status.session.as_ref().unwrap().organization
}

#[tokio::test]
async fn this_computer_serves_on_beside_the_team_and_both_homes_stay() {
    let (desk, team) = (Desk::start().await, Team::start().await);
    let address = desk.address().unwrap();
    assert_eq!(desk.call(&address).await.unwrap(), 200);

    let joined = connect(&desk.app, team.connect(true)).await.unwrap();
    assert_eq!(organization(&joined), "Team");
    assert_eq!(desk.call(&address).await.unwrap(), 200, "programs go on");
    let [here, there] = joined.homes.as_slice() else {
        panic!("{:?}", joined.homes);
    };
    assert_eq!(here.organization.as_deref(), Some("Here"));
    assert_eq!((here.current, here.live_keys), (false, Some(1)));
    assert!(here.gateway.as_ref().unwrap().is_running());
    assert_eq!(there.organization.as_deref(), Some("Team"));
    assert!(there.current && there.gateway.is_none());
    assert_eq!(there.connection, team.connection());

    // There and back, with the token that the keeper holds.
    let home = switch_home(&desk.app, HOME).await.unwrap();
    assert_eq!(organization(&home), "Here");
    assert_eq!(home.homes.len(), 2, "the team stays in the switch");
    let again = switch_home(&desk.app, team.switch(true)).await.unwrap();
    assert_eq!(organization(&again), "Team");
    assert_eq!(desk.address(), Some(address.clone()));

    let left = disconnect(&desk.app).await.unwrap();
    assert_eq!(organization(&left), "Here");
    assert_eq!(left.homes.len(), 1);
    let gone = switch_home(&desk.app, team.switch(true)).await;
    assert!(gone.is_err(), "its token is forgotten");
    assert_eq!(desk.call(&address).await.unwrap(), 200);
    desk.end(Some(&team)).await;
    team.service.stop().await;
}

#[tokio::test]
async fn whoever_said_so_stops_serving_and_serves_again_at_home() {
    let (desk, team) = (Desk::start().await, Team::start().await);
    let address = desk.address().unwrap();
    let joined = connect(&desk.app, team.connect(false)).await.unwrap();
    assert_eq!(joined.homes[0].gateway, Some(GatewayState::Stopped));
    assert!(desk.call(&address).await.is_err());
    // Or from where they are.
    switch_home(&desk.app, team.switch(true)).await.unwrap();
    let beside = desk.address().unwrap();
    assert_eq!(desk.call(&beside).await.unwrap(), 200);
    switch_home(&desk.app, team.switch(false)).await.unwrap();
    assert!(desk.address().is_none());
    switch_home(&desk.app, HOME).await.unwrap();
    assert_eq!(desk.call(&desk.address().unwrap()).await.unwrap(), 200);
    desk.end(Some(&team)).await;
    team.service.stop().await;
}

#[tokio::test]
async fn a_wrong_token_is_told_beside_it_and_changes_nothing() {
    let (desk, team) = (Desk::start().await, Team::start().await);
    let before = desk.status().await;
    for (token, field) in [("gdn_session_wrong", "token"), ("no\nheader", "token")] {
        let wrong = Connect {
            token: token.into(),
            ..team.connect(false)
        };
        let error = connect(&desk.app, wrong).await.unwrap_err();
        assert_eq!(error.code, "invalid", "{token}");
        let fields = error.fields.unwrap();
        assert_eq!(fields.keys().collect::<Vec<_>>(), [field], "{token}");
    }
    let bare = Connect {
        url: "gardien.example.com".to_owned(),
        ..team.connect(false)
    };
    let error = connect(&desk.app, bare).await.unwrap_err();
    assert!(error.fields.unwrap().contains_key("url"));
    assert_eq!(desk.status().await, before);
    assert!(desk.address().is_some());
    desk.end(None).await;
    team.service.stop().await;
}

#[tokio::test]
async fn a_team_that_does_not_answer_at_the_start_keeps_no_program_waiting() {
    let desk = Desk::start().await;
    compose::stop(&desk.app).await;
    // Nobody listens there.
    let url = "http://127.0.0.1:1".to_owned();
    for keep_serving in [true, false] {
        let saved = Saved {
            connection: Connection::Team { url: url.clone() },
            team: Some(url.clone()),
            keep_serving,
            ..Saved::default()
        };
        let (app, _) = app(&desk.folder, saved);
        let item = compose::team_session(&url);
        let _ = app.keeper.keep(&item, "gdn_session_kept".into()).await;
        compose::open(&app).await;
        let status = describe(&app).await;
        assert_eq!(status.stage, Stage::Failed);
        assert_eq!(status.failure.unwrap().code, "connection_unreachable");
        let running = app.local().is_some_and(|local| local.gateway.is_running());
        assert_eq!(running, keep_serving);
        // Home is one step away.
        let home = switch_home(&app, HOME).await.unwrap();
        assert_eq!(organization(&home), "Here");
        app.keeper.forget(&item).await;
        compose::stop(&app).await;
    }
}

#[tokio::test]
async fn what_fails_here_keeps_nobody_from_the_team() {
    let (desk, team) = (Desk::start().await, Team::start().await);
    compose::stop(&desk.app).await;
    // Another Gardien holds the folder.
    let other = Service::open(desk.folder.path()).await.unwrap();
    let (app, _) = app(&desk.folder, Saved::default());
    compose::open(&app).await;
    assert_eq!(describe(&app).await.stage, Stage::Failed);
    let joined = connect(&app, team.connect(true)).await.unwrap();
    assert_eq!(organization(&joined), "Team");
    let [notice] = joined.notices.as_slice() else {
        panic!("{:?}", joined.notices);
    };
    assert_eq!(notice.code, "data_in_use");
    let read = leaving::dismiss_notices(&app).await.unwrap();
    assert!(read.notices.is_empty());
    other.stop().await;
    app.keeper.forget(&compose::team_session(&team.url)).await;
    compose::stop(&app).await;
    team.service.stop().await;
}

#[tokio::test]
async fn asking_for_the_status_changes_nothing() {
    let desk = Desk::start().await;
    let changes = desk.app.changes();
    let before = desk.status().await;
    assert_eq!(desk.status().await, before);
    assert!(!changes.has_changed().unwrap());
    desk.end(None).await;
}

#[tokio::test]
async fn a_paused_gateway_tells_programs_to_come_again() {
    let desk = Desk::start().await;
    let address = desk.address().unwrap();
    let paused = leaving::pause_gateway(&desk.app).await.unwrap();
    assert_eq!(
        paused.gateway,
        GatewayState::Paused {
            address: address.clone()
        }
    );
    assert_eq!(desk.call(&address).await.unwrap(), 503);
    let resumed = leaving::resume_gateway(&desk.app).await.unwrap();
    assert!(resumed.gateway.is_running());
    assert_eq!(desk.call(&address).await.unwrap(), 200);
    desk.end(None).await;
}

#[tokio::test]
async fn leaving_while_programs_call_says_which_ones_and_insisting_leaves() {
    let desk = Desk::start().await;
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    desk.app
        .listener
        .listen(move |event| told.send(event).is_ok());
    closing::quit(&desk.app).await;
    assert_eq!(*desk.shell.0.lock().unwrap(), ["leave"], "nobody calls");
    desk.shell.0.lock().unwrap().clear();

    desk.call(&desk.address().unwrap()).await.unwrap();
    tokio::time::timeout(SETTLED, async {
        while desk.callers().await.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
    closing::quit(&desk.app).await;
    assert_eq!(*desk.shell.0.lock().unwrap(), ["show"]);
    let Ok(crate::listener::WindowEvent::Closing { closing: asked }) = heard.try_recv() else {
        panic!("the page is not asked");
    };
    assert!(asked.quitting);
    assert_eq!(asked.live_keys, 1);
    assert_eq!(asked.callers[0].name, "Terraform");
    closing::quit(&desk.app).await;
    assert_eq!(*desk.shell.0.lock().unwrap(), ["show", "leave"]);
    desk.end(None).await;
}

#[tokio::test]
async fn the_first_closing_asks_and_the_answer_holds() {
    let desk = Desk::start().await;
    let said = || std::mem::take(&mut *desk.shell.0.lock().unwrap());
    closing::close(&desk.app).await;
    assert_eq!(said(), ["show"], "asked");
    closing::close(&desk.app).await;
    assert_eq!(said(), ["show"], "closing it twice is no answer");
    let keep: Leave = serde_json::from_value(serde_json::json!({
        "keep": true, "remember": true, "start_at_login": true,
    }))
    .unwrap();
    leaving::leave(&desk.app, keep).await.unwrap();
    assert_eq!(said(), ["start at login", "hide"]);
    assert_eq!(desk.app.preferences.read().on_close, OnClose::Keep);
    closing::close(&desk.app).await;
    assert_eq!(said(), ["hide"]);
    let stop: Leave = serde_json::from_value(serde_json::json!({
        "keep": false, "remember": false, "start_at_login": false,
    }))
    .unwrap();
    leaving::leave(&desk.app, stop).await.unwrap();
    assert_eq!(said(), ["leave"]);
    assert_eq!(desk.app.preferences.read().on_close, OnClose::Keep);
    desk.end(None).await;
}

#[tokio::test]
async fn a_trial_is_a_call_like_any_other() {
    let desk = Desk::start().await;
    let of: TryKey =
        serde_json::from_value(serde_json::json!({ "id": desk.key, "project_id": null })).unwrap();
    let tried = try_key(&desk.app, of).await.unwrap();
    let tried = serde_json::to_value(tried).unwrap();
    assert_eq!(tried["operation"], "getUsers");
    assert_eq!(tried["status"], 200, "{tried}");
    assert!(!tried.to_string().contains(desk.secret.expose_secret()));
    let limits = desk.app.ready().unwrap().client.limits().await.unwrap();
    assert_eq!(limits.used, 1);
    desk.end(None).await;
}
