//! A link to a gateway that is far away: so many bytes a second, and so long on the way. It queues
//! little, as a router does that looks after its queue; what is queued besides is the sender's own doing.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::Failure;

/// 100 Mbit/s, in each direction.
const BYTES_PER_SECOND: u64 = 12_500_000;
/// How long a byte is on its way.
const ONE_WAY: Duration = Duration::from_millis(25);
/// What waits in front of the link, a little more than 5 ms of it.
const QUEUE_BYTES: u32 = 64 << 10;
/// What may go at once, as the runtime's clock is no finer: who sleeps too long catches up.
const TICK: Duration = Duration::from_millis(2);
const PACKET_BYTES: usize = 1448;

/// There and back.
pub(crate) const ROUND_TRIP_MS: f64 = 50.0;

/// A link, on a thread of its own. Dropped, it goes down.
pub(crate) struct Link {
    /// Where it begins.
    pub(crate) address: SocketAddr,
    _up: oneshot::Sender<()>,
}

impl Link {
    /// One that ends at a gateway.
    pub(crate) fn to(gateway: SocketAddr) -> Result<Self, Failure> {
        let (up, down) = oneshot::channel::<()>();
        let (told, address) = std::sync::mpsc::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::spawn(move || {
            runtime.block_on(async {
                let listening = listen();
                // Nobody waits for the address any more if this fails.
                let _ = told.send(listening.as_ref().ok().map(|(address, _)| *address));
                let Ok((_, listener)) = listening else { return };
                tokio::select! {
                    () = carry_all(listener, gateway) => {}
                    _ = down => {}
                }
            });
        });
        let address = address.recv()?.ok_or("the link cannot listen")?;
        Ok(Self { address, _up: up })
    }
}

fn listen() -> std::io::Result<(SocketAddr, TcpListener)> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(QUEUE_BYTES)?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let listener = socket.listen(16)?;
    Ok((listener.local_addr()?, listener))
}

async fn carry_all(listener: TcpListener, gateway: SocketAddr) {
    while let Ok((near, _)) = listener.accept().await {
        tokio::spawn(async move {
            // Whoever is connected learns of what breaks here by himself.
            let _ = carry(near, gateway).await;
        });
    }
}

async fn carry(near: TcpStream, gateway: SocketAddr) -> std::io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(QUEUE_BYTES)?;
    let far = socket.connect(gateway).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let (near, far) = (near.into_split(), far.into_split());
    tokio::try_join!(direction(near.0, far.1), direction(far.0, near.1))?;
    Ok(())
}

/// Takes bytes at the link's rate, and gives each out when it has been on its way for long enough.
async fn direction(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> std::io::Result<()> {
    let (on_its_way, mut arriving) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let taking = async move {
        let mut free = Instant::now();
        let mut packet = [0; PACKET_BYTES];
        loop {
            let length = from.read(&mut packet).await?;
            if length == 0 {
                return std::io::Result::Ok(());
            }
            let bytes = packet.get(..length).unwrap_or_default().to_vec();
            let time = Duration::from_nanos(length as u64 * 1_000_000_000 / BYTES_PER_SECOND);
            free = free.max(Instant::now() - TICK) + time;
            let _ = on_its_way.send((free + ONE_WAY, bytes));
            if free > Instant::now() {
                sleep_until(free).await;
            }
        }
    };
    let giving = async move {
        while let Some((due, bytes)) = arriving.recv().await {
            sleep_until(due).await;
            to.write_all(&bytes).await?;
        }
        to.shutdown().await
    };
    tokio::try_join!(taking, giving)?;
    Ok(())
}
