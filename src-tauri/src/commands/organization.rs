//! The organization, its members, its limit, its gateways, and the operations there are.

use std::sync::Arc;

use gardien_authority::api::{
    GatewayView, LimitsView, MemberView, OperationView, OrganizationPatch, OrganizationView,
    WhatIfQuery, WhatIfView,
};

use crate::app::App;
use crate::error::CommandError;

pub(crate) async fn organization(app: &Arc<App>) -> Result<OrganizationView, CommandError> {
    Ok(app.ready()?.client.organization().await?)
}

pub(crate) async fn update_organization(
    app: &Arc<App>,
    args: OrganizationPatch,
) -> Result<OrganizationView, CommandError> {
    Ok(app.ready()?.client.update_organization(&args).await?)
}

pub(crate) async fn limits(app: &Arc<App>) -> Result<LimitsView, CommandError> {
    Ok(app.ready()?.client.limits().await?)
}

pub(crate) async fn what_if(app: &Arc<App>, args: WhatIfQuery) -> Result<WhatIfView, CommandError> {
    Ok(app.ready()?.client.what_if(&args).await?)
}

pub(crate) async fn list_gateways(app: &Arc<App>) -> Result<Vec<GatewayView>, CommandError> {
    Ok(app.ready()?.client.gateways().await?)
}

pub(crate) async fn list_members(app: &Arc<App>) -> Result<Vec<MemberView>, CommandError> {
    Ok(app.ready()?.client.members().await?)
}

pub(crate) async fn list_operations(app: &Arc<App>) -> Result<Vec<OperationView>, CommandError> {
    Ok(app.ready()?.client.operations().await?)
}
