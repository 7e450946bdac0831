//! A way to the API server that can be cut.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::Cluster;

/// Passes on what comes. Dropped, it is cut, and nothing is taken any more.
pub struct Way {
    address: SocketAddr,
    connections: Arc<Mutex<Vec<TcpStream>>>,
    is_over: Arc<AtomicBool>,
    folder: tempfile::TempDir,
}

impl Way {
    pub fn to_the_cluster() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let is_over: Arc<AtomicBool> = Arc::default();
        let server = Cluster::get().server.strip_prefix("https://").unwrap();
        let (kept, over) = (Arc::clone(&connections), Arc::clone(&is_over));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(server)) else {
                    continue;
                };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    kept.lock().unwrap().push(from.try_clone().unwrap());
                    std::thread::spawn(move || pass(from, to));
                }
            }
        });
        Self { address, connections, is_over, folder: tempfile::tempdir().unwrap() }
    }

    /// A kubeconfig of the cluster that takes this way.
    pub fn kubeconfig(&self, of: &Path) -> PathBuf {
        let text = std::fs::read_to_string(of).unwrap();
        let server = &Cluster::get().server;
        assert!(text.contains(server.as_str()), "{server} is not in {text}");
        let path = self.folder.path().join(of.file_name().unwrap());
        std::fs::write(&path, text.replace(server, &format!("https://{}", self.address))).unwrap();
        path
    }

    /// Ends all connections, in the middle of whatever they say. New ones may come.
    pub fn cut(&self) {
        for connection in self.connections.lock().unwrap().drain(..) {
            // It may be over by now.
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Wakes whoever waits for the next one.
        let _ = TcpStream::connect(self.address);
        self.cut();
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
