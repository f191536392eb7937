//! Networks that stand in the way: each ends in a message that says what happened and what to do.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::*;
use crate::engine::trouble::Trouble;

/// Somebody who certifies servers; known to nobody.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn roots(&self) -> ExtraRoots {
        ExtraRoots::from_pem(self.0.pem().as_bytes()).unwrap()
    }

    /// A secure server under this name, which ended in this year if one is given, and answers every call with `{}`.
    async fn serve(&self, name: &str, ended: Option<i32>) -> Server {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        if let Some(year) = ended {
            params.not_after = rcgen::date_time_ymd(year, 1, 1);
        }
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![certificate.der().clone()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        serve(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
                let _ = stream.shutdown().await;
            }
        })
        .await
    }
}

/// A server at `https://localhost` that treats each connection so.
async fn serve<T: Future<Output = ()> + Send>(treat: impl Fn(TcpStream) -> T + Send + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let hits = Arc::new(AtomicUsize::new(0));
    let count = hits.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            treat(stream).await;
        }
    });
    Server { origin: Url::parse(&format!("https://localhost:{port}")).unwrap(), hits }
}

async fn ask(server: &Server, extra_roots: ExtraRoots) -> Result<Answer, Trouble> {
    let http = Http::new(CloudConfig { extra_roots, ..server.config() });
    http.read(&Request::get(Service::Graph, server.url("/v1.0/me"))).await
}

/// What happened and what to do are said, and the original words are kept apart.
#[track_caller]
fn assert_told(trouble: &Trouble, class: Class, what: &str, next: &str) {
    assert_eq!(trouble.class, class, "{trouble:?}");
    assert!(trouble.what.contains("Microsoft Graph"), "{trouble:?}");
    assert!(format!("{} {}", trouble.what, trouble.means).contains(what), "{trouble:?}");
    assert!(trouble.next.contains(next) && !trouble.original.is_empty(), "{trouble:?}");
}

#[tokio::test]
async fn a_named_authority_is_trusted_and_an_unknown_one_is_not() {
    let company = Authority::new();
    let server = company.serve("localhost", None).await;
    assert_eq!(ask(&server, company.roots()).await.unwrap().json().unwrap(), json!({}));
    for roots in [ExtraRoots::default(), Authority::new().roots()] {
        let told = ask(&server, roots).await.unwrap_err();
        assert_told(&told, Class::Tls, "nobody whom this computer trusts", "--ca-file");
    }
}

#[tokio::test]
async fn a_certificate_of_somebody_else_or_of_another_time_is_told_apart() {
    let company = Authority::new();
    // What a name says is no reason: it is not the proxy's doing.
    for name in ["portal.example", "proxy.example", "tunnel.example"] {
        let other = company.serve(name, None).await;
        let told = ask(&other, company.roots()).await.unwrap_err();
        assert_told(&told, Class::Tls, "another address", "network");
    }
    let ended = company.serve("localhost", Some(2020)).await;
    let told = ask(&ended, company.roots()).await.unwrap_err();
    assert_told(&told, Class::Tls, "not good at this time", "clock");
}

#[tokio::test]
async fn a_handshake_that_is_cut_or_is_none_is_no_secure_connection() {
    let cut = serve(|mut stream| async move {
        let _ = stream.read(&mut [0; 16]).await;
    })
    .await;
    let told = ask(&cut, ExtraRoots::default()).await.unwrap_err();
    assert_told(&told, Class::Tls, "No secure connection", "proxy");
    let plain = serve(|mut stream| async move {
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
    })
    .await;
    let told = ask(&plain, ExtraRoots::default()).await.unwrap_err();
    assert_told(&told, Class::Tls, "No secure connection", "proxy");
}

#[tokio::test]
async fn a_page_of_the_network_is_no_answer() {
    let server = Server::start(|_, path, _, _| match path.strip_prefix("/v1.0/page/") {
        Some(status) => said(status.parse().unwrap(), "<html><title>Welcome to the hotel</title></html>"),
        None => (StatusCode::FOUND, [("location", "https://portal.hotel.example/login")]).into_response(),
    })
    .await;
    let http = server.http();
    let get = |path: &str| Request::get(Service::Graph, server.url(path));
    let told = http.read(&get("/v1.0/page/200")).await.unwrap().json().unwrap_err();
    assert_told(&told, Class::UnexpectedAnswer, "sign-in page of the network", "network");
    for status in [401, 403, 404, 511] {
        let told = http.read(&get(&format!("/v1.0/page/{status}"))).await.unwrap_err();
        assert_told(&told, Class::UnexpectedAnswer, "sign-in page of the network", "network");
        assert!(told.original.contains(&format!("HTTP {status}")), "{told:?}");
    }
    let told = http.read(&get("/v1.0/me")).await.unwrap_err();
    assert_told(&told, Class::UnexpectedAnswer, "sign-in page of the network", "network");
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_told() {
    let server = Server::start(|_, _, _, _| said(200, "{}")).await;
    let site = Url::parse("https://contoso-hello.invalid/").unwrap();
    let mut config = server.config();
    config.cloud = Arc::new(Cloud { site_origin: None, ..(*config.cloud).clone() });
    let told = Http::new(config).read(&Request::get(Service::Site, site)).await.unwrap_err();
    // Without any network, that is what is told.
    assert!(matches!(told.class, Class::Dns | Class::Offline), "{told:?}");
    assert!(told.what.contains("contoso-hello.invalid") && told.next.starts_with("Check"), "{told:?}");
}

#[test]
fn what_holds_no_certificate_is_refused_with_the_reason() {
    for (pem, why) in [
        ("", "holds no certificate"),
        ("just some text", "holds no certificate"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read"),
        ("-----BEGIN CERTIFICATE-----\n%%%%\n-----END CERTIFICATE-----\n", "cannot be read"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n", "no"),
    ] {
        let refused = ExtraRoots::from_pem(pem.as_bytes()).unwrap_err();
        assert!(refused.contains(why), "{pem}: {refused}");
    }
}
