//! The lock on the practice cloud's door: a connection that may be TLS. The handshake happens with the first byte that is
//! read, so that a slow or strange client holds up nobody else.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};

use super::Papers;

/// Makes TLS of a connection.
pub struct Lock(TlsAcceptor);

impl Lock {
    /// A lock with these papers. HTTP/2 is offered before HTTP/1.1, as Microsoft's hosts do.
    ///
    /// # Errors
    /// When the papers do not fit together.
    pub fn new(papers: Papers) -> Result<Self, String> {
        let chain = vec![CertificateDer::from(papers.certificate)];
        let key = PrivatePkcs8KeyDer::from(papers.key);
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key.into()))
            .map_err(|error| error.to_string())?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }
}

/// How bytes come and go on one connection.
pub enum Way {
    /// As they are.
    Open(TcpStream),
    /// TLS whose handshake is not over.
    Greeting(Box<Accept<TcpStream>>),
    /// TLS.
    Locked(Box<TlsStream<TcpStream>>),
}

impl Way {
    /// A new connection.
    pub fn new(stream: TcpStream, lock: Option<&Lock>) -> Self {
        match lock {
            Some(Lock(acceptor)) => Self::Greeting(Box::new(acceptor.accept(stream))),
            None => Self::Open(stream),
        }
    }

    /// The connection when the handshake is over.
    fn ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&mut Self>> {
        if let Self::Greeting(accept) = self {
            let stream = ready!(Pin::new(accept.as_mut()).poll(cx))?;
            *self = Self::Locked(Box::new(stream));
        }
        Poll::Ready(Ok(self))
    }
}

impl AsyncRead for Way {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match ready!(self.get_mut().ready(cx))? {
            Self::Open(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Locked(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Greeting(_) => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl AsyncWrite for Way {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match ready!(self.get_mut().ready(cx))? {
            Self::Open(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Locked(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Greeting(_) => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Open(stream) => Pin::new(stream).poll_flush(cx),
            Self::Locked(stream) => Pin::new(stream).poll_flush(cx),
            // Nothing has been written yet.
            Self::Greeting(_) => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Open(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Locked(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Greeting(_) => Poll::Ready(Ok(())),
        }
    }
}
