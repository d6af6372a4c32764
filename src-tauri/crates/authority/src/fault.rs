//! Every way a use case does not do what was asked: one text for the caller, the source for the log.

use std::collections::BTreeMap;
use std::sync::Arc;

use gardien_domain::KeyFault;
use gardien_phare::{NotReached, PhareFault};
use gardien_store::StoreError;
use http::StatusCode;
use jiff::Timestamp;

use crate::Unreadable;
use crate::api::Problem;
use crate::secrets::SecretFault;

/// Messages by field.
pub(crate) type FieldErrors = BTreeMap<String, Vec<String>>;

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// No session, or none that is accepted.
    #[error("A session token is required. Ask an Owner or Admin for one.")]
    Unauthenticated,
    /// The role does not allow it.
    #[error("Only Owners and Admins can {what}.")]
    Forbidden {
        /// What was asked for.
        what: &'static str,
    },
    /// The role does not allow it, and no other than an Owner's does.
    #[error("Only Owners can {what}.")]
    OwnersOnly {
        /// What was asked for.
        what: &'static str,
    },
    /// A change of role that the rules do not allow.
    #[error(
        "Your role does not allow this change of role. Only an Owner demotes Admins and Owners."
    )]
    RoleForbidden,
    /// A removal that the rules do not allow.
    #[error("Only an Owner removes Admins and Owners.")]
    RemovalForbidden,
    /// The role is another than when the request began.
    #[error("Your role was changed in the meantime. Look again at what you may do.")]
    RoleChanged,
    /// There is no such thing, or none that the actor may see.
    #[error("There is no such {what}.")]
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// The request itself cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The data belongs to the sandbox and a Phare is to be attached, or the other way round.
    #[error(
        "This data folder belongs to another kind of Phare: its projects and keys would mean others here. \
         Use one folder for the sandbox and another for Phare."
    )]
    OtherUpstream,
    /// Some fields cannot stay as they are.
    #[error("Some fields need another look.")]
    Invalid(BTreeMap<String, Vec<String>>),
    /// The key was revoked; nothing but its name can be looked at any more.
    #[error("This key was revoked. Create a new one instead.")]
    KeyRevoked,
    /// The key has expired.
    #[error("This key has expired. Create a new one instead.")]
    KeyExpired,
    /// The key is not revoked.
    #[error("This key is not revoked.")]
    KeyNotRevoked,
    /// No secret that was replaced still works.
    #[error("The key has no earlier secret that still works.")]
    KeyNotRotating,
    /// As many secrets that were replaced as there may be still work.
    #[error(
        "Two earlier secrets of this key still work, one of them until {until}. Rotate it after that, or end them now."
    )]
    TooManySecrets {
        /// When there is room for another.
        until: Timestamp,
    },
    /// The time to take a revocation back is over.
    #[error("A revocation can be undone for 10 seconds. Create a new key instead.")]
    RestoreTooLate,
    /// The key was revoked, but nothing could take its place.
    #[error("The key was revoked, but its replacement could not be made: {reason}")]
    NotReplaced {
        /// Why not.
        reason: String,
    },
    /// Another process was faster, again and again. Whatever changes something can end so; nothing was changed.
    #[error("Somebody else changed this at the same time. Try again.")]
    Conflict,
    /// Somebody has to stay who owns the organization.
    #[error("An organization needs an Owner. Make somebody else one first.")]
    LastOwner,
    /// The first start was completed before.
    #[error("The organization exists already.")]
    AlreadyFounded,
    /// The first start was not completed.
    #[error("There is no organization yet.")]
    NotFounded,
    /// There is nothing to switch to.
    #[error("There is no next key to switch to. Add one first.")]
    NoNextSecret,
    /// What would be switched to does not work.
    #[error("Phare refuses the next key. Check it again, or add another one.")]
    NextSecretRefused,
    /// What would be switched to is not here.
    #[error("The secret of the next key is no longer held here. Add it again.")]
    NextSecretMissing,
    /// What was to come behind the gateway cannot be used.
    #[error("What Gardien is to forward to cannot be used: {0}.")]
    Unattachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A key of Phare's is to be attached where no Phare is known.
    #[error(
        "This server was started with the sandbox. Start it with the address of Phare to attach keys of Phare's."
    )]
    SandboxOnly,
    /// The secret of a key of Phare's cannot be had.
    #[error("{0}")]
    Secret(#[from] SecretFault),
    /// Nothing to ask about projects.
    #[error("Gardien is not connected to Phare. Its settings say what to connect to.")]
    UpstreamMissing,
    /// Phare did not do what it was asked.
    #[error("{}", phare_words(.0))]
    Phare(#[from] PhareFault),
    /// A revocation is in force, and kept beside the database until that takes it.
    #[error(
        "The key is refused from now on, and stays so over a restart. It is not in the database yet: {0}. \
         Gardien keeps trying."
    )]
    RevokedInMemory(#[source] StoreError),
    /// A revocation is in force, and the disk took it nowhere.
    #[error(
        "The key is refused from now on, but the disk did not take that yet: {0}. \
         Gardien keeps trying; until it succeeds, a power cut would forget it."
    )]
    RevokedUntilRestart(#[source] StoreError),
    /// A revocation is in force here, and other gateways over the same database know nothing of it yet.
    #[error(
        "The key is not revoked everywhere yet: {0}. Gardien keeps trying; until it succeeds, a gateway that reaches the \
         database may grant it."
    )]
    RevokedHere(#[source] StoreError),
    /// The database failed.
    #[error("{0}.")]
    Store(#[source] StoreError),
    /// The system gives no random bytes.
    #[error("The system gives no random numbers, so no secret can be made.")]
    Entropy(#[from] getrandom::Error),
    /// What somebody else was told, who asked for the same.
    #[error(transparent)]
    Shared(Arc<Fault>),
    /// Something that cannot happen.
    #[error("Something went wrong inside Gardien.")]
    Internal,
}

fn phare_words(fault: &PhareFault) -> String {
    match fault {
        PhareFault::Unreachable(cause) => {
            let way = cause.downcast_ref::<NotReached>();
            let way = way.map_or("", |not| &not.way);
            format!("Phare does not answer{way}. Nothing was changed.")
        }
        PhareFault::Busy => {
            "The organization's calls of this minute are used up. Try again in a moment.".to_owned()
        }
        PhareFault::NoKey => {
            "None of the Phare keys that Gardien holds can do this. Attach one of the organization’s."
                .to_owned()
        }
        PhareFault::KeyRefused => "Phare refuses the key that Gardien calls it with.".to_owned(),
        PhareFault::Invalid { message } | PhareFault::Forbidden { message } => {
            format!("Phare refuses this: {message}")
        }
        other => format!("{other}."),
    }
}

impl From<KeyFault> for Fault {
    fn from(fault: KeyFault) -> Self {
        match fault {
            KeyFault::Revoked => Self::KeyRevoked,
            KeyFault::Expired => Self::KeyExpired,
            KeyFault::NotRevoked => Self::KeyNotRevoked,
            KeyFault::RestoreTooLate => Self::RestoreTooLate,
            KeyFault::NotRotating => Self::KeyNotRotating,
            KeyFault::TooManySecrets { until } => Self::TooManySecrets { until },
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::Conflict,
            error => Self::Store(error),
        }
    }
}

impl Fault {
    /// What is wrong with one field.
    pub(crate) fn field(name: &str, message: impl Into<String>) -> Self {
        Self::Invalid(BTreeMap::from([(name.to_owned(), vec![message.into()])]))
    }

    /// The stable code. Programs and the interface decide by it: never change one.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden { .. }
            | Self::OwnersOnly { .. }
            | Self::RoleForbidden
            | Self::RemovalForbidden
            | Self::RoleChanged => "forbidden",
            Self::NotFound { .. } => "not_found",
            Self::Unreadable(unreadable) => unreadable.code(),
            Self::OtherUpstream | Self::SandboxOnly => "other_upstream",
            Self::Unattachable(_) => "upstream_refused",
            Self::Secret(SecretFault::NotHeld) => "secret_not_kept",
            Self::Secret(SecretFault::Locked) => "keychain_locked",
            Self::Secret(SecretFault::Unavailable) => "keychain_unavailable",
            Self::Invalid(_) => "invalid",
            Self::KeyRevoked => "key_revoked",
            Self::KeyExpired => "key_expired",
            Self::KeyNotRevoked => "key_not_revoked",
            Self::KeyNotRotating => "key_not_rotating",
            Self::TooManySecrets { .. } => "too_many_secrets",
            Self::RestoreTooLate => "restore_too_late",
            Self::NotReplaced { .. } => "not_replaced",
            Self::Conflict => "conflict",
            Self::LastOwner => "last_owner",
            Self::AlreadyFounded => "already_founded",
            Self::NotFounded => "not_founded",
            Self::NoNextSecret => "no_next_key",
            Self::NextSecretRefused => "next_key_refused",
            Self::NextSecretMissing => "next_key_missing",
            Self::UpstreamMissing => "upstream_missing",
            Self::Phare(PhareFault::Unreachable(_)) => "upstream_unreachable",
            Self::Phare(PhareFault::Busy) => "upstream_busy",
            Self::Phare(PhareFault::NoKey) => "upstream_key_missing",
            Self::Phare(PhareFault::KeyRefused) => "upstream_key_refused",
            Self::Phare(PhareFault::NotFound) => "not_found",
            Self::Phare(_) => "upstream_refused",
            Self::RevokedInMemory(_) | Self::RevokedUntilRestart(_) => "revoked_in_memory",
            Self::Store(StoreError::Displaced) => "data_moved",
            Self::Store(StoreError::Damaged(_)) => "data_damaged",
            Self::Store(StoreError::Full(_)) => "disk_full",
            Self::Store(_) | Self::RevokedHere(_) => "store_unavailable",
            Self::Shared(fault) => fault.code(),
            Self::Entropy(_) | Self::Internal => "internal",
        }
    }

    /// The HTTP status it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden { .. }
            | Self::OwnersOnly { .. }
            | Self::RoleForbidden
            | Self::RemovalForbidden
            | Self::RoleChanged => StatusCode::FORBIDDEN,
            Self::Unreadable(unreadable) => unreadable.status(),
            Self::NotFound { .. } | Self::Phare(PhareFault::NotFound) => StatusCode::NOT_FOUND,
            Self::Invalid(_) | Self::Phare(PhareFault::Invalid { .. }) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::KeyRevoked
            | Self::KeyExpired
            | Self::KeyNotRevoked
            | Self::KeyNotRotating
            | Self::TooManySecrets { .. }
            | Self::RestoreTooLate
            | Self::NotReplaced { .. }
            | Self::Conflict
            | Self::LastOwner
            | Self::AlreadyFounded
            | Self::NotFounded
            | Self::NoNextSecret
            | Self::NextSecretRefused
            | Self::NextSecretMissing
            | Self::OtherUpstream
            | Self::SandboxOnly
            | Self::Secret(SecretFault::NotHeld) => StatusCode::CONFLICT,
            Self::UpstreamMissing
            | Self::RevokedHere(_)
            | Self::Secret(SecretFault::Locked | SecretFault::Unavailable)
            | Self::Phare(PhareFault::Busy | PhareFault::NoKey)
            | Self::Store(StoreError::InUse | StoreError::Unreachable(_) | StoreError::Displaced) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Shared(fault) => fault.status(),
            Self::Phare(_) | Self::Unattachable(_) => StatusCode::BAD_GATEWAY,
            Self::RevokedInMemory(_)
            | Self::RevokedUntilRestart(_)
            | Self::Store(StoreError::Full(_)) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Store(_) | Self::Entropy(_) | Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The answer that the management API gives.
    #[must_use]
    pub fn problem(self) -> Problem {
        let problem = Problem::new(self.status(), self.code(), &self.to_string());
        let errors = match self {
            Self::Invalid(errors) => errors,
            Self::Phare(PhareFault::Invalid { message }) => {
                FieldErrors::from([("name".to_owned(), vec![message])])
            }
            _ => FieldErrors::new(),
        };
        Problem { errors, ..problem }
    }
}

impl Problem {
    /// A problem that no field is to blame for.
    pub(crate) fn new(status: StatusCode, code: &str, detail: &str) -> Self {
        Self {
            r#type: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.to_owned(),
            code: code.to_owned(),
            errors: FieldErrors::new(),
        }
    }
}
