//! What changed at a team's server, found out by asking: the same events that this computer's home tells by itself.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use gardien_authority::api::{
    AuditQuery, Event, GatewayView, KeyQuery, KeyUse, KeyView, LastUse, LimitsView, ProjectView,
};
use gardien_authority::{Client, ClientFault};
use gardien_domain::{KeyId, KeySort};
use tokio::time::{MissedTickBehavior, interval};

use crate::app::App;
use crate::error::{Code, CommandError};
use crate::listener::WindowEvent;

/// How often the limit is asked for, and each so many times everything else.
const TICK: Duration = Duration::from_secs(2);
const ROUND: u32 = 5;
/// Keys that are compared: as many as one page holds, and the ones that were used last.
const KEYS: u32 = 500;
const USES: u32 = 50;
const ENTRIES: u32 = 100;

/// Asks until the person is elsewhere. A server that does not answer is lost once, and found once.
pub(crate) async fn team(app: &App, turn: u64, client: &Client) {
    let mut seen = Seen::default();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut round, mut lost) = (0, false);
    loop {
        ticks.tick().await;
        match seen.ask(app, turn, client, round % ROUND == 0).await {
            Ok(events) => {
                if std::mem::take(&mut lost) {
                    app.listener.tell(WindowEvent::Lost { error: None });
                }
                for change in events {
                    app.listener.tell(WindowEvent::Changed { change });
                }
                round += 1;
            }
            Err(error) if error.is(Code::SessionRefused) => app.fail(turn, error),
            Err(error) => {
                if !std::mem::replace(&mut lost, true) {
                    app.listener.tell(WindowEvent::Lost { error: Some(error) });
                }
                // Once it answers again, everything may have changed.
                round = 0;
            }
        }
    }
}

/// What was there when it was last asked.
#[derive(Default)]
struct Seen {
    limits: Option<LimitsView>,
    projects: Option<Vec<ProjectView>>,
    gateways: Option<Vec<GatewayView>>,
    keys: Option<HashMap<KeyId, KeyView>>,
    /// The newest entry of the audit trail, for whoever may read it.
    sequence: Option<u64>,
}

impl Seen {
    async fn ask(
        &mut self,
        app: &App,
        turn: u64,
        client: &Client,
        everything: bool,
    ) -> Result<Vec<Event>, CommandError> {
        let mut events = Vec::new();
        let limits = client.limits().await?;
        if self.limits.replace(limits.clone()).as_ref() != Some(&limits) {
            events.push(Event::Limits { limits });
        }
        if everything {
            let session = client.session().await?;
            let reads_audit = session.rights.read_audit;
            app.renew(turn, session);
            let mut found = self.keys(client).await?;
            if reads_audit {
                found.extend(self.audit(client).await?);
            }
            found.extend(self.projects(client).await?);
            found.extend(self.gateways(client).await?);
            events.extend(together(found));
        }
        Ok(events)
    }

    /// What an Owner or Admin can be told exactly, however many keys there are.
    async fn audit(&mut self, client: &Client) -> Result<Vec<Event>, ClientFault> {
        let newest = AuditQuery {
            limit: Some(if self.sequence.is_some() { ENTRIES } else { 1 }),
            ..AuditQuery::default()
        };
        let page = client.audit(&newest).await?;
        let Some(first) = page.data.first() else {
            return Ok(Vec::new());
        };
        let Some(before) = self.sequence.replace(first.sequence) else {
            return Ok(Vec::new());
        };
        let mut keys = Vec::new();
        let (mut phare_keys, mut organization) = (false, false);
        for entry in page.data.iter().take_while(|entry| entry.sequence > before) {
            match entry.action.split('.').next() {
                Some("key") => keys.extend(entry.subject.parse::<KeyId>()),
                Some("phare_key" | "upstream") => phare_keys = true,
                Some("organization" | "member") => organization = true,
                _ => {}
            }
        }
        let changed = (!keys.is_empty()).then_some(Event::Keys { ids: keys });
        Ok(changed
            .into_iter()
            .chain(phare_keys.then_some(Event::PhareKeys))
            .chain(organization.then_some(Event::Organization))
            .collect())
    }

    /// Keys that differ from what they were, apart from those that were merely used.
    async fn keys(&mut self, client: &Client) -> Result<Vec<Event>, ClientFault> {
        let newest = KeyQuery {
            limit: Some(KEYS),
            ..KeyQuery::default()
        };
        let used = KeyQuery {
            sort: Some(KeySort::LastUsed),
            limit: Some(USES),
            ..KeyQuery::default()
        };
        let mut now: HashMap<_, _> = HashMap::new();
        for query in [newest, used] {
            let page = client.keys(&query).await?;
            now.extend(page.data.into_iter().map(|key| (key.id, key)));
        }
        let Some(before) = self.keys.replace(now.clone()) else {
            return Ok(Vec::new());
        };
        Ok(difference(&before, &now))
    }

    async fn projects(&mut self, client: &Client) -> Result<Option<Event>, ClientFault> {
        let now = client.projects().await?;
        let before = self.projects.replace(now.clone());
        let same = before.is_none_or(|before| before == now);
        Ok((!same).then_some(Event::Projects))
    }

    /// A server of before knows of none. That one was heard of again is no change.
    async fn gateways(&mut self, client: &Client) -> Result<Option<Event>, ClientFault> {
        let now = match client.gateways().await {
            Err(ClientFault::Refused(problem)) if problem.status == 404 => return Ok(None),
            answer => answer?,
        };
        let before = self.gateways.replace(now.clone());
        let stand = |it: &GatewayView| (it.id, it.lag, it.lease);
        let same = before.is_none_or(|before| before.iter().map(stand).eq(now.iter().map(stand)));
        Ok((!same).then_some(Event::Gateways))
    }
}

/// The same with each key told once.
fn together(events: Vec<Event>) -> Vec<Event> {
    let mut told = HashSet::new();
    let once = |event| match event {
        Event::Keys { mut ids } => {
            ids.retain(|id| told.insert(*id));
            (!ids.is_empty()).then_some(Event::Keys { ids })
        }
        other => Some(other),
    };
    events.into_iter().filter_map(once).collect()
}

fn difference(before: &HashMap<KeyId, KeyView>, now: &HashMap<KeyId, KeyView>) -> Vec<Event> {
    let (mut ids, mut uses) = (Vec::new(), Vec::new());
    for (id, key) in now {
        match before.get(id) {
            Some(known) if known == key => {}
            Some(known) if unused(known) == unused(key) => uses.push(use_of(key)),
            Some(_) => ids.push(*id),
            // Beyond the page that is compared it may merely have been used for the first time in long: the same.
            None => ids.push(*id),
        }
    }
    let keys = (!ids.is_empty()).then_some(Event::Keys { ids });
    let uses = (!uses.is_empty()).then_some(Event::Uses { uses });
    keys.into_iter().chain(uses).collect()
}

/// A key as it would be, had nobody used it.
fn unused(key: &KeyView) -> KeyView {
    KeyView {
        used: LastUse::default(),
        ..key.clone()
    }
}

fn use_of(key: &KeyView) -> KeyUse {
    KeyUse {
        id: key.id,
        used: key.used.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(id: u32, name: &str, used: Option<&str>) -> KeyView {
        serde_json::from_value(json!({
            "id": format!("00000000-0000-0000-0000-{id:012}"),
            "name": name, "note": "", "scope": { "type": "organization" }, "project_name": null,
            "products": { "platform": "read", "uptime": "read" },
            "status": "active", "display": "pha_…", "created_at": "2026-01-01T00:00:00Z", "created_by": "a@b",
            "expires_at": null, "revoked_at": null, "previous_valid_until": null, "earlier_valid_until": null,
            "last_used_at": used, "last_operation": used.map(|_| "getUsers"),
            "last_client": null, "last_address": null, "previous_used_at": null,
        }))
        .unwrap()
    }

    fn map(keys: &[KeyView]) -> HashMap<KeyId, KeyView> {
        keys.iter().map(|key| (key.id, key.clone())).collect()
    }

    #[test]
    fn a_use_is_told_as_a_use_and_a_change_as_a_change() {
        let before = map(&[
            key(1, "same", None),
            key(2, "idle", None),
            key(3, "old", None),
        ]);
        assert_eq!(difference(&before, &before), []);
        let used = key(2, "idle", Some("2026-01-02T00:00:00Z"));
        let renamed = key(3, "new", Some("2026-01-02T00:00:00Z"));
        let now = map(&[key(1, "same", None), used.clone(), renamed.clone()]);
        assert_eq!(
            difference(&before, &now),
            [
                Event::Keys {
                    ids: vec![renamed.id]
                },
                Event::Uses {
                    uses: vec![use_of(&used)]
                }
            ]
        );
        let made = key(4, "made", None);
        let mut more = before.clone();
        more.insert(made.id, made.clone());
        assert_eq!(
            difference(&before, &more),
            [Event::Keys { ids: vec![made.id] }]
        );
    }
}
