//! The one error shape that reaches the window: a stable code, what happened, and what to do about it.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, ErrorKind};

use gardien_authority::api::Problem;
use gardien_authority::{ClientFault, Fault};
use gardien_server::{ListenFault, OpenFault};
use gardien_store::StoreError;
use gardien_vault::VaultFault;
use serde::Serialize;
use ts_rs::TS;

/// Declares the codes with what to do about each.
macro_rules! codes {
    ($($variant:ident = $code:literal, $remedy:literal;)+) => {
        /// What went wrong, as the interface tells it apart. How it shows each is in `ui/src/errors.ts`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, TS)]
        #[ts(rename = "ErrorCode")]
        pub(crate) enum Code { $(#[ts(rename = $code)] $variant),+ }

        impl Code {
            /// Every code.
            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that crosses to the window.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// What a person can do about it.
            pub(crate) const fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy),+ }
            }

            fn parse(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

codes! {
    DataDamaged = "data_damaged", "Put a backup of the file in its place, then try again. Keep the damaged file: much of it can usually be recovered.";
    DataNewer = "data_newer", "Install the newer version of Gardien on this computer, then open it again.";
    DataInUse = "data_in_use", "Close the other Gardien, or the gardien-server that uses the same folder, then try again.";
    DataOlder = "data_older", "If you put a backup in place, look for a newer one first, put it there, and try again. If there is none, go on with this one: keys that were revoked since are revoked again as far as this computer remembers them; whatever else was changed since is gone.";
    DataMoved = "data_moved", "Put the file back where it was, then restart Gardien. Revoking still works.";
    ConnectionUnreachable = "connection_unreachable", "Check your network and that the server is running, then try again.";
    SessionRefused = "session_refused", "Ask an Owner or Admin for a new session token, then connect again.";
    Internal = "internal", "Try again. If it happens again, restart Gardien.";
    Unreachable = "unreachable", "Check your network and that the server is running, then try again.";
    Invalid = "invalid", "Change the fields that are named, then try again.";
    Forbidden = "forbidden", "Ask an Owner or Admin.";
    NotFound = "not_found", "Somebody else may have removed it. Reload the list.";
    Conflict = "conflict", "Look at how things stand, then decide again.";
    RestoreTooLate = "restore_too_late", "A revocation can be undone for 10 seconds. Create a new key with the same settings instead.";
    TooManySecrets = "too_many_secrets", "Rotate again once one of them has ended, or end both in the details of the key.";
    SecretNotKept = "secret_not_kept", "Rotate the key to get a new secret.";
    KeychainLocked = "keychain_locked", "Unlock it, then try again.";
    KeychainUnavailable = "keychain_unavailable", "Secrets are kept for this run only. Start a keychain service, then try again.";
    ClipboardUnavailable = "clipboard_unavailable", "Reveal the secret and copy it by hand.";
    PortBusy = "port_busy", "Choose another port, or close the other program.";
    FolderUnusable = "folder_unusable", "Give yourself the right to write there, or make room on the disk, then try again.";
    FilePutAside = "file_put_aside", "Look through Settings once. The file that was put aside can be deleted.";
    DiskFull = "disk_full", "Free some space, then try again. Revoking still works.";
    RevokedInMemory = "revoked_in_memory", "Free some space on the disk, and leave Gardien running until it has written this.";
    UpstreamMissing = "upstream_missing", "Attach a Phare key in the settings. If one is attached, unlock the keychain that holds it.";
    UpstreamUnreachable = "upstream_unreachable", "Check your network, then try again. Nothing was changed.";
    UpstreamRefused = "upstream_refused", "Check what the attached Phare key may do.";
    OtherUpstream = "other_upstream", "Look at Phare in the settings: what is there must be left first.";
    NoNextKey = "no_next_key", "Add the next key first.";
    NextKeyRefused = "next_key_refused", "Check it again, or remove it and add another one.";
    NextKeyMissing = "next_key_missing", "Remove it and add it again. The key in use goes on working.";
    BrowserUnavailable = "browser_unavailable", "Open the address in a browser by hand.";
}

/// What every command answers when it does not do what was asked. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub(crate) struct CommandError {
    /// Stable; the interface decides by it.
    pub(crate) code: &'static str,
    /// What happened.
    pub(crate) message: String,
    /// What to do.
    pub(crate) remedy: &'static str,
    /// What is wrong, by field.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "Record<string, Array<string>>")]
    pub(crate) fields: Option<BTreeMap<String, Vec<String>>>,
}

impl CommandError {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code: code.as_str(),
            message: message.into(),
            remedy: code.remedy(),
            fields: None,
        }
    }

    /// What is wrong with one field.
    pub(crate) fn field(name: &str, message: &str) -> Self {
        Self::new(Code::Invalid, "Some fields need another look.").at(name, message)
    }

    /// The same, said beside a field too.
    pub(crate) fn at(mut self, name: &str, message: &str) -> Self {
        self.fields = Some(BTreeMap::from([(
            name.to_owned(),
            vec![message.to_owned()],
        )]));
        self
    }

    /// An error that no person can do anything about. What it was goes to the log.
    pub(crate) fn internal(error: &(dyn Error + 'static)) -> Self {
        tracing::error!(error = chain(error), "something went wrong inside");
        Self::new(Code::Internal, "Something went wrong inside Gardien.")
    }

    pub(crate) fn is(&self, code: Code) -> bool {
        self.code == code.as_str()
    }
}

/// An error's own text as a sentence.
fn sentence(error: &impl Error) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string())
        .unwrap_or_default();
    let stop = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}

/// Why, as the end of a sentence.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => "you have no right to".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "the disk can only be read".to_owned(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "the disk is full".to_owned(),
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "a file stands where a folder should".to_owned()
        }
        ErrorKind::IsADirectory => "a folder stands where a file should".to_owned(),
        ErrorKind::NotFound => "it is not there".to_owned(),
        _ => {
            let text = error.to_string();
            // The number means nothing to a person.
            text.split(" (os error")
                .next()
                .unwrap_or_default()
                .to_owned()
        }
    }
}

/// An error with all its causes in one line, for the log.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut texts: Vec<_> = causes(error).map(ToString::to_string).collect();
    // Many an error speaks with the words of its cause.
    texts.dedup();
    texts.join(": ")
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (**error).source())
}

impl From<VaultFault> for CommandError {
    fn from(fault: VaultFault) -> Self {
        match fault {
            VaultFault::NotFound => Self::new(
                Code::SecretNotKept,
                "This computer does not hold the secret of this key.",
            ),
            VaultFault::Locked => Self::new(Code::KeychainLocked, "The keychain is locked."),
            VaultFault::Unavailable => Self::new(
                Code::KeychainUnavailable,
                "No keychain answers on this computer.",
            ),
        }
    }
}

impl From<Problem> for CommandError {
    fn from(problem: Problem) -> Self {
        let code = match (problem.code.as_str(), problem.status) {
            // Phare's word against a name, say: it is the field that has to change.
            (_, 422) => Code::Invalid,
            ("upstream_busy", _) => Code::UpstreamUnreachable,
            ("upstream_key_refused" | "upstream_key_missing", _) => Code::UpstreamRefused,
            (code, status) => Code::parse(code).unwrap_or(match status {
                400 => Code::Invalid,
                401 => Code::SessionRefused,
                403 => Code::Forbidden,
                404 => Code::NotFound,
                409 => Code::Conflict,
                507 => Code::DiskFull,
                _ => Code::Internal,
            }),
        };
        let mut error = Self::new(code, problem.detail);
        if !problem.errors.is_empty() {
            error.fields = Some(problem.errors);
        }
        error
    }
}

impl From<ClientFault> for CommandError {
    fn from(fault: ClientFault) -> Self {
        match fault {
            ClientFault::Refused(problem) => (*problem).into(),
            ClientFault::Address(reason) => Self::field("url", reason),
            ClientFault::Stray(stray) => Self::field("url", &stray.to_string()),
            ClientFault::Unreachable { ref way, .. } => {
                tracing::warn!(error = chain(&fault), "the team server does not answer");
                let message = format!("The team server does not answer{way}.");
                Self::new(Code::Unreachable, message)
            }
            ClientFault::Unexpected { .. } => {
                tracing::warn!(error = chain(&fault), "what answers is no Gardien");
                let message = "What answers there is no Gardien server, or one of another version.";
                Self::new(Code::Unreachable, message)
            }
        }
    }
}

impl From<Fault> for CommandError {
    fn from(fault: Fault) -> Self {
        if fault.status().is_server_error() {
            tracing::error!(error = chain(&fault), "the authority failed");
        }
        fault.problem().into()
    }
}

impl From<OpenFault> for CommandError {
    fn from(fault: OpenFault) -> Self {
        match causes(&fault).find_map(|cause| cause.downcast_ref::<StoreError>()) {
            Some(store) => {
                tracing::error!(error = chain(&fault), "the data cannot be opened");
                match store {
                    StoreError::Unusable { path, source } => {
                        let message =
                            format!("{} cannot be used: {}.", path.display(), reason(source));
                        Self::new(Code::FolderUnusable, message)
                    }
                    _ => Self::new(store_code(store), sentence(store)),
                }
            }
            None => match &fault {
                OpenFault::Older {
                    acknowledged,
                    found,
                } => {
                    let message = format!(
                        "The last change that was acknowledged is number {acknowledged}. Here the last one is {found}."
                    );
                    Self::new(Code::DataOlder, message)
                }
                fault => Self::internal(fault),
            },
        }
    }
}

fn store_code(fault: &StoreError) -> Code {
    match fault {
        StoreError::Damaged(_) => Code::DataDamaged,
        StoreError::NewerVersion { .. } => Code::DataNewer,
        StoreError::InUse => Code::DataInUse,
        StoreError::Full(_) => Code::DiskFull,
        StoreError::Unusable { .. } => Code::FolderUnusable,
        StoreError::Displaced => Code::DataMoved,
        StoreError::Conflict => Code::Conflict,
        StoreError::Taken(_)
        | StoreError::Unreachable(_)
        | StoreError::Unsupported(_)
        | StoreError::Unavailable(_) => Code::Internal,
    }
}

impl From<ListenFault> for CommandError {
    fn from(fault: ListenFault) -> Self {
        match fault {
            ListenFault::Busy { .. } => Self::new(Code::PortBusy, sentence(&fault)),
            ListenFault::Refused { .. } => Self::internal(&fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_says_what_to_do() {
        for code in Code::ALL {
            assert_eq!(Code::parse(code.as_str()), Some(*code));
            assert!(code.remedy().ends_with('.'), "{code:?}");
        }
    }

    #[test]
    fn what_the_authority_says_keeps_its_words_and_fields() {
        let problem = |code: &str, status| Problem {
            r#type: "about:blank".to_owned(),
            title: "Error".to_owned(),
            status,
            detail: "What happened.".to_owned(),
            code: code.to_owned(),
            errors: BTreeMap::new(),
        };
        for (code, status, expected) in [
            ("restore_too_late", 409, Code::RestoreTooLate),
            ("key_revoked", 409, Code::Conflict),
            ("conflict", 409, Code::Conflict),
            ("store_unavailable", 503, Code::Internal),
            ("unauthenticated", 401, Code::SessionRefused),
            ("forbidden", 403, Code::Forbidden),
            ("not_found", 404, Code::NotFound),
            ("malformed", 400, Code::Invalid),
            ("upstream_refused", 422, Code::Invalid),
            ("upstream_refused", 502, Code::UpstreamRefused),
            ("upstream_missing", 503, Code::UpstreamMissing),
            ("upstream_key_refused", 502, Code::UpstreamRefused),
            ("revoked_in_memory", 507, Code::RevokedInMemory),
            ("no_room", 507, Code::DiskFull),
            ("something_new", 500, Code::Internal),
        ] {
            let error = CommandError::from(problem(code, status));
            assert_eq!(
                (error.code, error.message.as_str()),
                (expected.as_str(), "What happened."),
                "{code}"
            );
            assert_eq!(error.fields, None);
        }
        let fields = BTreeMap::from([("name".to_owned(), vec!["It needs a name.".to_owned()])]);
        let invalid = Problem {
            errors: fields.clone(),
            ..problem("invalid", 422)
        };
        assert_eq!(CommandError::from(invalid).fields, Some(fields));
    }

    /// One code stands for both: what is kept beside the database outlives a restart, what the disk took nowhere does not.
    #[test]
    fn a_revocation_that_is_not_written_yet_is_not_said_to_outlive_a_restart() {
        let unwritten = || StoreError::Unavailable("cause".into());
        for fault in [
            Fault::RevokedInMemory(unwritten()),
            Fault::RevokedUntilRestart(unwritten()),
        ] {
            let error = CommandError::from(fault);
            assert!(error.is(Code::RevokedInMemory));
            assert!(error.remedy.contains("leave Gardien running"));
            assert!(!error.remedy.contains("restart"));
        }
    }

    #[test]
    fn each_way_the_data_cannot_be_opened_has_its_screen() {
        let cause = || Box::new(io::Error::other("cause"));
        for (fault, code) in [
            (StoreError::Damaged(cause()), Code::DataDamaged),
            (
                StoreError::NewerVersion { found: 9, known: 1 },
                Code::DataNewer,
            ),
            (StoreError::InUse, Code::DataInUse),
            (StoreError::Full(cause()), Code::DiskFull),
            (StoreError::Unavailable("cause".into()), Code::Internal),
            (StoreError::Unreachable("cause".into()), Code::Internal),
            (
                StoreError::Unusable {
                    path: "/data/gardien.db".into(),
                    source: io::ErrorKind::PermissionDenied.into(),
                },
                Code::FolderUnusable,
            ),
            (StoreError::Taken("cause".into()), Code::Internal),
            (StoreError::Conflict, Code::Conflict),
        ] {
            let error = CommandError::from(OpenFault::Store(fault));
            assert_eq!(error.code, code.as_str());
            assert!(
                !error.message.contains("cause"),
                "the cause is for the log: {}",
                error.message
            );
        }
    }

    #[test]
    fn what_cannot_be_used_is_named_with_the_reason() {
        let error = CommandError::from(OpenFault::Store(StoreError::Unusable {
            path: "/data/gardien.witness".into(),
            source: ErrorKind::ReadOnlyFilesystem.into(),
        }));
        assert_eq!(
            error.message,
            "/data/gardien.witness cannot be used: the disk can only be read."
        );
    }

    #[test]
    fn reasons_are_words() {
        let full = io::Error::from(ErrorKind::StorageFull);
        assert_eq!(reason(&full), "the disk is full");
        let odd = io::Error::from_raw_os_error(5);
        assert!(!reason(&odd).contains("os error"), "{}", reason(&odd));
    }

    #[test]
    fn errors_speak_in_sentences() {
        assert_eq!(
            sentence(&io::Error::other("the disk is full")),
            "The disk is full."
        );
        assert_eq!(sentence(&io::Error::other("It is.")), "It is.");
    }
}
