use super::*;

fn request(origin: Option<&str>, host: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [(ORIGIN, origin), (HOST, host)] {
        if let Some(value) = value {
            headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
    }
    headers
}

fn allows(policy: &OriginPolicy, origin: &str, host: &str, scheme: Option<&str>) -> bool {
    match policy.judge(&request(Some(origin), Some(host)), scheme) {
        Verdict::Allowed(echo) => {
            assert_eq!(echo.as_bytes(), origin.as_bytes());
            true
        }
        Verdict::Foreign => false,
        Verdict::Absent => panic!("an origin was told"),
    }
}

#[test]
fn same_origin_compares_host_and_port_and_the_scheme_if_it_is_known() {
    #[rustfmt::skip]
    let table: &[(&str, &str, Option<&str>, bool)] = &[
        ("http://example.com", "example.com", None, true),
        ("https://example.com", "example.com", None, true),
        ("https://example.com", "example.com", Some("https"), true),
        ("http://example.com", "example.com", Some("https"), false),
        ("https://example.com", "example.com", Some("http"), false),
        ("https://example.com:443", "example.com", None, true),
        ("https://example.com", "example.com:443", None, true),
        ("http://example.com", "example.com:80", Some("http"), true),
        ("http://example.com", "example.com:443", None, false),
        ("https://example.com", "example.com:80", None, false),
        ("http://example.com:3000", "example.com:3000", None, true),
        ("http://example.com:3000", "example.com", None, false),
        ("http://example.com", "example.com:3000", None, false),
        ("http://example.com:3000", "example.com:3001", None, false),
        ("http://example.com:30000", "example.com:3000", None, false),
        ("HTTP://EXAMPLE.COM", "example.com", None, true),
        ("http://example.com", "Example.Com", Some("HTTP"), true),
        ("http://www.example.com", "example.com", None, false),
        ("http://example.com", "www.example.com", None, false),
        ("http://example.com.evil.com", "example.com", None, false),
        ("http://evilexample.com", "example.com", None, false),
        ("http://example.com.", "example.com", None, false),
        ("http://example.com@evil.com", "example.com", None, false),
        ("http://evil.com@example.com", "example.com", None, false),
        ("http://user:pass@example.com", "example.com", None, false),
        ("http://example.com/", "example.com", None, false),
        ("http://example.com/path", "example.com", None, false),
        ("http://example.com?x", "example.com", None, false),
        ("http://example.com#x", "example.com", None, false),
        ("http://example.com\\@evil.com", "example.com", None, false),
        ("http://example.com:", "example.com", None, false),
        ("http://example.com:0080", "example.com", None, false),
        ("http://example.com:+80", "example.com", None, false),
        ("http://example.com:65616", "example.com", None, false),
        ("http://example.com:80:80", "example.com", None, false),
        ("http:///example.com", "example.com", None, false),
        ("//example.com", "example.com", None, false),
        ("example.com", "example.com", None, false),
        ("http:example.com", "example.com", None, false),
        ("ftp://example.com", "example.com", None, false),
        ("file://", "example.com", None, false),
        ("null", "example.com", None, false),
        ("null", "null", None, false),
        ("", "example.com", None, false),
        ("http://", "", None, false),
        ("http://exa mple.com", "exa mple.com", None, false),
        ("http://example.com http://evil.com", "example.com", None, false),
        ("http://example.com, http://evil.com", "example.com", None, false),
        ("http://ex%61mple.com", "example.com", None, false),
        ("http://exämple.com", "exämple.com", None, false),
        ("http://xn--exmple-cua.com", "xn--exmple-cua.com", None, true),
        ("http://localhost:3000", "localhost:3000", Some("http"), true),
        ("http://localhost:3000", "127.0.0.1:3000", None, false),
        ("http://127.0.0.1:3000", "127.0.0.1:3000", None, true),
        ("http://[::1]", "[::1]", None, true),
        ("http://[::1]:3000", "[::1]:3000", None, true),
        ("http://[::1]:3000", "[::1]", None, false),
        ("http://[::2]", "[::1]", None, false),
        ("http://::1", "::1", None, false),
        ("http://[::1", "[::1", None, false),
        ("http://[evil.com]", "[evil.com]", None, false),
        ("http://[::1]evil.com", "[::1]", None, false),
    ];
    for &(origin, host, scheme, expected) in table {
        let got = allows(&OriginPolicy::SameOrigin, origin, host, scheme);
        assert_eq!(got, expected, "{origin} at {host} by {scheme:?}");
    }
}

#[test]
fn a_list_matches_whole_labels_schemes_and_ports() {
    #[rustfmt::skip]
    let table: &[(&str, &str, bool)] = &[
        ("https://example.com", "https://example.com", true),
        ("https://example.com", "https://example.com:443", true),
        ("https://example.com:443", "https://example.com", true),
        ("https://EXAMPLE.com", "https://example.COM", true),
        ("https://example.com", "http://example.com", false),
        ("https://example.com", "https://example.com:8443", false),
        ("https://example.com:8443", "https://example.com:8443", true),
        ("https://example.com:8443", "https://example.com", false),
        ("https://example.com", "https://a.example.com", false),
        ("https://example.com", "https://example.com.evil.com", false),
        ("https://example.com", "https://evil.com/https://example.com", false),
        ("https://example.com", "https://example.com@evil.com", false),
        ("https://example.com", "null", false),
        ("https://*.example.com", "https://a.example.com", true),
        ("https://*.example.com", "https://b.a.example.com", true),
        ("https://*.example.com", "https://A.EXAMPLE.COM", true),
        ("https://*.example.com", "https://a.example.com:443", true),
        ("https://*.example.com", "https://example.com", false),
        ("https://*.example.com", "https://evilexample.com", false),
        ("https://*.example.com", "https://evil-example.com", false),
        ("https://*.example.com", "https://.example.com", false),
        ("https://*.example.com", "https://a..example.com", false),
        ("https://*.example.com", "https://a.example.com.evil.com", false),
        ("https://*.example.com", "https://a.example.com.", false),
        ("https://*.example.com", "https://x@a.example.com", false),
        ("https://*.example.com", "https://evil.com/.example.com", false),
        ("https://*.example.com", "https://evil.com#.example.com", false),
        ("https://*.example.com", "https://evil.com\\.example.com", false),
        ("https://*.example.com", "https://*.example.com", false),
        ("https://*.example.com", "http://a.example.com", false),
        ("https://*.example.com", "https://a.example.com:8443", false),
        ("https://*.example.com:8443", "https://a.example.com:8443", true),
        ("https://*.example.com:*", "https://a.example.com:1", true),
        ("http://localhost:*", "http://localhost:5173", true),
        ("http://localhost:*", "http://localhost", true),
        ("http://localhost:*", "https://localhost", false),
        ("http://localhost:*", "http://localhost.evil.com:5173", false),
        ("http://127.0.0.1:*", "http://127.0.0.1:9", true),
        ("http://[::1]:*", "http://[::1]:9", true),
        ("http://[::1]", "http://[::1]:9", false),
        ("chrome-extension://abc", "chrome-extension://abc", true),
        ("chrome-extension://abc", "chrome-extension://abd", false),
        ("capacitor://localhost", "http://localhost", false),
    ];
    for &(pattern, origin, expected) in table {
        let policy = OriginPolicy::list([pattern]).unwrap();
        assert_eq!(allows(&policy, origin, "example.com", None), expected, "{origin} against {pattern}");
    }
}

#[test]
fn any_pattern_of_a_list_will_do() {
    let policy = OriginPolicy::list(["https://a.com", "https://b.com"]).unwrap();
    assert!(allows(&policy, "https://b.com", "c.com", None));
    assert!(!allows(&policy, "https://c.com", "c.com", None), "the server's own is not listed");
    assert!(!allows(&OriginPolicy::List(vec![]), "https://a.com", "a.com", None));
}

#[test]
fn what_is_no_pattern_is_refused_at_the_start() {
    for text in [
        "",
        "*",
        "null",
        "example.com",
        "https://",
        "https://*",
        "https://*.",
        "https://*.*.com",
        "https://a.*.com",
        "https://a*.com",
        "https://*a.com",
        "https://**.com",
        "*://a.com",
        "https://a.com/",
        "https://a.com/x",
        "https://u@a.com",
        "https://a.com:x",
        "https://a.com:",
        "https://a.com:70000",
        "https://*.[::1]",
        "https://a..com",
    ] {
        assert_eq!(OriginPolicy::list([text]), Err(InvalidOrigin(text.to_owned())));
    }
}

#[test]
fn no_origin_is_allowed_and_two_are_not() {
    for policy in [OriginPolicy::Any, OriginPolicy::SameOrigin, OriginPolicy::List(vec![])] {
        assert_eq!(policy.judge(&request(None, Some("a.com")), None), Verdict::Absent);
    }
    let mut twice = request(Some("http://a.com"), Some("a.com"));
    twice.append(ORIGIN, HeaderValue::from_static("http://a.com"));
    for policy in [OriginPolicy::Any, OriginPolicy::SameOrigin] {
        assert_eq!(policy.judge(&twice, None), Verdict::Foreign);
    }
}

#[test]
fn same_origin_needs_exactly_one_host() {
    assert_eq!(OriginPolicy::SameOrigin.judge(&request(Some("http://a.com"), None), None), Verdict::Foreign);
    let mut twice = request(Some("http://a.com"), Some("a.com"));
    twice.append(HOST, HeaderValue::from_static("a.com"));
    assert_eq!(OriginPolicy::SameOrigin.judge(&twice, None), Verdict::Foreign);
}

#[test]
fn any_allows_what_is_no_origin_too() {
    for origin in ["null", "http://evil.com", "file://", "nonsense"] {
        assert!(allows(&OriginPolicy::Any, origin, "example.com", None));
    }
}
