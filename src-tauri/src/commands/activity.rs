//! The audit trail.

use std::sync::Arc;

use gardien_authority::api::{AuditPage, AuditQuery, AuditVerification};

use crate::app::App;
use crate::error::CommandError;

pub(crate) async fn list_audit(
    app: &Arc<App>,
    query: AuditQuery,
) -> Result<AuditPage, CommandError> {
    Ok(app.ready()?.client.audit(&query).await?)
}

pub(crate) async fn verify_audit(app: &Arc<App>) -> Result<AuditVerification, CommandError> {
    Ok(app.ready()?.client.verify_audit().await?)
}
