//! The 48 operations of Phare's API. A test holds this list against the specification.

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
    summary: &'static str,
) -> Operation {
    Operation {
        id,
        method,
        path,
        product,
        project_header,
        summary,
    }
}

/// Every operation that Gardien knows, in the order of Phare's paths.
#[rustfmt::skip]
pub const OPERATIONS: &[Operation; 48] = &[
    op("getInfo", Get, "/", Platform, NotUsed, "Show what this API is"),
    op("getAlertRules", Get, "/alert-rules", Platform, Required, "Page through alert rules"),
    op("createUptimeAlertRule", Post, "/alert-rules", Platform, Required, "Add an alert rule"),
    op("getAlertRule", Get, "/alert-rules/{alertRuleId}", Platform, Required, "Show an alert rule"),
    op("updateUptimeAlertRule", Post, "/alert-rules/{alertRuleId}", Platform, Required, "Change an alert rule"),
    op("deleteUptimeAlertRule", Delete, "/alert-rules/{alertRuleId}", Platform, Required, "Remove an alert rule"),
    op("getIntegrations", Get, "/apps/{app}/integrations", Platform, Optional, "Page through the integrations of an app"),
    op("getIntegration", Get, "/apps/{app}/integrations/{integrationId}", Platform, Optional, "Show an integration"),
    op("getProjects", Get, "/projects", Platform, NotUsed, "Page through projects"),
    op("createProject", Post, "/projects", Platform, NotUsed, "Add a project"),
    op("getProject", Get, "/projects/{projectId}", Platform, NotUsed, "Show a project"),
    op("updateProject", Post, "/projects/{projectId}", Platform, NotUsed, "Change a project"),
    op("deleteProject", Delete, "/projects/{projectId}", Platform, NotUsed, "Remove a project"),
    op("getUsers", Get, "/users", Platform, Optional, "Page through users"),
    op("getUser", Get, "/users/{userId}", Platform, Optional, "Show a user"),
    op("getUptimeIncidents", Get, "/uptime/incidents", Uptime, Required, "Page through incidents"),
    op("createUptimeIncident", Post, "/uptime/incidents", Uptime, Required, "Open an incident by hand"),
    op("getUptimeIncident", Get, "/uptime/incidents/{incidentId}", Uptime, Required, "Show an incident"),
    op("updateUptimeIncident", Post, "/uptime/incidents/{incidentId}", Uptime, Required, "Change an incident"),
    op("deleteUptimeIncident", Delete, "/uptime/incidents/{incidentId}", Uptime, Required, "Remove an incident"),
    op("recoverUptimeIncident", Post, "/uptime/incidents/{incidentId}/recover", Uptime, Required, "Mark an incident as over"),
    op("getUptimeIncidentUpdates", Get, "/uptime/incidents/{incidentId}/updates", Uptime, Required, "Page through the updates of an incident"),
    op("createUptimeIncidentUpdate", Post, "/uptime/incidents/{incidentId}/updates", Uptime, Required, "Post an update on an incident"),
    op("getUptimeIncidentUpdate", Get, "/uptime/incidents/{incidentId}/updates/{incidentUpdateId}", Uptime, Required, "Show an incident update"),
    op("updateUptimeIncidentUpdate", Post, "/uptime/incidents/{incidentId}/updates/{incidentUpdateId}", Uptime, Required, "Change an incident update"),
    op("deleteUptimeIncidentUpdate", Delete, "/uptime/incidents/{incidentId}/updates/{incidentUpdateId}", Uptime, Required, "Remove an incident update"),
    op("getUptimeMaintenanceWindows", Get, "/uptime/maintenance-windows", Uptime, Required, "Page through maintenance windows"),
    op("createUptimeMaintenanceWindow", Post, "/uptime/maintenance-windows", Uptime, Required, "Plan a maintenance window"),
    op("getUptimeMaintenanceWindow", Get, "/uptime/maintenance-windows/{maintenanceWindowId}", Uptime, Required, "Show a maintenance window"),
    op("updateUptimeMaintenanceWindow", Post, "/uptime/maintenance-windows/{maintenanceWindowId}", Uptime, Required, "Change a maintenance window"),
    op("deleteUptimeMaintenanceWindow", Delete, "/uptime/maintenance-windows/{maintenanceWindowId}", Uptime, Required, "Remove a maintenance window"),
    op("cancelUptimeMaintenanceWindow", Post, "/uptime/maintenance-windows/{maintenanceWindowId}/cancel", Uptime, Required, "Call off a maintenance window"),
    op("completeUptimeMaintenanceWindow", Post, "/uptime/maintenance-windows/{maintenanceWindowId}/complete", Uptime, Required, "End a maintenance window"),
    op("getUptimeMonitors", Get, "/uptime/monitors", Uptime, Required, "Page through monitors"),
    op("createUptimeMonitor", Post, "/uptime/monitors", Uptime, Required, "Add a monitor"),
    op("getUptimeMonitor", Get, "/uptime/monitors/{monitorId}", Uptime, Required, "Show a monitor"),
    op("updateUptimeMonitor", Post, "/uptime/monitors/{monitorId}", Uptime, Required, "Change a monitor"),
    op("deleteUptimeMonitor", Delete, "/uptime/monitors/{monitorId}", Uptime, Required, "Remove a monitor"),
    op("pauseUptimeMonitor", Post, "/uptime/monitors/{monitorId}/pause", Uptime, Required, "Pause a monitor"),
    op("resumeUptimeMonitor", Post, "/uptime/monitors/{monitorId}/resume", Uptime, Required, "Resume a monitor"),
    op("getUptimeMonitorReport", Get, "/uptime/monitors/{monitorId}/report", Uptime, Required, "Report on one monitor"),
    op("getUptimeReport", Get, "/uptime/reports", Uptime, Required, "Report on all monitors"),
    op("getUptimeStatusPages", Get, "/uptime/status-pages", Uptime, Required, "Page through status pages"),
    op("createUptimeStatusPage", Post, "/uptime/status-pages", Uptime, Required, "Add a status page"),
    op("getUptimeStatusPage", Get, "/uptime/status-pages/{statusPageId}", Uptime, Required, "Show a status page"),
    op("updateUptimeStatusPage", Post, "/uptime/status-pages/{statusPageId}", Uptime, Required, "Change a status page"),
    op("deleteUptimeStatusPage", Delete, "/uptime/status-pages/{statusPageId}", Uptime, Required, "Remove a status page"),
    op("getUptimeStatusPageCurrentStatus", Get, "/uptime/status-pages/{statusPageId}/current-status", Uptime, Required, "Show how a status page stands now"),
];

/// The operation with this id.
#[must_use]
pub fn operation(id: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.id == id)
}
