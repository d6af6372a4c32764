//! What is sent of Phare's own keys. Their secrets go in and never come out again.

use gardien_domain::phare_key::Purpose;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

/// A key of Phare's to be taken.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPhareKey {
    /// 1 to 100 characters.
    pub name: String,
    /// The secret, as Phare's panel showed it.
    #[serde(serialize_with = "expose")]
    #[schema(value_type = String)]
    pub key: SecretString,
    pub purpose: Purpose,
    /// Whether the sandbox may be left for it, and the keys made for the sandbox revoked.
    #[serde(default)]
    pub leave_sandbox: bool,
}

/// The secret that is to take the place of the one in use.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NextPhareSecret {
    /// The secret, as Phare's panel showed it.
    #[serde(serialize_with = "expose")]
    #[schema(value_type = String)]
    pub key: SecretString,
}

/// What to change of a key of Phare's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhareKeyPatch {
    /// 1 to 100 characters.
    pub name: String,
}

fn expose<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}
