//! `forever_iframe` (protocol.md, section 12.5): a page whose script blocks are the stream.

use bytes::Bytes;
use everwire_session::code::Code;
use http::header::{HeaderMap, HeaderValue, ORIGIN};
use http::{Response, StatusCode};
use http_body::Body as HttpBody;

use super::answers::{Body, Wrap, refusal_line, script_string, streamed};
use super::event_source::{open_ticketed, redeem};
use super::http::answer::{self, Refusal};
use super::http::origin::Verdict;
use super::service::{Call, query};
use crate::config::Transport;
use crate::engine::Engine;
use crate::engine::exchange::Caller;

/// WebKit runs no script of a page before it has seen so much of it.
const PADDING: usize = 2048;

const HTML: &str = "text/html; charset=utf-8";

pub(crate) async fn open<B>(call: Call<B>) -> Result<Caller, Refusal>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
{
    open_ticketed(call, Transport::ForeverIframe).await
}

/// The document of the hidden iframe.
///
/// # Errors
/// `bad_request` without ticket or origin, `origin` for one that may not connect: the page would post to it.
pub(crate) fn stream(call: &Call<()>) -> Result<Response<Body>, Refusal> {
    let (Some(ticket), Some(origin)) = (query(&call.parts, "ticket"), query(&call.parts, "origin")) else {
        return Err(Code::BadRequest.into());
    };
    if !crate::dialect::native::is_key(&ticket) {
        return Err(Code::BadRequest.into());
    }
    if !may_listen(&call.engine, &call.parts.headers, &origin) {
        return Err(Code::Origin.into());
    }
    let page = page(&ticket, &origin);
    Ok(match redeem(&call.engine, &ticket) {
        Some(caller) => streamed(HTML, Body::stream(caller, Wrap::Scripts, page)),
        None => {
            call.engine.hub.refused(Code::Stale);
            let line = script_string(&refusal_line(Code::Stale));
            let whole = [&page[..], format!("<script>m({line});e()</script>\n").as_bytes()].concat();
            answer::answer(StatusCode::OK, HTML, whole).map(Body::full)
        }
    })
}

/// A frame's request has no `Origin`, so the page's origin is a parameter; the policy judges it like a header.
fn may_listen(engine: &Engine, headers: &HeaderMap, origin: &str) -> bool {
    let Ok(value) = HeaderValue::from_str(origin) else { return false };
    let mut headers = headers.clone();
    headers.insert(ORIGIN, value);
    matches!(engine.config.origins.judge(&headers, None), Verdict::Allowed(_))
}

fn page(ticket: &str, origin: &str) -> Bytes {
    let (ticket, origin) = (script_string(ticket.as_bytes()), script_string(origin.as_bytes()));
    let script = format!(
        "<!doctype html><meta charset=\"utf-8\"><title>Everwire</title><script>\
         var t={ticket},o={origin};\
         function p(k,v){{var d={{everwire:t}};d[k]=v;parent.postMessage(d,o)}}\
         function m(s){{p(\"data\",s)}}function e(){{p(\"end\",true)}}</script>"
    );
    let padding = PADDING.saturating_sub(script.len());
    format!("{script}{}\n", " ".repeat(padding)).into()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_is_padded_and_its_parameters_cannot_break_out() {
        let page = super::page("t", "http://a\"</script><script>alert(1)//");
        assert!(page.len() > super::PADDING);
        let text = String::from_utf8(page.to_vec()).unwrap();
        assert_eq!(text.matches("<script>").count(), 1);
        assert_eq!(text.matches("</script>").count(), 1);
    }
}
