//! Answers that are reckoned instead of kept: the two reports and the current status of a page.
//!
//! The sandbox checks no monitor, so all figures follow from its incidents and maintenance windows: the same records
//! and time give the same figures. `page` and `per_page` are taken and change nothing.

use std::collections::HashMap;

use gardien_domain::Operation;
use gardien_phare::operation;
use gardien_store::Document;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::Sandbox;
use crate::answers::Refusal;
use crate::collection::{Collection, Fields};
use crate::incidents::{INCIDENTS, recovered};
use crate::maintenance_windows::MAINTENANCE_WINDOWS;
use crate::monitors::MONITORS;
use crate::query::Query;
use crate::records::Records;
use crate::status_pages::STATUS_PAGES;
use crate::time;
use crate::validate::FieldErrors;

/// How long a report looks back that does not say from when.
const REPORT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long a status page looks back.
const STATUS: SignedDuration = SignedDuration::from_hours(90 * 24);

/// From the least to the worst.
const IMPACTS: [&str; 6] = [
    "operational",
    "maintenance",
    "unknown",
    "degraded_performance",
    "partial_outage",
    "major_outage",
];

/// An answer that is reckoned.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Figure {
    MonitorReport,
    Report,
    CurrentStatus,
}

impl Figure {
    pub(crate) fn of(operation: &Operation) -> Option<Self> {
        match operation.id {
            "getUptimeMonitorReport" => Some(Self::MonitorReport),
            "getUptimeReport" => Some(Self::Report),
            "getUptimeStatusPageCurrentStatus" => Some(Self::CurrentStatus),
            _ => None,
        }
    }

    /// Reckons it for the record that the path names, if it names one.
    pub(crate) async fn reckon(
        self,
        sandbox: &Sandbox,
        project: Option<i64>,
        id: i64,
        query: &Query,
    ) -> Result<Value, Refusal> {
        let now = sandbox.now();
        let monitors = open(sandbox, &MONITORS, "getUptimeMonitor", project).await?;
        let incidents = open(sandbox, &INCIDENTS, "getUptimeIncident", project).await?;
        let (subject, span) = match self {
            Self::MonitorReport => (Some(monitors.find(id).await?), Span::asked(query, now)?),
            Self::Report => (None, Span::asked(query, now)?),
            Self::CurrentStatus => {
                let pages = open(sandbox, &STATUS_PAGES, "getUptimeStatusPage", project).await?;
                let page = pages.find(id).await?;
                (
                    Some(page),
                    Span {
                        from: now - STATUS,
                        to: now,
                    },
                )
            }
        };
        let outages = incidents.all(|_| true).await?;
        let outages = outages
            .iter()
            .map(|incident| Outage::of(&incidents, incident, now))
            .collect();
        let history = History::new(span, now, outages);
        match (self, subject) {
            (Self::MonitorReport, Some(monitor)) => Ok(history.monitor(&monitor)),
            (Self::CurrentStatus, Some(page)) => {
                let windows = open(
                    sandbox,
                    &MAINTENANCE_WINDOWS,
                    "getUptimeMaintenanceWindow",
                    project,
                );
                let windows = windows.await?;
                let going_on = |window: &Document| {
                    windows.derived(window).get("state") == Some(&json!("in_progress"))
                };
                let mut shown = Vec::new();
                for id in shown_on(&page) {
                    match monitors.find(id).await {
                        Ok(monitor) => shown.push(monitor),
                        Err(Refusal::NotFound) => {}
                        Err(refusal) => return Err(refusal),
                    }
                }
                let status = Status {
                    history,
                    monitors: shown,
                    windows: windows.all(going_on).await?,
                };
                Ok(status.page(&page))
            }
            _ => Ok(history.all(&monitors.all(|_| true).await?)),
        }
    }
}

async fn open<'a>(
    sandbox: &'a Sandbox,
    collection: &'static Collection,
    reading: &str,
    project: Option<i64>,
) -> Result<Records<'a>, Refusal> {
    let contract = operation(reading)
        .and_then(|operation| sandbox.specification.contract(operation))
        .ok_or(Refusal::NotFound)?;
    Records::open(sandbox, collection, contract, project, None).await
}

/// A span of time.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: Timestamp,
    to: Timestamp,
}

impl Span {
    fn asked(query: &Query, now: Timestamp) -> Result<Self, Refusal> {
        let at = |name: &str| -> Option<Timestamp> { query.fields[name].as_str()?.parse().ok() };
        let to = at("to").unwrap_or(now);
        let earliest = || to.checked_sub(REPORT).unwrap_or(Timestamp::MIN);
        let from = at("from").unwrap_or_else(earliest);
        if from >= to {
            let message = "The from field must be a date before to.";
            return Err(Refusal::Invalid(FieldErrors::one("from", message)));
        }
        Ok(Self { from, to })
    }

    fn seconds(self) -> i64 {
        (self.to.as_second() - self.from.as_second()).max(1)
    }
}

/// An incident as figures see it.
struct Outage {
    monitors: Vec<i64>,
    impact: usize,
    start: Timestamp,
    /// When it was over, if it was at the time of reckoning.
    end: Option<Timestamp>,
    counts: bool,
    shown: Value,
}

impl Outage {
    fn of(incidents: &Records<'_>, document: &Document, now: Timestamp) -> Self {
        let record = incidents.derived(document);
        let start = time::at(&record, "incident_at").or_else(|| time::at(&record, "created_at"));
        let impact = record.get("impact").and_then(Value::as_str);
        Self {
            monitors: ids(record.get("monitors")),
            impact: IMPACTS
                .iter()
                .position(|known| impact == Some(*known))
                .unwrap_or(0),
            start: start.unwrap_or(now),
            end: time::at(&record, "recovery_at").filter(|_| recovered(&record, now)),
            counts: record.get("exclude_from_downtime") != Some(&json!(true)),
            shown: incidents.answered(document),
        }
    }

    fn concerns(&self, monitor: i64) -> bool {
        self.monitors.contains(&monitor)
    }
}

/// What happened in a span.
struct History {
    span: Span,
    now: Timestamp,
    outages: Vec<Outage>,
    /// Where in `outages` those of a monitor are.
    of_monitor: HashMap<i64, Vec<usize>>,
}

impl History {
    fn new(span: Span, now: Timestamp, outages: Vec<Outage>) -> Self {
        let mut of_monitor: HashMap<i64, Vec<usize>> = HashMap::new();
        for (at, outage) in outages.iter().enumerate() {
            for monitor in &outage.monitors {
                let places = of_monitor.entry(*monitor).or_default();
                // A monitor that an incident names twice has it once.
                if places.last() != Some(&at) {
                    places.push(at);
                }
            }
        }
        Self {
            span,
            now,
            outages,
            of_monitor,
        }
    }

    /// The incidents of a monitor that reach into the span.
    fn of(&self, monitor: i64) -> impl Iterator<Item = &Outage> {
        let places = self.of_monitor.get(&monitor).into_iter().flatten();
        let outages = places.filter_map(|at| self.outages.get(*at));
        outages.filter(|outage| {
            outage.start < self.span.to && outage.end.is_none_or(|end| end > self.span.from)
        })
    }

    /// Seconds of the span in which a monitor was down; two incidents at once count once.
    fn downtime(&self, monitor: i64) -> i64 {
        let last = self.span.to.min(self.now);
        let mut stretches: Vec<(i64, i64)> = self
            .of(monitor)
            .filter(|outage| outage.counts)
            .map(|outage| {
                let start = outage.start.max(self.span.from);
                let end = outage.end.unwrap_or(last).min(last);
                (start.as_second(), end.as_second())
            })
            .collect();
        stretches.sort_unstable();
        let (mut down, mut reached) = (0, i64::MIN);
        for (start, end) in stretches {
            down += (end - start.max(reached)).max(0);
            reached = reached.max(end);
        }
        down
    }

    /// Percent of the span in which a monitor was up.
    fn availability(&self, monitor: i64) -> f64 {
        let length = self.span.seconds() as f64;
        percent(100.0 * (1.0 - self.downtime(monitor) as f64 / length))
    }

    fn monitor(&self, document: &Document) -> Value {
        let of: Vec<&Outage> = self.of(document.id).collect();
        let downtime = self.downtime(document.id);
        let recoveries = of.iter().filter_map(|outage| {
            let end = outage.end?;
            Some((end.as_second() - outage.start.as_second()) as f64)
        });
        let recoveries: Vec<f64> = recoveries.collect();
        let between = (self.span.seconds() - downtime) as f64 / of.len() as f64;
        json!({
            "id": document.id,
            "name": document.body["name"],
            "incident_count": of.len(),
            "downtime": downtime,
            "availability": self.availability(document.id),
            "mttr": mean(&recoveries).map(|seconds| seconds as i64),
            "mtbf": (!of.is_empty()).then_some(between as i64),
            "highest_incident_impact": worst(of.iter().map(|outage| outage.impact)),
            "incidents": of.iter().map(|outage| &outage.shown).collect::<Vec<_>>(),
        })
    }

    fn all(&self, monitors: &[Document]) -> Value {
        let reports: Vec<Value> = monitors
            .iter()
            .map(|monitor| self.monitor(monitor))
            .collect();
        let each = |name: &str| -> Vec<f64> {
            reports
                .iter()
                .filter_map(|report| report[name].as_f64())
                .collect()
        };
        let availability = each("availability");
        let impacts = monitors.iter().flat_map(|monitor| self.of(monitor.id));
        json!({
            "downtime": reports.iter().filter_map(|report| report["downtime"].as_i64()).sum::<i64>(),
            "availability": mean(&availability).map_or(100.0, percent),
            "min_availability": availability.iter().copied().fold(100.0, f64::min),
            "max_availability": availability.iter().copied().reduce(f64::max).unwrap_or(100.0),
            "mttr": mean(&each("mttr")),
            "mtbf": mean(&each("mtbf")),
            "highest_incident_impact": worst(impacts.map(|outage| outage.impact)),
            "report_start_at": time::written(self.span.from),
            "report_end_at": time::written(self.span.to),
            "monitors": reports,
        })
    }
}

/// A status page now.
struct Status {
    history: History,
    monitors: Vec<Document>,
    /// The maintenance that is going on.
    windows: Vec<Document>,
}

impl Status {
    fn page(&self, page: &Document) -> Value {
        let components = page.body["components"].as_array();
        let components: Vec<Value> = components
            .into_iter()
            .flatten()
            .map(|component| self.component(component))
            .collect();
        let shown = shown_on(page);
        let ongoing = self.ongoing();
        let active = ongoing
            .filter(|outage| shown.iter().any(|monitor| outage.concerns(*monitor)))
            .map(|outage| outage.shown.clone());
        let (availability, impact) = summary(&components);
        json!({
            "current_incident_impact": impact,
            "availability": availability,
            "updated_at": time::written(self.history.now),
            "components": components,
            "active_incidents": active.map(active_incident).collect::<Vec<_>>(),
        })
    }

    fn component(&self, component: &Value) -> Value {
        let Some(inner) = component["components"].as_array() else {
            return self.monitor(component);
        };
        let inner: Vec<Value> = inner.iter().map(|inner| self.monitor(inner)).collect();
        let (availability, impact) = summary(&inner);
        json!({
            "component_type": "uptime/group",
            "name": component["name"],
            "response_time": null,
            "availability": availability,
            "current_incident_impact": impact,
            "components": inner,
        })
    }

    fn monitor(&self, component: &Value) -> Value {
        let id = component["componentable_id"].as_i64().unwrap_or_default();
        let monitor = self.monitors.iter().find(|monitor| monitor.id == id);
        let name = component["display_name"]
            .as_str()
            .or_else(|| monitor?.body["name"].as_str())
            .unwrap_or_default();
        let outages = self.ongoing().filter(|outage| outage.concerns(id));
        let maintained = self
            .windows
            .iter()
            .any(|window| ids(window.body.get("monitors")).contains(&id));
        let impacts = outages.map(|outage| outage.impact);
        json!({
            "component_type": "uptime/monitor",
            "component_id": id,
            "name": name,
            "response_time": monitor.map(|monitor| &monitor.body["response_time"]),
            "availability": self.history.availability(id),
            "current_incident_impact": worst(impacts.chain(maintained.then_some(1))),
        })
    }

    /// The incidents that are going on.
    fn ongoing(&self) -> impl Iterator<Item = &Outage> {
        let now = self.history.now;
        let outages = self.history.outages.iter();
        outages.filter(move |outage| outage.end.is_none() && outage.start <= now)
    }
}

/// What a status page shows of an incident.
fn active_incident(shown: Value) -> Value {
    const SHOWN: [&str; 8] = [
        "id",
        "title",
        "impact",
        "state",
        "status",
        "exclude_from_downtime",
        "incident_at",
        "recovery_at",
    ];
    let fields = SHOWN.map(|name| (name.to_owned(), shown[name].clone()));
    Value::Object(Fields::from_iter(fields))
}

/// Availability and impact of several components together.
fn summary(components: &[Value]) -> (f64, &'static str) {
    let each = components.iter();
    let availability: Vec<f64> = each
        .clone()
        .filter_map(|component| component["availability"].as_f64())
        .collect();
    let impacts = each.filter_map(|component| {
        let impact = component["current_incident_impact"].as_str()?;
        IMPACTS.iter().position(|known| *known == impact)
    });
    (mean(&availability).map_or(100.0, percent), worst(impacts))
}

/// The monitors that a page shows, those in its groups too.
fn shown_on(page: &Document) -> Vec<i64> {
    let components = |value: &Value| value["components"].as_array().cloned();
    let each = components(&page.body).unwrap_or_default().into_iter();
    each.flat_map(|component| components(&component).unwrap_or_else(|| vec![component]))
        .filter_map(|component| component["componentable_id"].as_i64())
        .collect()
}

fn ids(list: Option<&Value>) -> Vec<i64> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_i64).collect()
}

fn worst(impacts: impl Iterator<Item = usize>) -> &'static str {
    IMPACTS[impacts.max().unwrap_or(0)]
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// A percentage with three decimals.
fn percent(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
