//! A typed client of the management API: straight into the router of this process, or over HTTP to a server.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use gardien_domain::paste::{self, StrayCharacter};
use gardien_domain::{MemberId, ProjectId};
use gardien_egress::{NoClient, Proxies, Way, is_loopback};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::BodyExt;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use tower::ServiceExt;
use zeroize::Zeroizing;

use crate::api::{
    AuditPage, AuditQuery, AuditVerification, GatewayPage, GatewayView, LimitsView, MemberPage,
    MemberPatch, MemberView, OperationPage, OperationView, OrganizationPatch, OrganizationView,
    Problem, ProjectName, ProjectPage, ProjectView, SessionView, WhatIfQuery, WhatIfView,
};
use crate::base_url;
use crate::http::{Api, Trusted};

mod keys;
mod phare_keys;
#[cfg(test)]
mod tests;

/// The error of a failed exchange.
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How long a server may take to answer.
const ANSWER: Duration = Duration::from_secs(30);

/// Asks the management API as one person. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    transport: ClientTransport,
}

#[derive(Debug, Clone)]
enum ClientTransport {
    Router {
        router: Api,
        member: MemberId,
    },
    Server {
        http: reqwest::Client,
        base: Url,
        way: Way,
        token: SecretString,
    },
}

/// Why there is no answer as asked for.
#[derive(Debug, thiserror::Error)]
pub enum ClientFault {
    /// The address cannot be used.
    #[error("{0}")]
    Address(&'static str),
    /// The address holds what none does.
    #[error("{0}")]
    Stray(#[from] StrayCharacter),
    /// The server did not answer.
    #[error("the server does not answer{way}")]
    Unreachable {
        /// The way there.
        way: Way,
        /// What went wrong.
        #[source]
        cause: BoxError,
    },
    /// The authority said no, and why.
    #[error("{}", .0.detail)]
    Refused(Box<Problem>),
    /// Something answered that is no Gardien, or one of another version.
    #[error("the answer cannot be understood (status {status})")]
    Unexpected {
        /// The status of the answer.
        status: u16,
    },
}

/// Whether a session token may be sent to this address: encrypted, or never leaving this machine.
///
/// # Errors
/// [`ClientFault::Address`] with the reason; [`ClientFault::Stray`].
pub fn server_address(text: &str) -> Result<Url, ClientFault> {
    let url = Url::parse(paste::address(text)?)
        .map_err(|_| ClientFault::Address("That is not an address. It starts with https://."))?;
    let loopback = url.host_str().is_some_and(is_loopback);
    match url.scheme() {
        _ if !url.username().is_empty() || url.password().is_some() => Err(ClientFault::Address(
            "The address must not hold a user or a password.",
        )),
        _ if url.query().is_some() || url.fragment().is_some() => {
            Err(ClientFault::Address("The address must not hold a query."))
        }
        "https" if url.has_host() => Ok(url),
        "http" if loopback => Ok(url),
        "http" => Err(ClientFault::Address(
            "Use https://: over plain http the token could be read on its way.",
        )),
        _ => Err(ClientFault::Address(
            "That is not an address. It starts with https://.",
        )),
    }
}

impl Client {
    /// Asks the router of this process as `member`.
    #[must_use]
    pub fn embedded(router: Api, member: MemberId) -> Self {
        Self {
            transport: ClientTransport::Router { router, member },
        }
    }

    /// Asks the server at `url` with a session token, through a proxy if there is one on the way.
    ///
    /// # Errors
    /// [`ClientFault::Address`] unless it is https, or http to this machine; [`ClientFault::Unreachable`] when TLS cannot be
    /// set up, or the proxy on the way cannot be used.
    pub fn remote(url: &str, token: SecretString, proxies: &Proxies) -> Result<Self, ClientFault> {
        let base = server_address(url)?;
        let at: Uri = base
            .as_str()
            .parse()
            .map_err(|_| ClientFault::Address("That is not an address."))?;
        let way = proxies.way(&at);
        let http = gardien_egress::client(&at, proxies);
        let http = http.and_then(|client| client.build().map_err(NoClient::from));
        let http = http.map_err(|error| ClientFault::Unreachable {
            way: way.clone(),
            cause: error.into(),
        })?;
        Ok(Self {
            transport: ClientTransport::Server {
                http,
                base,
                way,
                token,
            },
        })
    }

    fn way(&self) -> Way {
        match &self.transport {
            ClientTransport::Router { .. } => Way::Straight,
            ClientTransport::Server { way, .. } => way.clone(),
        }
    }

    /// Who is asking, and what they may do. A gateway's address that is no plain base URL is none.
    ///
    /// # Errors
    /// Any [`ClientFault`]; so with every method below.
    pub async fn session(&self) -> Result<SessionView, ClientFault> {
        let mut session: SessionView = self.get("/v1/session").await?;
        // It goes into commands that people paste: whoever runs the server must not write those.
        session.gateway = session.gateway.filter(|url| base_url(url).is_some());
        Ok(session)
    }

    /// Projects, by name.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn projects(&self) -> Result<Vec<ProjectView>, ClientFault> {
        let page: ProjectPage = self.get("/v1/projects").await?;
        Ok(page.data)
    }

    /// Makes a project.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn create_project(&self, name: &str) -> Result<ProjectView, ClientFault> {
        self.send(Method::POST, "/v1/projects", &named(name)).await
    }

    /// Gives a project another name.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn rename_project(
        &self,
        id: ProjectId,
        name: &str,
    ) -> Result<ProjectView, ClientFault> {
        self.send(Method::PATCH, &format!("/v1/projects/{id}"), &named(name))
            .await
    }

    /// Deletes a project with everything in it.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn delete_project(&self, id: ProjectId) -> Result<(), ClientFault> {
        self.exchange(Method::DELETE, &format!("/v1/projects/{id}"), None)
            .await
            .map(drop)
    }

    /// Projects, as Phare has them now.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn synchronize_projects(&self) -> Result<Vec<ProjectView>, ClientFault> {
        let page: ProjectPage = self.act("/v1/projects/synchronize").await?;
        Ok(page.data)
    }

    /// Phare's operations.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn operations(&self) -> Result<Vec<OperationView>, ClientFault> {
        let page: OperationPage = self.get("/v1/operations").await?;
        Ok(page.data)
    }

    /// Members, by mail address.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn members(&self) -> Result<Vec<MemberView>, ClientFault> {
        let page: MemberPage = self.get("/v1/members").await?;
        Ok(page.data)
    }

    /// Changes a member's role or projects.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn update_member(
        &self,
        id: MemberId,
        patch: &MemberPatch,
    ) -> Result<MemberView, ClientFault> {
        self.send(Method::PATCH, &format!("/v1/members/{id}"), patch)
            .await
    }

    /// A page of the audit trail.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn audit(&self, query: &AuditQuery) -> Result<AuditPage, ClientFault> {
        self.get(&asked("/v1/audit", query)?).await
    }

    /// Walks the whole audit chain.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn verify_audit(&self) -> Result<AuditVerification, ClientFault> {
        self.get("/v1/audit/verify").await
    }

    /// The shared limit right now.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn limits(&self) -> Result<LimitsView, ClientFault> {
        self.get("/v1/limits").await
    }

    /// What a share would have meant in the last hour.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn what_if(&self, query: &WhatIfQuery) -> Result<WhatIfView, ClientFault> {
        self.get(&asked("/v1/limits/what-if", query)?).await
    }

    /// The gateways that share the server's database, by name.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn gateways(&self) -> Result<Vec<GatewayView>, ClientFault> {
        let page: GatewayPage = self.get("/v1/gateways").await?;
        Ok(page.data)
    }

    /// The organization.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn organization(&self) -> Result<OrganizationView, ClientFault> {
        self.get("/v1/organization").await
    }

    /// Changes the organization.
    ///
    /// # Errors
    /// Any [`ClientFault`].
    pub async fn update_organization(
        &self,
        patch: &OrganizationPatch,
    ) -> Result<OrganizationView, ClientFault> {
        self.send(Method::PATCH, "/v1/organization", patch).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientFault> {
        read(self.exchange(Method::GET, path, None).await?)
    }

    async fn act<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientFault> {
        read(self.exchange(Method::POST, path, None).await?)
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientFault> {
        // Counted first: a buffer that grows would leave copies of a secret behind.
        let mut counted = Counted(0);
        let written = serde_json::to_writer(&mut counted, body);
        written.map_err(|_| ClientFault::Unexpected { status: 0 })?;
        let mut text = Zeroizing::new(Vec::with_capacity(counted.0));
        let written = serde_json::to_writer(&mut *text, body);
        written.map_err(|_| ClientFault::Unexpected { status: 0 })?;
        read(
            self.exchange(method, path, Some(Bytes::from_owner(text)))
                .await?,
        )
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<(StatusCode, Bytes), ClientFault> {
        let mut request = Request::builder()
            .method(method)
            .header(ACCEPT, "application/json");
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let body = body.unwrap_or_default();
        let unreachable = |cause: BoxError| ClientFault::Unreachable {
            way: self.way(),
            cause,
        };
        let (status, answer) = match &self.transport {
            ClientTransport::Router { router, member } => {
                let mut request = request
                    .uri(path)
                    .body(Body::from(body))
                    .map_err(|e| unreachable(e.into()))?;
                request.extensions_mut().insert(Trusted(*member));
                let Ok(response) = router.clone().oneshot(request).await;
                let status = response.status();
                let answer = response
                    .into_body()
                    .collect()
                    .await
                    .map_err(|e| unreachable(e.into()))?;
                (status, answer.to_bytes())
            }
            ClientTransport::Server {
                http, base, token, ..
            } => {
                let prefix = base.as_str().trim_end_matches('/');
                let mut request = request
                    .uri(format!("{prefix}{path}"))
                    .body(body)
                    .map_err(|e| unreachable(e.into()))?;
                request.headers_mut().insert(AUTHORIZATION, bearer(token)?);
                let request = request
                    .try_into()
                    .map_err(|e: reqwest::Error| unreachable(e.into()))?;
                timeout(ANSWER, ask(http, request))
                    .await
                    .map_err(|late| unreachable(late.into()))?
                    .map_err(|e| unreachable(e.into()))?
            }
        };
        if status.is_success() {
            return Ok((status, answer));
        }
        Err(match serde_json::from_slice(&answer) {
            Ok(problem) => ClientFault::Refused(Box::new(problem)),
            Err(_) => ClientFault::Unexpected {
                status: status.as_u16(),
            },
        })
    }
}

/// A connection may have died since it was used last; what changes nothing is asked for once more then, by another.
async fn ask(
    http: &reqwest::Client,
    request: reqwest::Request,
) -> reqwest::Result<(StatusCode, Bytes)> {
    let again = (request.method() == Method::GET).then(|| request.try_clone());
    let answer = match (http.execute(request).await, again.flatten()) {
        (Err(error), Some(again)) if error.is_request() && !error.is_connect() => {
            http.execute(again).await?
        }
        (answer, _) => answer?,
    };
    Ok((answer.status(), answer.bytes().await?))
}

/// Counts the bytes that are written to it.
struct Counted(usize);

impl std::io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn read<T: DeserializeOwned>((status, answer): (StatusCode, Bytes)) -> Result<T, ClientFault> {
    serde_json::from_slice(&answer).map_err(|_| ClientFault::Unexpected {
        status: status.as_u16(),
    })
}

fn asked(path: &str, query: &impl Serialize) -> Result<String, ClientFault> {
    let query =
        serde_urlencoded::to_string(query).map_err(|_| ClientFault::Unexpected { status: 0 })?;
    Ok(format!("{path}?{query}"))
}

fn named(name: &str) -> ProjectName {
    ProjectName {
        name: name.to_owned(),
    }
}

/// A token that cannot stand in a header is one that no server gave out.
fn bearer(token: &SecretString) -> Result<HeaderValue, ClientFault> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))
        .map_err(|_| ClientFault::Address("That is not a session token."))?;
    value.set_sensitive(true);
    Ok(value)
}
