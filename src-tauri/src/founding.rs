//! How this computer's home comes to be, and what is tried again once it is not as it should be.

use gardien_authority::{Beginning, System};

use crate::app::App;
use crate::compose;
use crate::error::{Code, CommandError};
use crate::home::{GatewayState, Place};

const FOUNDING: System = System::because("nobody is a member before the first start");

/// Founds the organization on this computer.
///
/// Nothing is founded unless the port is free and the values are right; so the form can be sent again.
pub(crate) async fn first_start(
    app: &App,
    organization: &str,
    email: &str,
    port: u16,
    beginning: Beginning,
) -> Result<(), CommandError> {
    let _moving = app.moving.lock().await;
    let Place::Unfounded(service) = app.place().1 else {
        return Err(CommandError::new(
            Code::Conflict,
            "The organization exists already.",
        ));
    };
    compose::check_port("port", port)?;
    let gateway = compose::listen(&service, port).await?;
    if let GatewayState::PortBusy { port } = gateway {
        return Err(compose::busy("port", port));
    }
    let founding = async {
        app.preferences.change(|saved| saved.gateway_port = port)?;
        let owner = service
            .authority()
            .first_start(FOUNDING, organization, email, beginning);
        let local = compose::found(service.clone(), owner.await?, gateway).await?;
        let ready = compose::enter(&local).await?;
        Ok::<_, CommandError>((local, ready))
    };
    match founding.await {
        Ok((local, ready)) => {
            app.put_local(Some(local));
            app.put(ready.into());
            Ok(())
        }
        Err(error) => {
            service.stop_gateway().await;
            Err(error)
        }
    }
}

/// Tries again whatever is not as it should be: opening, the port, the upstream, the keychain.
pub(crate) async fn retry(app: &App) -> Result<(), CommandError> {
    let _moving = app.moving.lock().await;
    match app.place().1 {
        Place::Failed(_) => {
            compose::open_again(app).await;
            compose::mend(app).await
        }
        Place::Ready(_) => compose::mend(app).await,
        Place::Starting | Place::Unfounded(_) => Ok(()),
    }
}

/// Goes on with data that is older than what was acknowledged. What is known to have been revoked since is revoked again.
pub(crate) async fn accept_older(app: &App) {
    let _moving = app.moving.lock().await;
    if let Place::Failed(error) = app.place().1
        && error.is(Code::DataOlder)
    {
        compose::come_home_with(app, true).await;
    }
}
