//! The real window through WebDriver, with the real keychain and clipboard.
