use super::*;

fn of(variables: &[(&str, &str)]) -> Proxies {
    Proxies::of_environment(|asked| {
        let found = variables.iter().find(|(name, _)| *name == asked);
        found.map(|(_, value)| (*value).to_owned())
    })
}

fn toward(variables: &[(&str, &str)], target: &str) -> Option<String> {
    let proxy = of(variables).toward(&target.parse().unwrap()).unwrap();
    proxy.map(|proxy| proxy.to_string())
}

fn way(variables: &[(&str, &str)], target: &str) -> Way {
    of(variables).way(&target.parse().unwrap())
}

#[test]
fn the_variables_are_read_as_everybody_reads_them() {
    const PHARE: &str = "https://api.phare.io/users";
    let proxy = "http://proxy.test:3128";
    let through = Some("proxy.test:3128".to_owned());
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        assert_eq!(toward(&[(name, proxy)], PHARE), through, "{name}");
    }
    assert_eq!(toward(&[], PHARE), None);
    assert_eq!(toward(&[("HTTPS_PROXY", "")], PHARE), None);
    for empty in ["", " "] {
        let variables = [("HTTPS_PROXY", empty), ("https_proxy", proxy)];
        assert_eq!(toward(&variables, PHARE), through);
    }
    assert_eq!(toward(&[("HTTP_PROXY", proxy)], PHARE), None);
    assert_eq!(toward(&[("HTTP_PROXY", proxy)], "http://a.test"), through);
    for except in [
        "api.phare.io",
        "phare.io",
        ".phare.io",
        "a.test, phare.io",
        "*",
    ] {
        for name in ["NO_PROXY", "no_proxy"] {
            let variables = [("HTTPS_PROXY", proxy), (name, except)];
            assert_eq!(toward(&variables, PHARE), None, "{name} {except}");
        }
    }
    let other = [("HTTPS_PROXY", proxy), ("NO_PROXY", "hare.io,10.0.0.0/8")];
    assert_eq!(toward(&other, PHARE), through);
    assert_eq!(toward(&other, "https://10.1.2.3"), None);
}

#[test]
fn this_machine_is_never_reached_through_one() {
    let all = [("ALL_PROXY", "http://proxy.test:3128")];
    for target in [
        "http://127.0.0.1:7421/v1",
        "https://127.3.2.1",
        "https://localhost:8443",
        "https://LocalHost.",
        "http://[::1]:1",
        "http://[::ffff:127.0.0.1]:1",
    ] {
        assert_eq!(toward(&all, target), None, "{target}");
    }
    for target in [
        "https://localhost.test",
        "https://127.0.0.1.test",
        "https://10.0.0.1",
    ] {
        assert!(toward(&all, target).is_some(), "{target}");
    }
}

#[test]
fn what_is_no_proxy_is_refused_by_the_name_of_its_variable_and_not_shown() {
    for (value, shown) in [
        ("proxy.test", "proxy.test:80"),
        ("proxy.test:3128", "proxy.test:3128"),
        ("https://proxy.test", "proxy.test:443"),
        ("socks5h://proxy.test", "proxy.test:1080"),
        ("http://[fd00::1]:3128/", "[fd00::1]:3128"),
    ] {
        let through = toward(&[("ALL_PROXY", value)], "https://api.phare.io");
        assert_eq!(through.as_deref(), Some(shown), "{value}");
    }
    for wrong in [
        "ftp://ada:hunter2@proxy.test",
        "socks4://proxy.test",
        "ada hunter2",
        "/hunter2",
    ] {
        let proxies = of(&[("https_proxy", wrong)]);
        let refused = proxies.all_usable().unwrap_err();
        assert!(refused.to_string().starts_with("HTTPS_PROXY "), "{wrong}");
        assert!(!format!("{proxies:?} {refused:?} {refused}").contains("hunter2"));
    }
}

#[test]
fn what_would_go_through_one_that_cannot_be_used_goes_nowhere() {
    const PHARE: &str = "https://api.phare.io";
    const WRONG: &str = "ftp://proxy.test";
    let barred = |name| Way::Barred(UnusableProxy(name));
    let good = ("ALL_PROXY", "http://proxy.test");
    for name in ["HTTPS_PROXY", "https_proxy"] {
        // Not by another than the one that was meant for it.
        for variables in [vec![(name, WRONG)], vec![(name, WRONG), good]] {
            assert_eq!(way(&variables, PHARE), barred("HTTPS_PROXY"));
        }
    }
    let all = [("ALL_PROXY", WRONG)];
    assert_eq!(way(&all, PHARE), barred("ALL_PROXY"));
    let said = way(&all, PHARE).to_string();
    assert!(said.starts_with(": ALL_PROXY names no proxy. "), "{said}");
    // What needs it not is not kept from anything.
    for target in ["https://localhost", "http://127.0.0.1:7421", "http://[::1]"] {
        assert_eq!(way(&all, target), Way::Straight, "{target}");
    }
    for except in ["phare.io", "*"] {
        assert_eq!(way(&[all[0], ("NO_PROXY", except)], PHARE), Way::Straight);
    }
    assert_eq!(way(&[("HTTP_PROXY", WRONG)], PHARE), Way::Straight);
    let through = Way::Through("proxy.test:80".to_owned());
    assert_eq!(way(&[("HTTP_PROXY", WRONG), good], PHARE), through);

    let settings = Proxies::of_settings(|name| (name == "HTTPS_PROXY").then(|| WRONG.into()));
    let said = settings.way(&Uri::from_static(PHARE)).to_string();
    assert!(said.starts_with(": the system's setting names no proxy. "));
}

#[test]
fn the_password_of_a_proxy_is_never_printed() {
    for scheme in ["http", "https", "socks5"] {
        let value = format!("{scheme}://ada:hunter2@proxy.test:3128");
        let proxies = of(&[("HTTPS_PROXY", &value)]);
        let target = Uri::from_static("https://a.test");
        let proxy = proxies.toward(&target).unwrap().unwrap();
        let said = format!("{proxies:?} {proxy:?} {proxy}");
        assert!(said.contains("proxy.test:3128"), "{said}");
        // Nor in the form that it is sent in.
        for secret in ["ada", "hunter2", "YWRhOmh1bnRlcjI"] {
            assert!(!said.contains(secret), "{said}");
        }
    }
}
