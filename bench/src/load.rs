//! Load: the same requests to whoever answers them.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, HOST, HeaderValue, USER_AGENT};
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::task::{LocalSet, spawn_local};
use tokio_rustls::TlsConnector;

use crate::Failure;

/// Whom to ask for what.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) path: String,
    pub(crate) token: String,
    pub(crate) tls: TlsConnector,
}

/// An open connection.
pub(crate) struct Connection {
    sender: SendRequest<Empty<Bytes>>,
    request: Request<Empty<Bytes>>,
}

impl Target {
    /// Opens a connection.
    pub(crate) async fn connect(&self) -> Result<Connection, Failure> {
        let tcp = TcpStream::connect(self.address).await?;
        tcp.set_nodelay(true)?;
        let tls = self.tls.connect(ServerName::try_from("localhost")?, tcp).await?;
        let (sender, connection) = handshake(TokioIo::new(tls)).await?;
        tokio::spawn(connection);
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", self.token))?;
        authorization.set_sensitive(true);
        let request = Request::get(&self.path)
            .header(HOST, "localhost")
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, "kguard-bench")
            .header(AUTHORIZATION, authorization)
            .body(Empty::new())?;
        Ok(Connection { sender, request })
    }

    /// Asks on as many connections as are given, each for the next as soon as it has the answer.
    /// Returns how many answers came.
    pub(crate) async fn closed(&self, connections: usize, time: Duration) -> Result<u64, Failure> {
        let mut open = Vec::new();
        for _ in 0..connections {
            open.push(self.connect().await?);
        }
        let until = Instant::now() + time;
        let asking = open.into_iter().map(|mut connection| async move {
            let mut answers = 0;
            while Instant::now() < until {
                connection.ask().await?;
                answers += 1;
            }
            Ok::<u64, Failure>(answers)
        });
        let answers = futures_util::future::try_join_all(asking).await?;
        Ok(answers.iter().sum())
    }

    /// Asks at fixed moments, whether answers have come or not. Returns how long each took.
    pub(crate) async fn open(
        &self,
        every: Duration,
        time: Duration,
    ) -> Result<Vec<Duration>, Failure> {
        LocalSet::new().run_until(self.ask_at_fixed_moments(every, time)).await
    }

    async fn ask_at_fixed_moments(
        &self,
        every: Duration,
        time: Duration,
    ) -> Result<Vec<Duration>, Failure> {
        let idle = Rc::new(RefCell::new(Vec::new()));
        for _ in 0..16 {
            let mut connection = self.connect().await?;
            connection.ask().await?;
            idle.borrow_mut().push(connection);
        }
        let mut ticks = tokio::time::interval(every);
        let (mut asked, until) = (Vec::new(), Instant::now() + time);
        while Instant::now() < until {
            ticks.tick().await;
            let (idle, target) = (Rc::clone(&idle), self.clone());
            asked.push(spawn_local(async move {
                let connection = idle.borrow_mut().pop();
                let mut connection = match connection {
                    Some(connection) => connection,
                    None => target.connect().await?,
                };
                let start = Instant::now();
                connection.ask().await?;
                let took = start.elapsed();
                idle.borrow_mut().push(connection);
                Ok::<_, Failure>(took)
            }));
        }
        let mut took = Vec::with_capacity(asked.len());
        for one in asked {
            took.push(one.await??);
        }
        Ok(took)
    }
}

impl Connection {
    /// Asks once and reads the whole answer.
    pub(crate) async fn ask(&mut self) -> Result<(), Failure> {
        let mut body = self.send().await?.into_body();
        while let Some(frame) = body.frame().await {
            frame?;
        }
        Ok(())
    }

    /// Asks, and returns once the answer has begun.
    pub(crate) async fn send(&mut self) -> Result<Response<Incoming>, Failure> {
        self.sender.ready().await?;
        let response = self.sender.send_request(self.request.clone()).await?;
        if !response.status().is_success() {
            return Err(format!("{} for {}", response.status(), self.request.uri()).into());
        }
        Ok(response)
    }
}
