//! Answers that are reckoned instead of kept: the two reports and the current status of a page.
//!
//! The sandbox checks no monitor, so all figures follow from its incidents and maintenance windows: the same records
//! and time give the same figures. `page` and `per_page` are taken and change nothing.

use gardien_store::{Document, StoreError};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::answers::Rejection;
use crate::fields::FieldErrors;
use crate::incidents::{INCIDENTS, recovered};
use crate::maintenance_windows::MAINTENANCE_WINDOWS;
use crate::monitors::MONITORS;
use crate::query::Query;
use crate::records::Records;
use crate::sandbox::Sandbox;
use crate::status_pages::STATUS_PAGES;
use crate::time;

/// The operations that are answered with figures.
pub(crate) const FIGURES: [&str; 3] = [
    "getUptimeMonitorReport",
    "getUptimeReport",
    "getUptimeStatusPageCurrentStatus",
];

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

/// Answers one of [`FIGURES`] for the record that the path names, if it names one.
pub(crate) async fn reckon(
    sandbox: &Sandbox,
    figure: &str,
    project: Option<i64>,
    id: i64,
    query: &Query,
) -> Result<Value, Rejection> {
    let open = |collection| Records::open(sandbox, collection, project, None);
    let monitors = open(&MONITORS).await?;
    let incidents = open(&INCIDENTS).await?;
    let shown_as = |name| sandbox.specification.named(name);
    let now = sandbox.now();
    match figure {
        "getUptimeMonitorReport" => {
            let monitor = monitors.find(id).await?;
            let span = asked(query, now)?;
            let history = History::of(&incidents, shown_as("Incident"), span, now).await?;
            Ok(history.monitor(&monitor))
        }
        "getUptimeReport" => {
            let span = asked(query, now)?;
            let history = History::of(&incidents, shown_as("Incident"), span, now).await?;
            Ok(history.report(&monitors.all().await?))
        }
        _ => {
            let page = open(&STATUS_PAGES).await?.find(id).await?;
            let mut shown = Vec::new();
            for reference in STATUS_PAGES.references {
                for (_, id) in reference.ids(&page.body) {
                    shown.extend(monitors.look(id).await?);
                }
            }
            let windows = open(&MAINTENANCE_WINDOWS).await?;
            let mut going_on = windows.all().await?;
            going_on.retain(|window| windows.derived(window)["state"] == "in_progress");
            let (span, schema) = ((now - STATUS, now), shown_as("ActiveIncident"));
            let status = Status {
                history: History::of(&incidents, schema, span, now).await?,
                monitors: shown,
                maintained: going_on.iter().flat_map(monitors_of).collect(),
            };
            Ok(status.page(&page))
        }
    }
}

/// The span that a report is asked for.
fn asked(query: &Query, now: Timestamp) -> Result<(Timestamp, Timestamp), FieldErrors> {
    let at = |name: &str| -> Option<Timestamp> { query.fields[name].as_str()?.parse().ok() };
    let to = at("to").unwrap_or(now);
    let earliest = || to.checked_sub(REPORT).unwrap_or(Timestamp::MIN);
    let from = at("from").unwrap_or_else(earliest);
    if from >= to {
        let message = "The from field must be a date before to.";
        return Err(FieldErrors::one("from", message));
    }
    Ok((from, to))
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

/// What happened in a span.
struct History {
    from: Timestamp,
    to: Timestamp,
    now: Timestamp,
    outages: Vec<Outage>,
}

impl History {
    /// What happened, each incident as `schema` shows it.
    async fn of(
        incidents: &Records<'_>,
        schema: &Value,
        (from, to): (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let outage = |incident: &Document| {
            let record = incidents.derived(incident);
            let start = time::at(&record, "incident_at");
            let start = start.or_else(|| time::at(&record, "created_at"));
            Outage {
                monitors: monitors_of(incident),
                impact: impact(&incident.body["impact"]).unwrap_or(0),
                start: start.unwrap_or(now),
                end: time::at(&record, "recovery_at").filter(|_| recovered(&record, now)),
                counts: incident.body["exclude_from_downtime"] != true,
                shown: incidents.shown(schema, incident),
            }
        };
        let outages = incidents.all().await?;
        Ok(Self {
            from,
            to,
            now,
            outages: outages.iter().map(outage).collect(),
        })
    }

    fn seconds(&self) -> i64 {
        (self.to.as_second() - self.from.as_second()).max(1)
    }

    /// The incidents of a monitor that reach into the span.
    fn of_monitor(&self, monitor: i64) -> impl Iterator<Item = &Outage> {
        self.outages.iter().filter(move |outage| {
            outage.monitors.contains(&monitor)
                && outage.start < self.to
                && outage.end.is_none_or(|end| end > self.from)
        })
    }

    /// Seconds of the span in which a monitor was down; two incidents at once count once.
    fn downtime(&self, monitor: i64) -> i64 {
        let last = self.to.min(self.now);
        let counted = self.of_monitor(monitor).filter(|outage| outage.counts);
        let stretches = counted.map(|outage| {
            let end = outage.end.unwrap_or(last).min(last);
            (outage.start.max(self.from).as_second(), end.as_second())
        });
        let mut stretches: Vec<(i64, i64)> = stretches.collect();
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
        percent(100.0 * (1.0 - self.downtime(monitor) as f64 / self.seconds() as f64))
    }

    /// The report of one monitor.
    fn monitor(&self, monitor: &Document) -> Value {
        let outages: Vec<&Outage> = self.of_monitor(monitor.id).collect();
        let downtime = self.downtime(monitor.id);
        let recovery =
            |outage: &&Outage| Some((outage.end?.as_second() - outage.start.as_second()) as f64);
        let between = (self.seconds() - downtime) as f64 / outages.len() as f64;
        json!({
            "id": monitor.id,
            "name": monitor.body["name"],
            "incident_count": outages.len(),
            "downtime": downtime,
            "availability": self.availability(monitor.id),
            "mttr": mean(outages.iter().filter_map(recovery)).map(|seconds| seconds as i64),
            "mtbf": (!outages.is_empty()).then_some(between as i64),
            "highest_incident_impact": worst(outages.iter().map(|outage| outage.impact)),
            "incidents": outages.iter().map(|outage| &outage.shown).collect::<Vec<_>>(),
        })
    }

    /// The report of all monitors.
    fn report(&self, monitors: &[Document]) -> Value {
        let reports = monitors.iter().map(|monitor| self.monitor(monitor));
        let reports: Vec<Value> = reports.collect();
        let each = |name| figures(&reports, name);
        let impacts = monitors
            .iter()
            .flat_map(|monitor| self.of_monitor(monitor.id));
        json!({
            "downtime": each("downtime").sum::<f64>() as i64,
            "availability": mean(each("availability")).map_or(100.0, percent),
            "min_availability": each("availability").fold(100.0, f64::min),
            "max_availability": each("availability").reduce(f64::max).unwrap_or(100.0),
            "mttr": mean(each("mttr")),
            "mtbf": mean(each("mtbf")),
            "highest_incident_impact": worst(impacts.map(|outage| outage.impact)),
            "report_start_at": time::written(self.from),
            "report_end_at": time::written(self.to),
            "monitors": reports,
        })
    }
}

/// A status page now.
struct Status {
    history: History,
    monitors: Vec<Document>,
    /// The monitors under maintenance.
    maintained: Vec<i64>,
}

impl Status {
    fn page(&self, page: &Document) -> Value {
        let (availability, impact, components) = self.components(&page.body);
        let active = self.ongoing().filter(|outage| {
            let mut monitors = self.monitors.iter();
            monitors.any(|monitor| outage.monitors.contains(&monitor.id))
        });
        json!({
            "current_incident_impact": impact,
            "availability": availability,
            "updated_at": time::written(self.history.now),
            "components": components,
            "active_incidents": active.map(|outage| &outage.shown).collect::<Vec<_>>(),
        })
    }

    /// Availability and impact of the components of a page or group together, and each.
    fn components(&self, parent: &Value) -> (f64, &'static str, Vec<Value>) {
        let components = parent["components"].as_array().into_iter().flatten();
        let components: Vec<Value> = components
            .map(|component| match component.get("components") {
                Some(_) => self.group(component),
                None => self.monitor(component),
            })
            .collect();
        let availability = mean(figures(&components, "availability")).map_or(100.0, percent);
        let impacts = components
            .iter()
            .map(|component| &component["current_incident_impact"]);
        let impact = worst(impacts.filter_map(impact));
        (availability, impact, components)
    }

    fn group(&self, group: &Value) -> Value {
        let (availability, impact, components) = self.components(group);
        json!({
            "component_type": "uptime/group",
            "name": group["name"],
            "response_time": null,
            "availability": availability,
            "current_incident_impact": impact,
            "components": components,
        })
    }

    fn monitor(&self, component: &Value) -> Value {
        let id = component["componentable_id"].as_i64().unwrap_or_default();
        let monitor = self.monitors.iter().find(|monitor| monitor.id == id);
        let field = |name| monitor.map_or(&Value::Null, |monitor| &monitor.body[name]);
        let name = component["display_name"].as_str();
        let outages = self
            .ongoing()
            .filter(|outage| outage.monitors.contains(&id));
        let maintained = self.maintained.contains(&id).then_some(1);
        json!({
            "component_type": "uptime/monitor",
            "component_id": id,
            "name": name.or(field("name").as_str()).unwrap_or_default(),
            "response_time": field("response_time"),
            "availability": self.history.availability(id),
            "current_incident_impact": worst(outages.map(|outage| outage.impact).chain(maintained)),
        })
    }

    /// The incidents that are going on.
    fn ongoing(&self) -> impl Iterator<Item = &Outage> {
        let now = self.history.now;
        let outages = self.history.outages.iter();
        outages.filter(move |outage| outage.end.is_none() && outage.start <= now)
    }
}

/// The monitors that an incident or a window names.
fn monitors_of(document: &Document) -> Vec<i64> {
    let monitors = document.body["monitors"].as_array().into_iter().flatten();
    monitors.filter_map(Value::as_i64).collect()
}

fn impact(name: &Value) -> Option<usize> {
    IMPACTS.iter().position(|impact| name == impact)
}

fn worst(impacts: impl Iterator<Item = usize>) -> &'static str {
    IMPACTS[impacts.max().unwrap_or(0)]
}

/// The numbers in a field of each.
fn figures(of: &[Value], field: &str) -> impl Iterator<Item = f64> {
    of.iter().filter_map(move |value| value[field].as_f64())
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / f64::from(count))
}

/// A percentage with three decimals.
fn percent(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
