//! The names that secrets are kept under.

use uuid::Uuid;

/// The name that all of ours share. Never change it: what people kept would no longer be found.
pub(crate) const SERVICE: &str = "dev.gardien.desktop";

/// One thing that may lie in the keychain. Two data folders or team servers on one computer share the keychain and must
/// not see each other's, so an installation is told apart by the id of the member who works in it: no two share one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VaultItem {
    /// The secret of a Gardien key that its creator chose to keep.
    KeySecret {
        /// The installation whose key it is.
        installation: Uuid,
        /// The key's id.
        key: Uuid,
    },
    /// A secret of one of Phare's own keys, attached or kept.
    PhareSecret {
        /// The installation that has it.
        installation: Uuid,
        /// The secret's id.
        secret: Uuid,
    },
    /// The session token for a team's server.
    TeamSession {
        /// The server's address, as the person confirmed it.
        url: String,
    },
    /// The newest change that was acknowledged in a data folder. No secret, but to be found where the folder is not.
    Acknowledged {
        /// Where the folder is.
        folder: String,
    },
}

impl VaultItem {
    /// The account it is kept under. As lasting as [`SERVICE`].
    pub(crate) fn account(&self) -> String {
        match self {
            Self::KeySecret { installation, key } => format!("key:{installation}:{key}"),
            Self::PhareSecret {
                installation,
                secret,
            } => format!("phare:{installation}:{secret}"),
            Self::TeamSession { url } => format!("session:{url}"),
            Self::Acknowledged { folder } => format!("acknowledged:{folder}"),
        }
    }

    /// What is kept under this account, if it is one of ours.
    #[cfg(target_os = "linux")]
    pub(crate) fn of_account(account: &str) -> Option<Self> {
        let (kind, rest) = account.split_once(':')?;
        let ids = || {
            let (installation, id) = rest.split_once(':')?;
            Some((installation.parse().ok()?, id.parse().ok()?))
        };
        match kind {
            "key" => ids().map(|(installation, key)| Self::KeySecret { installation, key }),
            "phare" => ids().map(|(installation, secret)| Self::PhareSecret {
                installation,
                secret,
            }),
            "session" => Some(Self::TeamSession {
                url: rest.to_owned(),
            }),
            "acknowledged" => Some(Self::Acknowledged {
                folder: rest.to_owned(),
            }),
            _ => None,
        }
    }

    /// What a person reads in their keychain program.
    #[cfg(target_os = "linux")]
    pub(crate) fn label(&self) -> String {
        match self {
            Self::KeySecret { key, .. } => format!("Gardien: secret of key {key}"),
            Self::PhareSecret { secret, .. } => format!("Gardien: key of Phare's {secret}"),
            Self::TeamSession { url } => format!("Gardien: session at {url}"),
            Self::Acknowledged { folder } => format!("Gardien: how new the data in {folder} is"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_never_change() {
        let installation = Uuid::from_u128(1);
        let key = Uuid::from_u128(2);
        assert_eq!(
            VaultItem::KeySecret { installation, key }.account(),
            "key:00000000-0000-0000-0000-000000000001:00000000-0000-0000-0000-000000000002"
        );
        assert_eq!(
            VaultItem::PhareSecret {
                installation,
                secret: key
            }
            .account(),
            "phare:00000000-0000-0000-0000-000000000001:00000000-0000-0000-0000-000000000002"
        );
        let url = "https://gardien.example".to_owned();
        assert_eq!(
            VaultItem::TeamSession { url }.account(),
            "session:https://gardien.example"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn accounts_are_told_apart() {
        let (installation, key) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let url = "https://gardien.example".to_owned();
        for item in [
            VaultItem::KeySecret { installation, key },
            VaultItem::PhareSecret {
                installation,
                secret: key,
            },
            VaultItem::TeamSession { url },
        ] {
            assert_eq!(VaultItem::of_account(&item.account()), Some(item));
        }
        for other in ["", "probe", "key:1:2", "key:", "other:x"] {
            assert_eq!(VaultItem::of_account(other), None, "{other}");
        }
    }
}
