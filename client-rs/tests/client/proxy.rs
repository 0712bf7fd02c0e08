//! A TCP proxy that can lose its connections or go mute, and whose other side can change.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Where connections go; none are lost at once.
type Upstream = Option<SocketAddr>;

pub(crate) struct Proxy {
    address: SocketAddr,
    /// Whatever is sent here, all connections are lost.
    upstream: Arc<watch::Sender<Upstream>>,
    /// Whatever is sent here, all connections go mute.
    mute: Arc<watch::Sender<()>>,
}

impl Proxy {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let upstream = Arc::new(watch::Sender::new(Some(server)));
        let mute = Arc::new(watch::Sender::new(()));
        let (sender, muter) = (upstream.clone(), mute.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(carry(stream, sender.subscribe(), muter.subscribe()));
            }
        });
        Self { address, upstream, mute }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/everwire", self.address)
    }

    /// Loses all connections. New ones go where they went before.
    pub(crate) fn cut(&self) {
        self.upstream.send_modify(|_| {});
    }

    /// No connection says anything any more; none is closed. New ones work.
    pub(crate) fn mute(&self) {
        self.mute.send_modify(|()| {});
    }

    /// Loses all connections. New ones go there.
    pub(crate) fn turn(&self, upstream: Upstream) {
        self.upstream.send_replace(upstream);
    }
}

async fn carry(
    mut client: TcpStream,
    mut upstream: watch::Receiver<Upstream>,
    mut mute: watch::Receiver<()>,
) {
    let Some(address) = *upstream.borrow_and_update() else { return };
    let Ok(mut server) = TcpStream::connect(address).await else { return };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => return,
        _ = upstream.changed() => return,
        _ = mute.changed() => {}
    }
    let _ = upstream.changed().await;
}
