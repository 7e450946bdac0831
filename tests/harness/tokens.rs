//! Tokens that no provider would make.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// A key to sign tokens with, and a file of it for a provider.
pub struct SigningKey {
    key: RsaKeyPair,
    file: tempfile::NamedTempFile,
}

impl SigningKey {
    pub fn make() -> Self {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = key.as_der().unwrap();
        let base64 = STANDARD.encode(der.as_ref());
        let lines: Vec<_> = base64.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        let pem = lines.join("\n");
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----\n");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), pem).unwrap();
        Self { key, file }
    }

    pub fn file(&self) -> &str {
        self.file.path().to_str().unwrap()
    }

    /// A token of alice that ends in so many seconds.
    pub fn token(&self, issuer: &str, audience: &str, left: i64) -> String {
        let now = jiff::Timestamp::now().as_second();
        let claims = serde_json::json!({
            "iss": issuer, "aud": audience, "sub": "alice", "groups": ["dev"],
            "iat": now - 600, "exp": now + left,
        });
        self.sign(&claims)
    }

    /// A token with these claims.
    pub fn sign(&self, claims: &serde_json::Value) -> String {
        let parts = [r#"{"alg":"RS256","typ":"JWT"}"#, &claims.to_string()];
        let message = parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let mut signature = vec![0; self.key.public_modulus_len()];
        let random = SystemRandom::new();
        self.key.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
