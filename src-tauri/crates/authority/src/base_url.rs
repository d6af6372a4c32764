//! Addresses that others are told to call.

use http::Uri;

/// The base URL that a text is: http or https, a host, perhaps a port and a path, in letters that mean nothing to a shell,
/// to a file of settings or to JSON. It is put into texts that people run as they are.
#[must_use]
pub fn base_url(text: &str) -> Option<Uri> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/%[]".contains(&byte);
    let url: Uri = text.bytes().all(plain).then(|| text.parse().ok())??;
    let at = url.authority()?;
    // No port but a number; what is neither host nor port is refused with it.
    let port = at.port().map_or(0, |port| ":".len() + port.as_str().len());
    let whole = !at.host().is_empty() && at.as_str().len() == at.host().len() + port;
    (whole && matches!(url.scheme_str(), Some("http" | "https"))).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_are_told_to_call_is_a_plain_base_url() {
        for text in [
            "https://keys.example",
            "http://10.0.0.7:8080/phare/",
            "http://[::1]:7420",
            "https://keys.example/a-b_c.d~e/%C3%A9",
        ] {
            assert!(base_url(text).is_some_and(|url| url == *text), "{text}");
        }
        for text in [
            "",
            "keys.example",
            "/phare",
            "ftp://keys.example",
            "https://",
            "https://:7420",
            "https://keys.example:",
            "https://keys.example:99999",
            "https://keys.example:x",
            "https://me@keys.example",
            "https://keys.example?x",
            "https://keys.example#x",
            "https://keys.example/é",
        ] {
            assert!(base_url(text).is_none(), "{text}");
        }
        for letter in (0..=0x7f_u8).map(char::from) {
            let text = format!("https://keys.example/a{letter}b");
            let plain = letter.is_ascii_alphanumeric() || "-._~:/%[]".contains(letter);
            assert!(plain || base_url(&text).is_none(), "{text:?}");
        }
        for text in [
            "https://keys.example/$(id)",
            "https://$(id)",
            "https://a`id`",
        ] {
            assert!(base_url(text).is_none(), "{text}");
        }
    }
}
