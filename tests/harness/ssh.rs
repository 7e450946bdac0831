//! A terminal on another machine: sshd on a loopback port, for one test alone.

use std::process::{Child, Command, Stdio};

use super::gateway::free_address;
use super::process::run;

/// A server that lets in whoever has its key. Dropped, it is ended.
pub struct Sshd {
    folder: tempfile::TempDir,
    port: u16,
    server: Child,
}

impl Sshd {
    /// Makes keys and starts it.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        for key in ["host", "user"] {
            let key = path(key);
            run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &key]))
                .ok();
        }
        let address: std::net::SocketAddr = free_address().parse().unwrap();
        let config = format!(
            "ListenAddress {address}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n\
             StrictModes no\nUsePAM no\nPasswordAuthentication no\n",
            path("host"),
            path("user.pub"),
        );
        std::fs::write(path("config"), config).unwrap();
        // Where it is run as root it wants this to be there.
        let _ = std::fs::create_dir_all("/run/sshd");
        let said = path("log");
        let log = std::fs::File::create(&said).unwrap();
        // It starts itself anew for each connection, so it wants its whole path.
        let server = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f", &path("config")])
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut sshd = Self { folder, port: address.port(), server };
        super::eventually("sshd", || {
            let ended = sshd.server.try_wait().unwrap();
            assert!(ended.is_none(), "{}", std::fs::read_to_string(&said).unwrap());
            std::net::TcpStream::connect(address).ok()
        });
        sshd
    }

    /// A program with its variables, in a terminal at the other end.
    pub fn terminal(&self, program: &Command) -> Command {
        let path = |name: &str| self.folder.path().join(name).to_str().unwrap().to_owned();
        let quoted = |text: &std::ffi::OsStr| format!("'{}'", text.to_str().unwrap());
        let variables = program.get_envs().filter_map(|(name, value)| {
            Some(format!("{}={}", name.to_str().unwrap(), quoted(value?)))
        });
        let words = std::iter::once(program.get_program()).chain(program.get_args());
        let remote: Vec<_> = ["env".to_owned(), "TERM=xterm-256color".to_owned()]
            .into_iter()
            .chain(variables)
            .chain(words.map(quoted))
            .collect();
        let user = run(Command::new("id").arg("-un")).ok();
        let mut ssh = Command::new("ssh");
        ssh.args(["-F", "none", "-tt", "-q", "-i", &path("user"), "-p", &self.port.to_string()])
            .args(["-o", "StrictHostKeyChecking=no"])
            .arg("-o")
            .arg(format!("UserKnownHostsFile={}", path("known")))
            .arg(format!("{}@127.0.0.1", user.trim()))
            .arg(remote.join(" "))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        ssh
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
