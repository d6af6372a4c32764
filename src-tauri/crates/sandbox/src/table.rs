//! The table of what the sandbox offers, one row a collection. All that a row does not say is read from the
//! specification. The three answers that are figures instead of records are in `figures.rs`.

use crate::collection::Collection;
use crate::{
    alert_rules, incidents, integrations, maintenance_windows, monitors, projects, status_pages,
    users,
};

/// The collections on offer.
pub(crate) const COLLECTIONS: &[&Collection] = &[
    &projects::PROJECTS,
    &users::USERS,
    &integrations::INTEGRATIONS,
    &alert_rules::ALERT_RULES,
    &monitors::MONITORS,
    &incidents::INCIDENTS,
    &incidents::UPDATES,
    &maintenance_windows::MAINTENANCE_WINDOWS,
    &status_pages::STATUS_PAGES,
];
