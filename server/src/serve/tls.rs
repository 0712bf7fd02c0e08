//! TLS: a certificate and its key, which can be replaced while connections are served.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

/// A certificate with its key, from two files in PEM. Cheap to clone; every clone is the same.
///
/// TLS 1.2 and 1.3; HTTP/2 is offered, and HTTP/1.1. While [`serve_with`](crate::serve_with) runs, it looks every 5 s whether a file has changed and takes the
/// new pair for the next connections. A pair that is no good is logged, and the former one stays.
///
/// ```no_run
/// # fn run() -> Result<(), everwire::TlsError> {
/// let mut config = everwire::ServeConfig::default();
/// config.tls = Some(everwire::Tls::from_files("cert.pem", "key.pem")?);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Tls {
    identity: Arc<Identity>,
    config: Arc<ServerConfig>,
}

/// Why a certificate and a key are of no use.
#[derive(Debug)]
#[non_exhaustive]
pub enum TlsError {
    /// The file holds no certificate in PEM, or a broken one. Give the one with the whole chain, the server's own first.
    Certificate(PathBuf),
    /// The file holds no private key in PEM, or a broken one: PKCS #8, PKCS #1 and SEC 1 are read, without a passphrase.
    Key(PathBuf),
    /// The file cannot be read: see to its name and rights.
    Read(PathBuf, io::Error),
    /// They cannot be used together: mostly the key is that of another certificate.
    Unusable(rustls::Error),
}

/// The pair in use.
struct Identity {
    certificate: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    current: Mutex<Arc<CertifiedKey>>,
}

/// When a file was written last, and how long it is.
type Stamp = Option<(SystemTime, u64)>;

impl Tls {
    /// Reads a certificate, with what else is of its chain behind it, and its key.
    ///
    /// # Errors
    /// When a file cannot be read or used.
    pub fn from_files(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Result<Self, TlsError> {
        let (certificate, key) = (certificate.into(), key.into());
        let provider = Arc::new(ring::default_provider());
        let current = Mutex::new(Arc::new(read(&certificate, &key, &provider)?));
        let identity = Arc::new(Identity { certificate, key, provider: provider.clone(), current });
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Unusable)?
            .with_no_client_auth()
            .with_cert_resolver(identity.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // So a client that comes back, after a restart of a proxy or of its own, need not prove everything anew, and nothing is kept for it here.
        config.ticketer = ring::Ticketer::new().map_err(TlsError::Unusable)?;
        config.send_tls13_tickets = 1;
        Ok(Self { identity, config: Arc::new(config) })
    }

    /// Reads both files again. The next connections get what is in them.
    ///
    /// # Errors
    /// When a file cannot be read or used; the former pair stays in use.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.identity.reload()
    }

    /// Reloads when a file has changed, for ever.
    pub(super) async fn watch(&self, every: Duration) {
        let mut seen = self.identity.stamps();
        loop {
            tokio::time::sleep(every).await;
            let identity = self.identity.clone();
            // The files may lie on a network.
            let looked = tokio::task::spawn_blocking(move || {
                let now = identity.stamps();
                (now != seen).then(|| identity.reload_and_tell());
                now
            });
            seen = looked.await.unwrap_or(seen);
        }
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.config.clone().into()
    }
}

impl Identity {
    fn reload(&self) -> Result<(), TlsError> {
        let pair = read(&self.certificate, &self.key, &self.provider)?;
        *self.current.lock() = Arc::new(pair);
        Ok(())
    }

    fn reload_and_tell(&self) {
        match self.reload() {
            Ok(()) => {
                tracing::info!(certificate = %self.certificate.display(), "certificate and key are new");
            }
            Err(error) => tracing::error!(%error, "the former certificate and key stay in use"),
        }
    }

    fn stamps(&self) -> [Stamp; 2] {
        [&self.certificate, &self.key].map(|path| {
            let metadata = std::fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        })
    }
}

impl ResolvesServerCert for Identity {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.lock().clone())
    }
}

impl fmt::Debug for Identity {
    /// Nothing of the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(path) => write!(f, "{} holds no certificate in PEM", path.display()),
            Self::Key(path) => write!(f, "{} holds no private key in PEM", path.display()),
            Self::Read(path, error) => write!(f, "cannot read {}: {error}", path.display()),
            Self::Unusable(error) => write!(f, "the certificate cannot be used with this key: {error}"),
        }
    }
}

impl std::error::Error for TlsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Certificate(_) | Self::Key(_) => None,
            Self::Read(_, error) => Some(error),
            Self::Unusable(error) => Some(error),
        }
    }
}

fn read(certificate: &Path, key: &Path, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let pem = |path: &Path| std::fs::read(path).map_err(|error| TlsError::Read(path.to_owned(), error));
    let broken = || TlsError::Certificate(certificate.to_owned());
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&pem(certificate)?).collect::<Result<_, _>>().map_err(|_| broken())?;
    if chain.is_empty() {
        return Err(broken());
    }
    let key = PrivateKeyDer::from_pem_slice(&pem(key)?).map_err(|_| TlsError::Key(key.to_owned()))?;
    CertifiedKey::from_der(chain, key, provider).map_err(TlsError::Unusable)
}
