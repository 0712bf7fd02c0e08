//! tokio-tungstenite as it is fastest: a read buffer of 4 KiB, and one flush for all that came at once. Does what the floor does.

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_async_with_config};

type Peers = Rc<RefCell<Vec<UnboundedSender<Message>>>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let peers = Peers::default();
    tokio::task::LocalSet::new()
        .run_until(async {
            loop {
                let (stream, _) = listener.accept().await?;
                let peers = peers.clone();
                tokio::task::spawn_local(async move {
                    let _ = serve(stream, &peers).await;
                });
            }
        })
        .await
}

async fn serve(stream: TcpStream, peers: &Peers) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default().read_buffer_size(4096);
    let mut socket = Box::pin(accept_async_with_config(stream, Some(config))).await?;
    let (sender, mut inbox) = unbounded_channel();
    peers.borrow_mut().push(sender);
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(message) => take(&mut socket, message?, peers).await?,
                None => return Ok(()),
            },
            Some(message) = inbox.recv() => socket.feed(message).await?,
        }
        while let Some(Some(message)) = socket.next().now_or_never() {
            take(&mut socket, message?, peers).await?;
        }
        while let Ok(message) = inbox.try_recv() {
            socket.feed(message).await?;
        }
        socket.flush().await?;
    }
}

async fn take(socket: &mut WebSocketStream<TcpStream>, message: Message, peers: &Peers) -> Result<(), Error> {
    match message {
        Message::Text(text) if text.starts_with("e[\"pub\"") => {
            // Who has gone is forgotten.
            peers.borrow_mut().retain(|peer| peer.send(Message::Text(text.clone())).is_ok());
            Ok(())
        }
        Message::Text(_) => socket.feed(message).await,
        _ => Ok(()),
    }
}
