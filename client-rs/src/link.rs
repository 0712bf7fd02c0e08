//! One carrier: its connection or its requests.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use everwire_session::client::{Carrier, Down, Request};
use everwire_session::code::Code;
use tokio_tungstenite::tungstenite::Message;

use crate::choice::Transport;
use crate::duplex::Duplex;
use crate::packets::Incoming;
use crate::site::Site;

type Answer = Result<Bytes, Option<Code>>;

pub(crate) struct Link {
    pub(crate) carrier: Carrier,
    pub(crate) transport: Transport,
    road: Road,
}

enum Road {
    Connecting(Pin<Box<dyn Future<Output = Option<Duplex>> + Send>>),
    Duplex(Box<Duplex>),
    /// Those that have no answer yet. Dropping one ends its connection.
    Requests(Vec<(Request, Pin<Box<dyn Future<Output = Answer> + Send>>)>),
}

/// What happened on a carrier.
pub(crate) enum Happening {
    Answered(Request, Answer),
    Closed(Option<Code>),
    Connected,
    Packet(Down<Incoming>),
    /// No connection could be made.
    Unreachable,
}

impl Link {
    /// A WebSocket, which must be connected within `patience`, or polls, which begin when they are wanted.
    pub(crate) fn new(carrier: Carrier, transport: Transport, site: &Site, patience: Duration) -> Self {
        let road = match transport {
            Transport::LongPolling => Road::Requests(Vec::new()),
            Transport::Websocket => {
                let connect = tokio::time::timeout(patience, site.clone().connect());
                Road::Connecting(Box::pin(async { connect.await.ok().flatten() }))
            }
        };
        Self { carrier, transport, road }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Happening> {
        match &mut self.road {
            Road::Connecting(connect) => {
                let Some(duplex) = std::task::ready!(connect.as_mut().poll(cx)) else {
                    return Poll::Ready(Happening::Unreachable);
                };
                self.road = Road::Duplex(Box::new(duplex));
                Poll::Ready(Happening::Connected)
            }
            Road::Duplex(duplex) => duplex.poll(cx).map(|read| match read {
                Ok(down) => Happening::Packet(down),
                Err(code) => Happening::Closed(code),
            }),
            Road::Requests(requests) => {
                for at in 0..requests.len() {
                    if let Poll::Ready(answer) = requests[at].1.as_mut().poll(cx) {
                        let (request, _) = requests.remove(at);
                        return Poll::Ready(Happening::Answered(request, answer));
                    }
                }
                Poll::Pending
            }
        }
    }

    pub(crate) fn send(&mut self, message: Message) {
        if let Road::Duplex(duplex) = &mut self.road {
            duplex.send(message);
        }
    }

    pub(crate) fn request(&mut self, site: &Site, request: Request, body: String) {
        if let Road::Requests(requests) = &mut self.road {
            requests.push((request, Box::pin(site.clone().post(self.transport.name(), body))));
        }
    }

    pub(crate) fn is_congested(&self) -> bool {
        matches!(&self.road, Road::Duplex(duplex) if duplex.is_congested())
    }

    /// The connection whose last words are still to be said.
    pub(crate) fn into_duplex(self) -> Option<Box<Duplex>> {
        match self.road {
            Road::Duplex(duplex) => Some(duplex),
            Road::Connecting(_) | Road::Requests(_) => None,
        }
    }
}
