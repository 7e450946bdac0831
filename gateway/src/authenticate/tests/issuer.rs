//! An issuer on the loopback that signs, publishes, rotates and fails as a test wants.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair,
};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::serve::Listener;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use rcgen::{CertifiedKey, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub(super) struct SigningKey {
    kid: String,
    algorithm: Algorithm,
    key: EncodingKey,
}

impl SigningKey {
    pub(super) fn es256(kid: &str) -> Self {
        Self::ec(kid, Algorithm::ES256, &ECDSA_P256_SHA256_FIXED_SIGNING)
    }

    pub(super) fn es384(kid: &str) -> Self {
        Self::ec(kid, Algorithm::ES384, &ECDSA_P384_SHA384_FIXED_SIGNING)
    }

    fn ec(kid: &str, algorithm: Algorithm, curve: &'static EcdsaSigningAlgorithm) -> Self {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(curve, &SystemRandom::new()).unwrap();
        Self { kid: kid.into(), algorithm, key: EncodingKey::from_ec_der(pkcs8.as_ref()) }
    }

    pub(super) fn one_of_each() -> Vec<Self> {
        let rsa = aws_lc_rs::signature::RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        // The PKCS #1 key within PKCS #8, which begins after 26 bytes for every 2048-bit key.
        let rsa = EncodingKey::from_rsa_der(&AsDer::as_der(&rsa).unwrap().as_ref()[26..]);
        let ed = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap();
        let ed = EncodingKey::from_ed_der(ed.as_ref());
        let named = |algorithm: Algorithm, key: &EncodingKey| Self {
            kid: format!("{algorithm:?}"),
            algorithm,
            key: key.clone(),
        };
        vec![
            Self::es256("ES256"),
            Self::es384("ES384"),
            named(Algorithm::EdDSA, &ed),
            named(Algorithm::RS256, &rsa),
            named(Algorithm::RS384, &rsa),
            named(Algorithm::RS512, &rsa),
            named(Algorithm::PS256, &rsa),
            named(Algorithm::PS384, &rsa),
            named(Algorithm::PS512, &rsa),
        ]
    }

    pub(super) fn jwk(&self) -> Value {
        let jwk = Jwk::from_encoding_key(&self.key, self.algorithm).unwrap();
        let mut jwk = serde_json::to_value(jwk).unwrap();
        jwk["kid"] = self.kid.clone().into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// Signs `HEADER.CLAIMS`.
    pub(super) fn sign(&self, message: &str) -> String {
        let signature = crypto::sign(message.as_bytes(), &self.key, self.algorithm).unwrap();
        format!("{message}.{signature}")
    }

    /// The classic forgery: what everybody may know, taken as a shared secret.
    pub(super) fn hmac_with_the_public_key(&self, claims: &Value) -> String {
        let message = unsigned(&json!({"alg": "HS256", "kid": self.kid}), claims);
        let key = EncodingKey::from_secret(self.jwk().to_string().as_bytes());
        let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
        format!("{message}.{signature}")
    }
}

/// A signed token.
pub(super) fn jwt(key: &SigningKey, claims: &Value) -> String {
    let algorithm = format!("{:?}", key.algorithm);
    key.sign(&unsigned(&json!({"alg": algorithm, "kid": key.kid, "typ": "JWT"}), claims))
}

/// A token without its signature.
pub(super) fn unsigned(header: &Value, claims: &Value) -> String {
    [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".")
}

pub(super) struct FakeIssuer {
    pub(super) url: String,
    pages: Arc<Mutex<HashMap<String, Value>>>,
    fetches: Arc<AtomicUsize>,
}

impl FakeIssuer {
    /// Over plain HTTP.
    pub(super) async fn start(keys: &[&SigningKey]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let this = Self::at("http", &listener, keys);
        let router = this.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        this
    }

    /// Over TLS, for those who send `bearer`; with the certificate to trust, as PEM.
    pub(super) async fn start_like_an_api_server(
        keys: &[&SigningKey],
        bearer: &str,
    ) -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let this = Self::at("https", &listener, keys);
        let certified = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let pem = certified.cert.pem();
        let listener = TlsListener { listener, acceptor: acceptor(&certified) };
        let expected = format!("Bearer {bearer}");
        let authorize = async |State(expected): State<String>, request: Request, next: Next| {
            let authorized =
                request.headers().get("authorization").is_some_and(|it| *it == expected);
            if authorized { Ok(next.run(request).await) } else { Err(StatusCode::FORBIDDEN) }
        };
        let router = this.router().layer(middleware::from_fn_with_state(expected, authorize));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (this, pem)
    }

    fn at(scheme: &str, listener: &TcpListener, keys: &[&SigningKey]) -> Self {
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let this = Self { url, pages: Arc::default(), fetches: Arc::default() };
        let discovery = json!({"issuer": this.url, "jwks_uri": format!("{}/keys", this.url)});
        this.answer("/.well-known/openid-configuration", &discovery);
        this.publish(keys);
        this
    }

    fn router(&self) -> Router {
        let (pages, fetches) = (Arc::clone(&self.pages), Arc::clone(&self.fetches));
        Router::new().fallback(async move |uri: Uri| {
            fetches.fetch_add(usize::from(uri.path() == "/keys"), Ordering::SeqCst);
            let page = pages.lock().unwrap().get(uri.path()).cloned();
            page.map(|page| page.to_string()).ok_or(StatusCode::SERVICE_UNAVAILABLE)
        })
    }

    /// Replaces the published keys.
    pub(super) fn publish(&self, keys: &[&SigningKey]) {
        let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
        self.answer("/keys", &json!({ "keys": keys }));
    }

    /// Answers `path` with something else.
    pub(super) fn answer(&self, path: &str, answer: &Value) {
        self.pages.lock().unwrap().insert(path.to_owned(), answer.clone());
    }

    /// Answers nothing any more.
    pub(super) fn go_down(&self) {
        self.pages.lock().unwrap().clear();
    }

    /// How often the keys were asked for.
    pub(super) fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let (stream, peer) = self.listener.accept().await.unwrap();
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, peer);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

fn acceptor(certified: &CertifiedKey<KeyPair>) -> TlsAcceptor {
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}
