//! `websocket` (protocol.md, section 12.1): upgrade, first frame, and then the session's driver owns the socket.

use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use everwire_session::code::Code;
use everwire_session::packet::Packet;
use everwire_session::wire::Attach;
use http::Response;

use super::answers::Body;
use super::handshake;
use super::http::answer::Refusal;
use super::service::{Call, request_info};
use super::ws_frame::{self, Frame};
use crate::dialect::native;
use crate::engine::Engine;
use crate::engine::live::Job;
use crate::engine::socket::WebSocket;
use crate::handshake::RequestInfo;

/// Bytes of the first frame. What belongs to no session yet is counted nowhere.
const FIRST: usize = 16 << 10;

pub(crate) fn upgrade(call: Call<()>) -> Result<Response<Body>, Refusal> {
    let Call { engine, mut parts, .. } = call;
    let (upgrade, response) = handshake::shake(&mut parts)?;
    let info = request_info(&parts);
    tokio::spawn(async move {
        if let Some(socket) = upgrade.socket(&engine).await {
            welcome(engine, socket, info).await;
        }
    });
    Ok(response.map(Body::full))
}

/// Reads the first frame, and hands the socket to the session that it names.
async fn welcome(engine: Arc<Engine>, mut socket: WebSocket, info: RequestInfo) {
    let most = engine.config.max_payload;
    socket.reader.limit(FIRST.min(most));
    let first = tokio::time::timeout(engine.config.handshake, first_frame(&mut socket, most)).await;
    match first {
        Ok(Some(Ok(head))) => {
            let attach = head.clone();
            let job = Job::Socket { socket: Box::new(socket), head };
            if let Err((code, job)) = engine.attach(&attach, || info, job)
                && let Job::Socket { socket, .. } = *job
            {
                engine.hub.refused(code);
                socket.refuse(code);
            }
        }
        Ok(Some(Err(First::Refused(code)))) => {
            engine.hub.refused(code);
            socket.refuse(code);
        }
        Ok(Some(Err(First::Broken(code, farewell)))) => {
            if let Some(code) = code {
                engine.hub.refused(code);
            }
            socket.part(farewell);
        }
        // Cut before it said anything.
        Ok(None) => {}
        Err(_) => {
            engine.hub.refused(Code::Timeout);
            socket.refuse(Code::Timeout);
        }
    }
}

/// Why a first frame opens nothing.
enum First {
    /// RFC 6455 is violated, which counts as this code, or the client closes: the close frame to answer.
    Broken(Option<Code>, Bytes),
    Refused(Code),
}

async fn first_frame(socket: &mut WebSocket, most: usize) -> Option<Result<Attach, First>> {
    loop {
        let take = |decoder: &mut _, bytes: &mut _| take_first(decoder, bytes, most);
        let read = poll_fn(|cx| socket.reader.poll_read(cx, take)).await.ok()??;
        if let Some((first, rest)) = read {
            socket.reader.early_frames = rest;
            return Some(first);
        }
    }
}

/// The first frame in what was read, and those behind it, which may have `most` bytes.
fn take_first(
    decoder: &mut ws_frame::Decoder,
    bytes: &mut [u8],
    most: usize,
) -> Option<(Result<Attach, First>, Vec<EarlyFrame>)> {
    let mut frames = decoder.read(bytes);
    let first = match frames.next() {
        Ok(None) => return None,
        Ok(Some(Frame::Text(text))) => attach(text),
        Ok(Some(Frame::Binary(_))) => Err(First::Refused(Code::BadPacket)),
        Ok(Some(Frame::Ping(_) | Frame::Pong(_))) => Err(First::Refused(Code::BadPacket)),
        Ok(Some(Frame::Close { code, .. })) => {
            Err(First::Broken(None, ws_frame::close_frame(code.unwrap_or(1000), "")))
        }
        Err(error) => {
            let farewell = ws_frame::close_frame(error.close_code(), error.reason());
            Err(First::Broken(Some(error.code()), farewell))
        }
    };
    frames.limit(most);
    let mut rest = Vec::new();
    loop {
        match frames.next() {
            Ok(None) => break,
            Ok(Some(frame)) => rest.push(EarlyFrame::from(&frame)),
            // Parted from as after a close of its own: with the number that the violation has.
            Err(error) => {
                rest.push(EarlyFrame::Close(Some(error.close_code())));
                break;
            }
        }
    }
    Some((first, rest))
}

fn attach(text: &str) -> Result<Attach, First> {
    let packet = Packet::parse(text).map_err(|malformed| First::Refused(malformed.code()))?;
    native::attach(&packet).map_err(First::Refused)
}

/// A frame that came in the same read as the first one: owned.
pub(crate) enum EarlyFrame {
    Binary(Bytes),
    Close(Option<u16>),
    Ping(Bytes),
    Pong,
    Text(Box<str>),
}

impl From<&Frame<'_>> for EarlyFrame {
    fn from(frame: &Frame<'_>) -> Self {
        match frame {
            Frame::Binary(bytes) => Self::Binary(Bytes::copy_from_slice(bytes)),
            Frame::Close { code, .. } => Self::Close(*code),
            Frame::Ping(bytes) => Self::Ping(Bytes::copy_from_slice(bytes)),
            Frame::Pong(_) => Self::Pong,
            Frame::Text(text) => Self::Text((*text).into()),
        }
    }
}

impl EarlyFrame {
    pub(crate) fn frame(&self) -> Frame<'_> {
        match self {
            Self::Binary(bytes) => Frame::Binary(bytes),
            Self::Close(code) => Frame::Close { code: *code, reason: "" },
            Self::Ping(bytes) => Frame::Ping(bytes),
            Self::Pong => Frame::Pong(&[]),
            Self::Text(text) => Frame::Text(text),
        }
    }
}
