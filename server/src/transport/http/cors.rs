//! What lets a page of an allowed foreign origin read our answers.

use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, HeaderMap,
    HeaderValue, VARY,
};
use http::{Response, StatusCode};

use super::answer::set_common_headers;

/// The CORS part of the configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cors {
    /// Whether pages of allowed origins may send cookies.
    pub(crate) credentials: bool,
    /// How long a browser may remember a preflight. Chromium caps it at two hours.
    pub(crate) max_age: Duration,
}

impl Default for Cors {
    /// Without cookies: nothing here is proved by them.
    fn default() -> Self {
        Self { credentials: false, max_age: Duration::from_secs(7200) }
    }
}

impl Cors {
    /// Lets `origin`, which the policy has allowed, read the answer. Never `*`: a browser would then refuse
    /// cookies, and one rule is simpler than two.
    pub(crate) fn allow(&self, headers: &mut HeaderMap, origin: &HeaderValue) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.append(VARY, HeaderValue::from_static("Origin"));
        if self.credentials {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }

    /// The answer to `OPTIONS`. Our own client causes no preflight, but users may give it headers. Which
    /// headers those are does not matter here, since the origin is trusted already.
    pub(crate) fn preflight(
        &self,
        request: &HeaderMap,
        origin: Option<&HeaderValue>,
        methods: &'static str,
    ) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        set_common_headers(headers);
        let Some(origin) = origin else {
            return response;
        };
        self.allow(headers, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
        let wanted = request.get(ACCESS_CONTROL_REQUEST_HEADERS);
        let allowed = wanted.cloned().unwrap_or(HeaderValue::from_static("Content-Type"));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        headers.append(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
        headers.insert(ACCESS_CONTROL_MAX_AGE, self.max_age.as_secs().into());
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: HeaderValue = HeaderValue::from_static("https://page.example");

    fn all<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
        headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
    }

    #[test]
    fn an_allowed_origin_is_echoed_and_caches_are_told() {
        let mut headers = HeaderMap::new();
        headers.insert(VARY, HeaderValue::from_static("Accept"));
        Cors::default().allow(&mut headers, &ORIGIN);
        assert_eq!(all(&headers, "access-control-allow-origin"), ["https://page.example"]);
        assert_eq!(all(&headers, "vary"), ["Accept", "Origin"]);
        assert_eq!(all(&headers, "access-control-allow-credentials"), [""; 0]);
    }

    #[test]
    fn cookies_are_allowed_only_if_configured() {
        let mut headers = HeaderMap::new();
        Cors { credentials: true, ..Cors::default() }.allow(&mut headers, &ORIGIN);
        assert_eq!(all(&headers, "access-control-allow-credentials"), ["true"]);
    }

    #[test]
    fn a_preflight_is_answered_with_what_it_asks_for() {
        let mut request = HeaderMap::new();
        request.insert(ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue::from_static("x-tenant"));
        let response = Cors::default().preflight(&request, Some(&ORIGIN), "GET, POST");
        assert_eq!(response.status(), 204);
        assert!(response.body().is_empty());
        let headers = response.headers();
        assert_eq!(all(headers, "access-control-allow-origin"), ["https://page.example"]);
        assert_eq!(all(headers, "access-control-allow-methods"), ["GET, POST"]);
        assert_eq!(all(headers, "access-control-allow-headers"), ["x-tenant"]);
        assert_eq!(all(headers, "access-control-max-age"), ["7200"]);
        assert_eq!(all(headers, "vary"), ["Origin", "Access-Control-Request-Headers"]);
        assert_eq!(all(headers, "cache-control"), ["no-store, no-transform"]);
    }

    #[test]
    fn options_without_an_origin_allows_nothing() {
        let response = Cors::default().preflight(&HeaderMap::new(), None, "GET");
        assert_eq!(response.status(), 204);
        assert!(response.headers().keys().all(|name| !name.as_str().starts_with("access-control")));
    }
}
