//! TLS on a real port.

use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;

/// A certificate with its key, in PEM.
struct Pair {
    certificate: String,
    key: String,
}

impl Pair {
    fn new() -> Self {
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        Self { certificate: cert.pem(), key: signing_key.serialize_pem() }
    }

    fn connector(&self, protocols: &[&str]) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let mut config = builder.unwrap().with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config).into()
    }
}

/// A folder with the two files, until it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(pair: &Pair) -> Self {
        let name: [u8; 8] = crate::engine::ids::bytes();
        let path = std::env::temp_dir().join(format!("everwire-{:016x}", u64::from_le_bytes(name)));
        std::fs::create_dir(&path).unwrap();
        let folder = Self(path);
        folder.put(pair);
        folder
    }

    fn put(&self, pair: &Pair) {
        std::fs::write(self.certificate(), &pair.certificate).unwrap();
        std::fs::write(self.key(), &pair.key).unwrap();
    }

    fn certificate(&self) -> PathBuf {
        self.0.join("cert.pem")
    }

    fn key(&self) -> PathBuf {
        self.0.join("key.pem")
    }

    fn tls(&self) -> Result<Tls, TlsError> {
        Tls::from_files(self.certificate(), self.key())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn serving(limits: Limits, tls: &Tls) -> Server {
    let config = ServeConfig { tls: Some(tls.clone()), ..ServeConfig::default() };
    Server::with(limits, config, app()).await
}

async fn shake(server: &Server, connector: &TlsConnector) -> io::Result<TlsStream<TcpStream>> {
    soon(connector.connect(ServerName::try_from("localhost").unwrap(), server.connect().await)).await
}

#[tokio::test]
async fn http1_and_http2_are_agreed_on() {
    let pair = Pair::new();
    let folder = Folder::new(&pair);
    let server = serving(LONGEST, &folder.tls().unwrap()).await;
    for offered in [&[][..], &["http/1.1"], &["unknown-to-us", "http/1.1"]] {
        let mut stream = shake(&server, &pair.connector(offered)).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        soon(stream.read_to_string(&mut answer)).await.unwrap();
        assert!(answer.ends_with("hello"), "{offered:?}: {answer}");
    }
    let stream = shake(&server, &pair.connector(&["http/1.1", "h2"])).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(executor, TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("https://localhost/").body(http_body_util::Empty::<Bytes>::new()).unwrap();
    assert_eq!(soon(sender.send_request(request)).await.unwrap().status(), 200);
}

#[tokio::test]
async fn what_two_servers_could_read_differently_is_refused_here_too() {
    let pair = Pair::new();
    let folder = Folder::new(&pair);
    let server = serving(LONGEST, &folder.tls().unwrap()).await;
    let mut stream = shake(&server, &pair.connector(&[])).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\nHost: a\n\n").await.unwrap();
    let mut answer = String::new();
    soon(stream.read_to_string(&mut answer)).await.unwrap();
    assert_eq!(status(&answer), 400);
}

#[tokio::test]
async fn who_does_not_shake_hands_is_dropped() {
    let folder = Folder::new(&Pair::new());
    let limits = Limits { head: Duration::from_millis(50), ..LONGEST };
    let server = serving(limits, &folder.tls().unwrap()).await;
    assert_eq!(soon(server.exchange("")).await, "", "nothing said");
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = soon(stream.read_to_end(&mut answer)).await;
    assert!(!answer.starts_with(b"HTTP"), "no word in clear text");
}

#[tokio::test]
async fn new_files_are_taken_and_bad_ones_are_not() {
    let (old, new) = (Pair::new(), Pair::new());
    let folder = Folder::new(&old);
    let tls = folder.tls().unwrap();
    let server = serving(Limits { look: Duration::from_millis(5), ..LONGEST }, &tls).await;
    let mut before = shake(&server, &old.connector(&[])).await.unwrap();

    std::fs::write(folder.key(), &new.key).unwrap();
    assert!(matches!(tls.reload(), Err(TlsError::Unusable(_))), "a key of another certificate");
    shake(&server, &old.connector(&[])).await.unwrap();

    folder.put(&new);
    // By itself, as soon as it looks.
    soon(async { while shake(&server, &new.connector(&[])).await.is_err() {} }).await;
    shake(&server, &old.connector(&[])).await.unwrap_err();

    std::fs::write(folder.certificate(), "nonsense").unwrap();
    assert!(matches!(tls.reload(), Err(TlsError::Certificate(_))));
    shake(&server, &new.connector(&[])).await.unwrap();
    before.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    soon(before.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.ends_with("hello"), "a connection lives longer than its certificate: {answer}");
}

#[test]
fn what_is_wrong_with_the_files_is_said() {
    let pair = Pair::new();
    let folder = Folder::new(&pair);
    let wrong = |certificate: &Path, key: &Path| Tls::from_files(certificate, key).unwrap_err();
    let (certificate, key) = (folder.certificate(), folder.key());
    assert!(matches!(wrong(&folder.0.join("nowhere"), &key), TlsError::Read(..)));
    assert!(matches!(wrong(&key, &key), TlsError::Certificate(_)));
    assert!(matches!(wrong(&certificate, &certificate), TlsError::Key(_)));
    assert!(!format!("{:?}", folder.tls().unwrap()).contains("PRIVATE"));
}
