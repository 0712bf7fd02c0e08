//! `jsonp` (protocol.md, section 12.6): scripts down, forms up. Cookies are never read.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use everwire_session::code::Code;
use everwire_session::server::{How, Shape};
use everwire_session::wire::{Post, Secret};
use http::{Response, StatusCode};
use http_body::Body as HttpBody;

use super::answers::{Body, refusal_line, script_string, whole};
use super::http::answer::{self, Refusal};
use super::http::body::Kind;
use super::service::{Call, percent_decode, query};
use super::up;
use crate::config::Transport;
use crate::dialect::native::{Head, is_key};
use crate::engine::Engine;
use crate::engine::exchange::{Caller, Exchange};
use crate::engine::live::Job;

/// How long a script waits for the form that names its ticket.
const MEETING: Duration = Duration::from_secs(10);

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A form: an attach, whose answer a script gives, or a post, whose answer nobody can read.
pub(crate) async fn form<B>(call: Call<B>) -> Result<Response<Body>, Refusal>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
{
    let (call, bytes) = up::read(call, Kind::Form).await?;
    let text = field(&bytes)?;
    match up::parse(&call.engine, &text)? {
        (Head::Attach(head), batch) => {
            let ticket = head.ticket.clone().ok_or(Code::BadPacket)?;
            let exchange = call.engine.meet(&ticket);
            // The script that waits is the caller; this request only starts it.
            match up::attach(&call, &head, batch, Transport::Jsonp, Shape::Poll, exchange.clone()) {
                Ok(caller) => caller.hand_over(),
                // Only the script can tell the page.
                Err(refusal) => exchange.refuse((refusal.code(), None)),
            }
        }
        (Head::Post(head), batch) if head.poll.is_none() => {
            let exchange = Exchange::new(call.engine.pipe(), false);
            whole(up::post(&call.engine, head, batch, How::Unreadable, exchange)?).await?;
        }
        (Head::Post(_), _) => return Err(Code::BadPacket.into()),
    }
    Ok(answer::answer(StatusCode::OK, "text/html; charset=utf-8", Bytes::new()).map(Body::full))
}

/// The field `d` of a form.
fn field(form: &Bytes) -> Result<Bytes, Code> {
    let fields = form.split(|byte| *byte == b'&');
    let value = fields.filter_map(|field| field.strip_prefix(b"d=")).next().ok_or(Code::Empty)?;
    percent_decode(value).map(Bytes::from).ok_or(Code::Utf8)
}

/// A script: the answer to an attach whose form names the same ticket, or a poll by a ticket that the last one told.
pub(crate) async fn script(call: &Call<()>) -> Result<Response<Body>, Refusal> {
    let callback = query(&call.parts, "c").filter(|callback| is_callback(callback)).ok_or(Code::Callback)?;
    let ticket = query(&call.parts, "ticket").filter(|ticket| is_key(ticket));
    let body = match ticket {
        None => Err(Code::BadRequest.into()),
        Some(ticket) if query(&call.parts, "poll").is_some() => match poll(call, &ticket) {
            Ok(caller) => whole(caller).await,
            Err(code) => Err(code.into()),
        },
        Some(ticket) => first(&call.engine, &ticket).await,
    };
    let lines = body.unwrap_or_else(|refusal: Refusal| {
        call.engine.hub.refused(refusal.code());
        refusal_line(refusal.code())
    });
    let script = format!("/**/{callback}({});", script_string(&lines));
    Ok(answer::answer(StatusCode::OK, SCRIPT, script).map(Body::full))
}

async fn first(engine: &Arc<Engine>, ticket: &str) -> Result<Bytes, Refusal> {
    let exchange = engine.meet(ticket);
    // Its session is known only to the form: when this request dies, what was written is sent again at the next attach.
    let lines = std::future::poll_fn(|cx| exchange.poll_whole(cx));
    match tokio::time::timeout(MEETING, lines).await {
        Ok(Ok(lines)) => Ok(lines.into_iter().flatten().collect()),
        Ok(Err((code, _))) => Err(code.into()),
        Err(_) => Err(Code::Timeout.into()),
    }
}

fn poll(call: &Call<()>, ticket: &str) -> Result<Caller, Code> {
    let number = |key| query(&call.parts, key).and_then(|text| text.parse().ok()).ok_or(Code::BadRequest);
    let (poll, received, consumed) = (number("poll")?, number("received")?, number("consumed")?);
    let ticket = call.engine.redeem(ticket).ok_or(Code::Stale)?;
    let head = Post {
        session: ticket.live.id.to_string(),
        token: Secret::new(""),
        received,
        consumed,
        serial: None,
        first: None,
        attach: Some(ticket.attach),
        poll: Some(poll),
        wait: None,
    };
    let exchange = Exchange::new(call.engine.pipe(), true);
    ticket.live.submit(Job::Post { exchange: exchange.clone(), head, batch: Vec::new(), how: How::Ticket });
    Ok(Caller::new(exchange, ticket.live))
}

/// Letters that can only be a name: nothing a page did not mean to call.
fn is_callback(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$');
    text.len() <= 64
        && text.bytes().next().is_some_and(letter)
        && text.bytes().all(|byte| letter(byte) || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callbacks() {
        for good in ["a", "$", "_x9", &"a".repeat(64)] {
            assert!(is_callback(good), "{good}");
        }
        for bad in ["", "9a", "a.b", "a b", "a(", "é", "a\n", &"a".repeat(65)] {
            assert!(!is_callback(bad), "{bad}");
        }
    }

    #[test]
    fn fields() {
        let read = |text: &'static str| field(&Bytes::from_static(text.as_bytes()));
        assert_eq!(read("x=1&d=a%0Ab"), Ok(Bytes::from_static(b"a\nb")));
        assert_eq!(read("p=1"), Err(Code::Empty));
        assert_eq!(read("d=%ff"), Err(Code::Utf8));
    }
}
