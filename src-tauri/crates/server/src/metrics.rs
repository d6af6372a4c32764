//! What can be watched from outside, in the text format of Prometheus. Nothing here names a key, a person or an address.

use std::fmt::{Display, Write as _};
use std::sync::Arc;

use bytes::Bytes;
use gardien_authority::Authority;
use gardien_gateway::Gateway;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;

use crate::door::Connections;
use crate::duty::OnDuty;
use crate::lease::Leased;

const FORMAT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// What is watched.
pub(crate) struct Watched {
    pub(crate) gateway: Gateway,
    pub(crate) authority: Authority,
    pub(crate) leased: Option<Arc<Leased>>,
    pub(crate) on_duty: OnDuty,
    pub(crate) connections: [(&'static str, Connections); 2],
}

impl Watched {
    pub(crate) fn answer<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        if request.uri().path() != "/metrics" {
            return plain(StatusCode::NOT_FOUND, String::new());
        }
        if !is_read {
            let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, String::new());
            let allowed = HeaderValue::from_static("GET, HEAD");
            answer.headers_mut().insert(ALLOW, allowed);
            return answer;
        }
        plain(StatusCode::OK, self.text())
    }

    fn text(&self) -> String {
        let mut text = Text::default();
        text.family("gardien_build_info", "gauge", "The version that runs.");
        text.labelled("version", env!("CARGO_PKG_VERSION"), 1);
        text.family(
            "gardien_calls_total",
            "counter",
            "Calls that the gateway answered, by what became of them.",
        );
        for (outcome, count) in self.gateway.outcomes() {
            text.labelled("outcome", outcome, count);
        }
        let limits = self.gateway.limits();
        text.gauge(
            "gardien_limit_calls",
            "Calls that may be made in 60 seconds.",
            limits.limit,
        );
        text.gauge(
            "gardien_limit_used_calls",
            "Calls of the last 60 seconds that hold a slot of the limit; all of them while Phare takes none.",
            limits.used,
        );
        text.gauge(
            "gardien_waiting_calls",
            "Calls that wait for their turn.",
            limits.waiting,
        );
        text.gauge(
            "gardien_unwritten_uses",
            "Keys that were used since that was last written.",
            self.gateway.unwritten_uses(),
        );
        text.family(
            "gardien_connections",
            "gauge",
            "Connections that are open, by listener.",
        );
        for (listener, connections) in &self.connections {
            text.labelled("listener", listener, connections.count());
        }
        let revision = self.authority.followed().borrow().0;
        text.gauge(
            "gardien_revision",
            "The newest change that is in force here.",
            revision,
        );
        let on_duty = u8::from(self.on_duty.is_on());
        text.gauge(
            "gardien_on_duty",
            "Whether this server reads Phare's projects and examines its keys.",
            on_duty,
        );
        if let Some(leased) = &self.leased {
            text.gauge(
                "gardien_revision_seen",
                "The newest change that the database told this gateway of.",
                leased.told(),
            );
            text.gauge(
                "gardien_lease_seconds",
                "For so long this gateway may grant without hearing from the database; 0: it refuses.",
                leased.left().as_secs_f64(),
            );
        }
        self.waits(&mut text);
        text.0
    }

    fn waits(&self, text: &mut Text) {
        let Some(waits) = self.authority.waits() else {
            return;
        };
        let name = "gardien_acknowledgement_seconds";
        let about =
            "How long changes that take something away waited until every gateway had them.";
        text.family(name, "histogram", about);
        let mut all = 0;
        for (bound, count) in waits.up_to() {
            all = count;
            match bound {
                Some(bound) => text.line(name, "_bucket", "le", bound.as_secs_f64(), count),
                None => text.line(name, "_bucket", "le", "+Inf", count),
            }
        }
        text.line(name, "_sum", "", "", waits.sum().as_secs_f64());
        text.line(name, "_count", "", "", all);
        text.family(
            "gardien_acknowledgements_silent_total",
            "counter",
            "How many of them had to wait until the lease of a gateway had run out.",
        );
        text.labelled("", "", waits.silent());
    }
}

/// An answer of this listener's own.
pub(crate) fn plain(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::from(text));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, FORMAT);
    answer
}

/// The text, and after it the name of the family that it is at.
#[derive(Default)]
struct Text(String, &'static str);

impl Text {
    fn family(&mut self, name: &'static str, kind: &str, about: &str) {
        self.1 = name;
        // A text takes what is written to it.
        let _ = write!(self.0, "# HELP {name} {about}\n# TYPE {name} {kind}\n");
    }

    fn labelled(&mut self, label: &str, of: &str, value: impl Display) {
        self.line(self.1, "", label, of, value);
    }

    fn gauge(&mut self, name: &'static str, about: &str, value: impl Display) {
        self.family(name, "gauge", about);
        self.labelled("", "", value);
    }

    fn line(&mut self, name: &str, part: &str, label: &str, of: impl Display, value: impl Display) {
        let _ = match label {
            "" => writeln!(self.0, "{name}{part} {value}"),
            label => writeln!(self.0, "{name}{part}{{{label}=\"{of}\"}} {value}"),
        };
    }
}
