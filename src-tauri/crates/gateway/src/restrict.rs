//! A project key's list of projects: its one project, asked for by itself. A list that was asked for whole and then cut
//! would show by its pages how many others there are.

use gardien_domain::ProjectId;
use http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, ETAG, HeaderValue,
    LAST_MODIFIED, LINK, LOCATION,
};
use http::request::Parts;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::body::{Body, read_all};
use crate::links::{Called, DIGESTS};
use crate::question::CONDITIONS;
use crate::refusal::{CallRefusal, PageFault};

/// Bytes of one project, with room to spare.
const LARGEST_PROJECT: usize = 1024 * 1024;
/// Records of a page, where the query does not say.
const PER_PAGE: u64 = 20;

/// The page that was asked for, of a list of one project.
#[derive(Debug)]
pub(crate) struct OnlyProject {
    project: ProjectId,
    page: u64,
    per_page: u64,
    /// What else the query says, kept in links.
    filters: Vec<(String, String)>,
}

impl OnlyProject {
    /// What `asked`, a request for a list of projects, asks of the list of this one.
    ///
    /// # Errors
    /// [`CallRefusal::Page`]: the upstream, which would refuse an odd page, does not see it.
    pub(crate) fn of(project: ProjectId, asked: &Parts) -> Result<Self, CallRefusal> {
        let query = asked.uri.query().unwrap_or_default();
        let mut filters: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let page = number(&filters, "page")?.unwrap_or(1);
        let per_page = number(&filters, "per_page")?.unwrap_or(PER_PAGE);
        if per_page > 100 {
            return Err(odd("per_page", "at most 100"));
        }
        filters.retain(|(field, _)| field != "page");
        Ok(Self {
            project,
            page,
            per_page,
            filters,
        })
    }

    /// Makes the request for a list one for the project.
    pub(crate) fn ask(&self, head: &mut Parts) -> Result<(), CallRefusal> {
        let target = format!("/projects/{}", self.project).parse();
        head.uri = target.map_err(|_| CallRefusal::UpstreamBroken)?;
        // They are about a list that the upstream is not asked for.
        for name in CONDITIONS {
            head.headers.remove(name);
        }
        Ok(())
    }

    /// Whether a page is made of an answer with this status. Any other is no project, and passes.
    pub(crate) fn is_made_of(status: StatusCode) -> bool {
        status.is_success() || status == StatusCode::NOT_FOUND
    }

    /// The page, made of the upstream's answer.
    pub(crate) async fn page(
        &self,
        answer: Response<Body>,
        called: &Called,
    ) -> Result<Response<Body>, CallRefusal> {
        let (mut head, body) = answer.into_parts();
        // Where there is none it was deleted, and Gardien is about to hear of it.
        let record = if head.status == StatusCode::NOT_FOUND {
            None
        } else {
            let record = read_all(body, LARGEST_PROJECT).await;
            let record = record.map_err(|_| CallRefusal::UpstreamBroken)?;
            Some(self.checked(&record).ok_or(CallRefusal::UpstreamBroken)?)
        };
        head.status = StatusCode::OK;
        let json = HeaderValue::from_static("application/json");
        head.headers.insert(CONTENT_TYPE, json);
        for name in [
            ACCEPT_RANGES,
            CONTENT_LENGTH,
            CONTENT_LOCATION,
            ETAG,
            LAST_MODIFIED,
            LINK,
            LOCATION,
        ] {
            head.headers.remove(name);
        }
        for name in DIGESTS {
            head.headers.remove(name);
        }
        let page = self.shown(record.as_deref(), called);
        Ok(Response::from_parts(head, Body::whole(page)))
    }

    /// The record as it came, if it is the project and no other.
    fn checked(&self, record: &[u8]) -> Option<String> {
        let record = str::from_utf8(record).ok()?.trim();
        let read: Value = serde_json::from_str(record).ok()?;
        (read["id"].as_i64() == Some(self.project.0)).then(|| record.to_owned())
    }

    fn shown(&self, record: Option<&str>, called: &Called) -> String {
        let record = record.filter(|_| self.page == 1).unwrap_or_default();
        let position = u8::from(!record.is_empty());
        let address = format!("{}/projects", called.as_str());
        let link = |page: u64| {
            let query = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&self.filters)
                .append_pair("page", &page.to_string())
                .finish();
            format!("{address}?{query}")
        };
        let meta = json!({
            "current_page": self.page,
            "from": position,
            "to": position,
            "per_page": self.per_page,
            "path": address,
        });
        let links = json!({
            "first": link(1),
            "last": null,
            "prev": (self.page > 1).then(|| link(self.page - 1)),
            "next": null,
        });
        format!(r#"{{"data":[{record}],"meta":{meta},"links":{links}}}"#)
    }
}

/// A number from 1; `None` if it was not sent. Of a field sent twice the last counts.
fn number(fields: &[(String, String)], name: &'static str) -> Result<Option<u64>, CallRefusal> {
    let Some((_, sent)) = fields.iter().rev().find(|(field, _)| field == name) else {
        return Ok(None);
    };
    match sent.trim().parse::<i64>().map(u64::try_from) {
        Ok(Ok(number)) if number > 0 => Ok(Some(number)),
        Ok(_) => Err(odd(name, "at least 1")),
        Err(_) => Err(odd(name, "an integer")),
    }
}

fn odd(field: &'static str, rule: &'static str) -> CallRefusal {
    CallRefusal::Page(PageFault { field, rule })
}
