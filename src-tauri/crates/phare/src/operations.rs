//! The 48 operations of Phare's API. A test holds this list against the specification; the words are our own: what an
//! operation concerns, its name, and what a call of it is doing.

use gardien_domain::Operation;
use gardien_domain::operation::Method::{self, Delete, Get, Post};
use gardien_domain::operation::ProjectHeader::{self, NotUsed, Optional, Required};
use gardien_domain::product::Product::{self, Platform, Uptime};

const fn op(
    id: &'static str,
    method: Method,
    path: &'static str,
    product: Product,
    project_header: ProjectHeader,
    [group, summary, doing]: [&'static str; 3],
) -> Operation {
    Operation {
        id,
        method,
        path,
        product,
        project_header,
        group,
        summary,
        doing,
    }
}

/// Every operation that Gardien knows, in the order of Phare's paths.
#[rustfmt::skip]
pub const OPERATIONS: &[Operation; 48] = &[
    op("getInfo", Get, "/", Platform, NotUsed, ["API", "Show what the API is", "asking what the API is"]),
    op("getAlertRules", Get, "/alert-rules", Platform, Required, ["Alert rules", "List alert rules", "listing alert rules"]),
    op("createUptimeAlertRule", Post, "/alert-rules", Platform, Required, ["Alert rules", "Create an alert rule", "creating an alert rule"]),
    op("getAlertRule", Get, "/alert-rules/{alertRuleId}", Platform, Required, ["Alert rules", "Show an alert rule", "reading an alert rule"]),
    op("updateUptimeAlertRule", Post, "/alert-rules/{alertRuleId}", Platform, Required, ["Alert rules", "Change an alert rule", "changing an alert rule"]),
    op("deleteUptimeAlertRule", Delete, "/alert-rules/{alertRuleId}", Platform, Required, ["Alert rules", "Delete an alert rule", "deleting an alert rule"]),
    op("getIntegrations", Get, "/apps/{app}/integrations", Platform, Optional, ["Integrations", "List the integrations of an app", "listing the integrations of an app"]),
    op("getIntegration", Get, "/apps/{app}/integrations/{integrationId}", Platform, Optional, ["Integrations", "Show an integration", "reading an integration"]),
    op("getProjects", Get, "/projects", Platform, NotUsed, ["Projects", "List projects", "listing projects"]),
    op("createProject", Post, "/projects", Platform, NotUsed, ["Projects", "Create a project", "creating a project"]),
    op("getProject", Get, "/projects/{projectId}", Platform, NotUsed, ["Projects", "Show a project", "reading a project"]),
    op("updateProject", Post, "/projects/{projectId}", Platform, NotUsed, ["Projects", "Change a project", "changing a project"]),
    op("deleteProject", Delete, "/projects/{projectId}", Platform, NotUsed, ["Projects", "Delete a project", "deleting a project"]),
    op("getUsers", Get, "/users", Platform, Optional, ["Users", "List users", "listing users"]),
    op("getUser", Get, "/users/{userId}", Platform, Optional, ["Users", "Show a user", "reading a user"]),
    op("getUptimeIncidents", Get, "/uptime/incidents", Uptime, Required, ["Incidents", "List incidents", "listing incidents"]),
    op("createUptimeIncident", Post, "/uptime/incidents", Uptime, Required, ["Incidents", "Open an incident by hand", "opening an incident by hand"]),
    op("getUptimeIncident", Get, "/uptime/incidents/{incidentId}", Uptime, Required, ["Incidents", "Show an incident", "reading an incident"]),
    op("updateUptimeIncident", Post, "/uptime/incidents/{incidentId}", Uptime, Required, ["Incidents", "Change an incident", "changing an incident"]),
    op("deleteUptimeIncident", Delete, "/uptime/incidents/{incidentId}", Uptime, Required, ["Incidents", "Delete an incident", "deleting an incident"]),
    op("recoverUptimeIncident", Post, "/uptime/incidents/{incidentId}/recover", Uptime, Required, ["Incidents", "Mark an incident as over", "marking an incident as over"]),
    op("getUptimeIncidentUpdates", Get, "/uptime/incidents/{incidentId}/updates", Uptime, Required, ["Incidents", "List the updates of an incident", "listing the updates of an incident"]),
    op("createUptimeIncidentUpdate", Post, "/uptime/incidents/{incidentId}/updates", Uptime, Required, ["Incidents", "Post an update on an incident", "posting an update on an incident"]),
    op("getUptimeIncidentUpdate", Get, "/uptime/incidents/{incidentId}/updates/{incidentUpdateId}", Uptime, Required, ["Incidents", "Show an incident update", "reading an incident update"]),
    op("updateUptimeIncidentUpdate", Post, "/uptime/incidents/{incidentId}/updates/{incidentUpdateId}", Uptime, Required, ["Incidents", "Change an incident update", "changing an incident update"]),
    op("deleteUptimeIncidentUpdate", Delete, "/uptime/incidents/{incidentId}/updates/{incidentUpdateId}", Uptime, Required, ["Incidents", "Delete an incident update", "deleting an incident update"]),
    op("getUptimeMaintenanceWindows", Get, "/uptime/maintenance-windows", Uptime, Required, ["Maintenance windows", "List maintenance windows", "listing maintenance windows"]),
    op("createUptimeMaintenanceWindow", Post, "/uptime/maintenance-windows", Uptime, Required, ["Maintenance windows", "Plan a maintenance window", "planning a maintenance window"]),
    op("getUptimeMaintenanceWindow", Get, "/uptime/maintenance-windows/{maintenanceWindowId}", Uptime, Required, ["Maintenance windows", "Show a maintenance window", "reading a maintenance window"]),
    op("updateUptimeMaintenanceWindow", Post, "/uptime/maintenance-windows/{maintenanceWindowId}", Uptime, Required, ["Maintenance windows", "Change a maintenance window", "changing a maintenance window"]),
    op("deleteUptimeMaintenanceWindow", Delete, "/uptime/maintenance-windows/{maintenanceWindowId}", Uptime, Required, ["Maintenance windows", "Delete a maintenance window", "deleting a maintenance window"]),
    op("cancelUptimeMaintenanceWindow", Post, "/uptime/maintenance-windows/{maintenanceWindowId}/cancel", Uptime, Required, ["Maintenance windows", "Call off a maintenance window", "calling off a maintenance window"]),
    op("completeUptimeMaintenanceWindow", Post, "/uptime/maintenance-windows/{maintenanceWindowId}/complete", Uptime, Required, ["Maintenance windows", "End a maintenance window", "ending a maintenance window"]),
    op("getUptimeMonitors", Get, "/uptime/monitors", Uptime, Required, ["Monitors", "List monitors", "listing monitors"]),
    op("createUptimeMonitor", Post, "/uptime/monitors", Uptime, Required, ["Monitors", "Create a monitor", "creating a monitor"]),
    op("getUptimeMonitor", Get, "/uptime/monitors/{monitorId}", Uptime, Required, ["Monitors", "Show a monitor", "reading a monitor"]),
    op("updateUptimeMonitor", Post, "/uptime/monitors/{monitorId}", Uptime, Required, ["Monitors", "Change a monitor", "changing a monitor"]),
    op("deleteUptimeMonitor", Delete, "/uptime/monitors/{monitorId}", Uptime, Required, ["Monitors", "Delete a monitor", "deleting a monitor"]),
    op("pauseUptimeMonitor", Post, "/uptime/monitors/{monitorId}/pause", Uptime, Required, ["Monitors", "Pause a monitor", "pausing a monitor"]),
    op("resumeUptimeMonitor", Post, "/uptime/monitors/{monitorId}/resume", Uptime, Required, ["Monitors", "Resume a monitor", "resuming a monitor"]),
    op("getUptimeMonitorReport", Get, "/uptime/monitors/{monitorId}/report", Uptime, Required, ["Monitors", "Report on one monitor", "reporting on one monitor"]),
    op("getUptimeReport", Get, "/uptime/reports", Uptime, Required, ["Monitors", "Report on all monitors", "reporting on all monitors"]),
    op("getUptimeStatusPages", Get, "/uptime/status-pages", Uptime, Required, ["Status pages", "List status pages", "listing status pages"]),
    op("createUptimeStatusPage", Post, "/uptime/status-pages", Uptime, Required, ["Status pages", "Create a status page", "creating a status page"]),
    op("getUptimeStatusPage", Get, "/uptime/status-pages/{statusPageId}", Uptime, Required, ["Status pages", "Show a status page", "reading a status page"]),
    op("updateUptimeStatusPage", Post, "/uptime/status-pages/{statusPageId}", Uptime, Required, ["Status pages", "Change a status page", "changing a status page"]),
    op("deleteUptimeStatusPage", Delete, "/uptime/status-pages/{statusPageId}", Uptime, Required, ["Status pages", "Delete a status page", "deleting a status page"]),
    op("getUptimeStatusPageCurrentStatus", Get, "/uptime/status-pages/{statusPageId}/current-status", Uptime, Required, ["Status pages", "Show how a status page stands now", "reading how a status page stands now"]),
];

/// The operation with this id.
#[must_use]
pub fn operation(id: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.id == id)
}
