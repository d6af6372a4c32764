//! The part of a panel that shows icons of programs: what the StatusNotifierItem specification calls watcher and host.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;
use zbus::message::Header;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, Proxy, connection, interface};

use super::desktop::Desk;

const PATIENCE: Duration = Duration::from_secs(20);

/// A panel in a session.
pub struct Panel {
    connection: Connection,
    arrivals: mpsc::UnboundedReceiver<String>,
}

/// An icon in it.
pub struct Icon {
    panel: Connection,
    /// The name of the program on the bus.
    program: String,
}

/// A line of a menu.
#[derive(Debug)]
struct Line {
    id: i32,
    label: String,
    enabled: bool,
}

struct Watcher(mpsc::UnboundedSender<String>);

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, #[zbus(header)] header: Header<'_>, service: &str) {
        // Some name themselves, some only say where their item is.
        let program = if service.starts_with('/') {
            header.sender().map(ToString::to_string).unwrap_or_default()
        } else {
            service.to_owned()
        };
        let _ = self.0.send(program);
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        Vec::new()
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

impl Panel {
    /// The next icon that a program brings.
    pub async fn icon(&mut self) -> Icon {
        let arrival = timeout(PATIENCE, self.arrivals.recv()).await;
        Icon {
            panel: self.connection.clone(),
            program: arrival.expect("no icon came").unwrap(),
        }
    }
}

impl Icon {
    /// A click on it.
    pub async fn click(&self) {
        let item = self.item().await;
        item.call::<_, _, ()>("Activate", &(0, 0)).await.unwrap();
    }

    /// What it is called.
    pub async fn title(&self) -> String {
        self.item().await.get_property("Title").await.unwrap()
    }

    /// The lines of its menu, in brackets where nothing can be chosen.
    pub async fn menu(&self) -> Vec<String> {
        let lines = self.lines().await.into_iter();
        lines
            .map(|line| match line.enabled {
                true => line.label,
                false => format!("({})", line.label),
            })
            .collect()
    }

    /// Chooses a line of its menu.
    pub async fn choose(&self, label: &str) {
        let lines = self.lines().await;
        let line = lines.iter().find(|line| line.label == label);
        let line = line.unwrap_or_else(|| panic!("{label} is not in {lines:?}"));
        assert!(line.enabled, "{label}");
        let click = (line.id, "clicked", Value::from(0), 0_u32);
        let menu = self.menu_of().await;
        menu.call::<_, _, ()>("Event", &click).await.unwrap();
    }

    async fn lines(&self) -> Vec<Line> {
        type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);
        let everything = (0, -1, Vec::<&str>::new());
        let menu = self.menu_of().await;
        let (_, (_, _, lines)): (u32, Layout) = menu.call("GetLayout", &everything).await.unwrap();
        let lines = lines.into_iter().map(|line| {
            let (id, mut says, _) = Layout::try_from(line).unwrap();
            let label = says.remove("label");
            let enabled = says.remove("enabled");
            Line {
                id,
                label: label.map_or_else(String::new, |label| label.try_into().unwrap()),
                enabled: enabled.is_none_or(|enabled| enabled.try_into().unwrap()),
            }
        });
        lines.filter(|line| !line.label.is_empty()).collect()
    }

    async fn item(&self) -> Proxy<'_> {
        self.proxy(
            "/StatusNotifierItem".to_owned(),
            "org.kde.StatusNotifierItem",
        )
        .await
    }

    async fn menu_of(&self) -> Proxy<'_> {
        let path: OwnedObjectPath = self.item().await.get_property("Menu").await.unwrap();
        self.proxy(path.to_string(), "com.canonical.dbusmenu").await
    }

    async fn proxy(&self, path: String, interface: &'static str) -> Proxy<'_> {
        Proxy::new(&self.panel, self.program.clone(), path, interface)
            .await
            .unwrap()
    }
}

impl Desk {
    /// Puts a panel on this desktop.
    pub async fn add_panel(&self) -> Panel {
        let (send, arrivals) = mpsc::unbounded_channel();
        let connection = connection::Builder::address(self.session().bus().unwrap())
            .unwrap()
            .serve_at("/StatusNotifierWatcher", Watcher(send))
            .unwrap()
            .name("org.kde.StatusNotifierWatcher")
            .unwrap()
            .build();
        Panel {
            connection: connection.await.unwrap(),
            arrivals,
        }
    }
}
