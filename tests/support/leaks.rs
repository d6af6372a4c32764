//! Looks for secrets where none may stand in clear.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A secret is recognized by so many of its last bytes, so that one that lost its prefix is found too.
const TAIL: usize = 24;

/// Where files of a folder hold one of these secrets, as it is or as hexadecimal digits.
pub fn found(folder: &Path, secrets: &[String]) -> Vec<String> {
    let mut tails = HashMap::new();
    for secret in secrets {
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        for text in [secret.as_str(), hex.as_str()] {
            let tail = text.as_bytes()[text.len().saturating_sub(TAIL)..].to_vec();
            assert!(
                tail.len() == TAIL && tail.iter().all(|byte| of_secrets(*byte)),
                "no secret looks like this"
            );
            tails.insert(tail, &secret[..secret.len().min(16)]);
        }
    }
    let mut places = HashSet::new();
    for file in files(folder) {
        let Ok(bytes) = fs::read(&file) else { continue };
        for run in bytes.split(|byte| !of_secrets(*byte)) {
            for window in run.windows(TAIL) {
                if let Some(begin) = tails.get(window) {
                    places.insert(format!("{begin}… in {}", file.display()));
                }
            }
        }
    }
    places.into_iter().collect()
}

fn of_secrets(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_whole_without_its_prefix_and_in_hexadecimal() {
        let secret = "pha_org_gdn_0123456789ABCDEFGHIJKLMNOPQRSTUV39NYFo".to_owned();
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        for (text, leaks) in [
            (format!("\0\u{1}{secret}\""), 1),
            (secret[12..].to_owned(), 1),
            (hex, 1),
            ("pha_org_gdn_0123…STUV".to_owned(), 0),
        ] {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("deeper")).unwrap();
            fs::write(folder.path().join("deeper/file"), text).unwrap();
            assert_eq!(
                found(folder.path(), std::slice::from_ref(&secret)).len(),
                leaks
            );
        }
    }
}
