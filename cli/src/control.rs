//! Asks the gateway's control API, over plain HTTPS; what runs inside a tunnel asks there.

use std::marker::PhantomData;
use std::time::Duration;

use bytes::Bytes;
use kguard::redact::Secret;
use reqwest::{Method, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::credentials::{CredentialError, Tokens};
use crate::gateway::Gateway;
use crate::lines::{Lines, TooLong};
use crate::tls::TlsError;

/// More than any answer that is not a stream.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// Why the gateway did not answer a question.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ControlError {
    #[error("the gateway's answer to {path} is none that this version understands")]
    Answer { path: String, source: serde_json::Error },
    #[error(transparent)]
    Credential(#[from] CredentialError),
    #[error(transparent)]
    Line(#[from] TooLong),
    #[error("the gateway's answer to {0} is too long")]
    Long(String),
    #[error("{message}")]
    Status { status: StatusCode, message: String },
    #[error("what answers at {gateway} is no kguard-gateway: it says {answer}")]
    Stranger { gateway: Gateway, answer: String },
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("the gateway does not take your token: {0}")]
    Unauthorized(String),
    #[error("the gateway at {gateway} does not answer")]
    Unreachable { gateway: Gateway, source: reqwest::Error },
}

/// A client of the control API.
#[derive(Debug, Clone)]
pub(crate) struct Control {
    http: reqwest::Client,
    gateway: Gateway,
    tokens: Tokens,
}

impl Control {
    pub(crate) fn new(
        gateway: Gateway,
        ca: Option<&str>,
        tokens: Tokens,
    ) -> Result<Self, ControlError> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(crate::tls::gateway(ca)?)
            .connect_timeout(Duration::from_secs(10))
            .http2_keep_alive_interval(Duration::from_secs(15))
            .http2_keep_alive_while_idle(true)
            .redirect(reqwest::redirect::Policy::none())
            .build();
        match http {
            Ok(http) => Ok(Self { http, gateway, tokens }),
            Err(source) => Err(ControlError::Unreachable { gateway, source }),
        }
    }

    /// Asks without saying who is asking.
    pub(crate) async fn anonymous<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<T, ControlError> {
        let request = self.http.get(self.gateway.url(path));
        let response = self.send(request).await.map_err(|error| match error {
            // A gateway answers everybody here.
            ControlError::Unauthorized(answer)
            | ControlError::Status { status: StatusCode::FORBIDDEN, message: answer } => {
                ControlError::Stranger { gateway: self.gateway.clone(), answer }
            }
            error => error,
        })?;
        self.parse(path, response).await
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ControlError> {
        let response = self.ask(Method::GET, path, None::<&()>).await?;
        self.parse(path, response).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ControlError> {
        let response = self.ask(Method::POST, path, Some(body)).await?;
        self.parse(path, response).await
    }

    /// Follows a stream of lines.
    pub(crate) async fn follow<T>(&self, path: &str) -> Result<Stream<T>, ControlError> {
        let response = self.ask(Method::GET, path, None::<&()>).await?;
        Ok(self.stream(path, response))
    }

    /// Begins something, and follows what becomes of it.
    pub(crate) async fn begin<T>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Stream<T>, ControlError> {
        let response = self.ask(Method::POST, path, Some(body)).await?;
        Ok(self.stream(path, response))
    }

    fn stream<T>(&self, path: &str, response: Response) -> Stream<T> {
        Stream {
            path: path.to_owned(),
            gateway: self.gateway.clone(),
            response,
            lines: Lines::default(),
            of: PhantomData,
        }
    }

    /// Gets a file.
    pub(crate) async fn download(&self, path: &str) -> Result<Download, ControlError> {
        let response = self.ask(Method::GET, path, None::<&()>).await?;
        Ok(Download { gateway: self.gateway.clone(), response })
    }

    /// Sends a request; if the token is not taken, once more with another one.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<Response, ControlError> {
        let request = |token: &Secret<String>| {
            let request = self.http.request(method.clone(), self.gateway.url(path));
            let request = request.bearer_auth(token.expose());
            match body {
                Some(body) => request.json(body),
                None => request,
            }
        };
        let token = self.tokens.get().await?;
        match self.send(request(&token)).await {
            Err(ControlError::Unauthorized(message)) => match self.tokens.renew(&token).await? {
                Some(token) => self.send(request(&token)).await,
                None => Err(ControlError::Unauthorized(message)),
            },
            answer => answer,
        }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Response, ControlError> {
        let response = request.send().await.map_err(|source| self.unreachable(source))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = self.read("the request", response).await?;
        let message = status_message(&body).unwrap_or_else(|| status.to_string());
        Err(match status {
            StatusCode::UNAUTHORIZED => ControlError::Unauthorized(message),
            status => ControlError::Status { status, message },
        })
    }

    async fn parse<T: DeserializeOwned>(
        &self,
        path: &str,
        response: Response,
    ) -> Result<T, ControlError> {
        let body = self.read(path, response).await?;
        serde_json::from_slice(&body)
            .map_err(|source| ControlError::Answer { path: path.to_owned(), source })
    }

    async fn read(&self, path: &str, mut response: Response) -> Result<Vec<u8>, ControlError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreachable(error))? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER_BYTES {
                return Err(ControlError::Long(path.to_owned()));
            }
        }
        Ok(body)
    }

    fn unreachable(&self, source: reqwest::Error) -> ControlError {
        ControlError::Unreachable { gateway: self.gateway.clone(), source: source.without_url() }
    }
}

/// The `message` of a Kubernetes Status.
pub(crate) fn status_message(body: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Status {
        message: String,
    }
    let status: Status = serde_json::from_slice(body).ok()?;
    Some(status.message)
}

/// A file as it arrives.
#[derive(Debug)]
pub(crate) struct Download {
    gateway: Gateway,
    response: Response,
}

impl Download {
    /// The next piece; none at the end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, ControlError> {
        self.response.chunk().await.map_err(|source| ControlError::Unreachable {
            gateway: self.gateway.clone(),
            source: source.without_url(),
        })
    }
}

/// A stream of `T`, a line each.
#[derive(Debug)]
pub(crate) struct Stream<T> {
    path: String,
    gateway: Gateway,
    response: Response,
    lines: Lines,
    of: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Stream<T> {
    /// The next value; none when the gateway has ended the stream.
    pub(crate) async fn next(&mut self) -> Result<Option<T>, ControlError> {
        loop {
            if let Some(line) = self.lines.pop()? {
                let value = serde_json::from_slice(&line);
                return value
                    .map(Some)
                    .map_err(|source| ControlError::Answer { path: self.path.clone(), source });
            }
            let chunk = self.response.chunk().await.map_err(|source| {
                let gateway = self.gateway.clone();
                ControlError::Unreachable { gateway, source: source.without_url() }
            })?;
            match chunk {
                Some(chunk) => self.lines.push(&chunk),
                None => return Ok(None),
            }
        }
    }
}
