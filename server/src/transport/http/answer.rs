//! Refusals as HTTP answers, and the headers that every answer has (protocol.md, sections 10.1 and 11).

use bytes::Bytes;
use everwire_session::code::Code;
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER, UPGRADE};
use http::header::{CACHE_CONTROL, REFERRER_POLICY, SEC_WEBSOCKET_VERSION, X_CONTENT_TYPE_OPTIONS};
use http::{Response, StatusCode};
use serde::Serialize;

/// A request refused: a code, and what some codes say beside it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Refusal {
    code: Code,
    message: &'static str,
    expected: Option<u64>,
    allow: Option<&'static str>,
}

#[derive(Serialize)]
struct Body {
    error: &'static str,
    message: &'static str,
    then: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<u64>,
}

impl Refusal {
    /// A refusal in the code's own words.
    pub(crate) fn new(code: Code) -> Self {
        Self { code, message: code.message(), expected: None, allow: None }
    }

    /// `gap`, with the number of the message that should have come.
    pub(crate) fn gap(expected: u64) -> Self {
        Self { expected: Some(expected), ..Self::new(Code::Gap) }
    }

    /// `method`, with the methods that would have done, as in `"GET, POST"`.
    pub(crate) fn method(allow: &'static str) -> Self {
        Self { allow: Some(allow), ..Self::new(Code::Method) }
    }

    /// Tells more than the code does. Never put into it what the client sent.
    pub(crate) fn message(self, message: &'static str) -> Self {
        Self { message, ..self }
    }

    pub(crate) fn code(&self) -> Code {
        self.code
    }

    /// The JSON object, which is also the body of an `r` packet.
    pub(crate) fn json(&self) -> String {
        let (code, message, expected) = (self.code, self.message, self.expected);
        let body = Body { error: code.as_str(), message, then: code.then(), expected };
        serde_json::to_string(&body).expect("strings and numbers are always JSON")
    }

    /// The whole answer, but for the CORS headers.
    pub(crate) fn answer(&self) -> Response<Bytes> {
        let status = StatusCode::from_u16(self.code.http_status()).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = answer(status, "application/json", self.json());
        let headers = response.headers_mut();
        if self.code == Code::UpgradeRequired {
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        if let Some(methods) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(methods));
        }
        if let Some(seconds) = pause(self.code) {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

/// How many seconds a client should stay away; ours adds its own jitter.
pub(crate) fn pause(code: Code) -> Option<u64> {
    match code {
        Code::Full => Some(5),
        Code::Rate | Code::Shutdown => Some(1),
        _ => None,
    }
}

/// An answer with the headers that all have.
pub(crate) fn answer(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    set_common_headers(response.headers_mut());
    response
}

/// No cache may keep an answer, no proxy change it, no browser guess at it, and no URL of ours leaks.
pub(crate) fn set_common_headers(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header<'a>(response: &'a Response<Bytes>, name: &str) -> Option<&'a str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    #[test]
    fn every_code_has_an_answer_with_its_status_and_the_common_headers() {
        for &code in Code::ALL {
            let response = Refusal::new(code).answer();
            assert_eq!(response.status().as_u16(), code.http_status(), "{code}");
            assert_eq!(header(&response, "content-type"), Some("application/json"));
            assert_eq!(header(&response, "cache-control"), Some("no-store, no-transform"));
            assert_eq!(header(&response, "x-content-type-options"), Some("nosniff"));
            assert_eq!(header(&response, "referrer-policy"), Some("no-referrer"));
            let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
            assert_eq!(
                body,
                serde_json::json!({"error": code.as_str(), "message": code.message(), "then": code.then()})
            );
        }
    }

    #[test]
    fn a_gap_says_what_was_expected() {
        let body: serde_json::Value = serde_json::from_slice(Refusal::gap(17).answer().body()).unwrap();
        assert_eq!(body["expected"], 17);
    }

    #[test]
    fn a_wrong_method_is_told_the_right_ones() {
        assert_eq!(header(&Refusal::method("GET, POST").answer(), "allow"), Some("GET, POST"));
    }

    #[test]
    fn a_plain_request_to_the_websocket_url_is_told_what_to_upgrade_to() {
        let response = Refusal::new(Code::UpgradeRequired).answer();
        assert_eq!(response.status(), 426);
        assert_eq!(header(&response, "upgrade"), Some("websocket"));
        assert_eq!(header(&response, "connection"), Some("upgrade"));
        assert_eq!(header(&response, "sec-websocket-version"), Some("13"));
    }

    #[test]
    fn a_server_that_takes_no_more_says_for_how_long() {
        for &code in Code::ALL {
            let says = header(&Refusal::new(code).answer(), "retry-after").is_some();
            assert_eq!(says, matches!(code.http_status(), 429 | 503), "{code}");
        }
    }

    #[test]
    fn a_message_of_its_own_replaces_the_codes() {
        let json = Refusal::new(Code::BadRequest).message("Two \"hosts\".").json();
        assert_eq!(json, r#"{"error":"bad_request","message":"Two \"hosts\".","then":"next"}"#);
    }
}
