//! The private folder of a session: removed at its end, or by a later session if it was killed.

use std::fs::File;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use crate::config::Folders;
use crate::files::{self, FileError};

/// A session that has just begun may not have its lock yet.
const GRACE: Duration = Duration::from_mins(1);

/// A folder whose lock is held as long as the session lives.
#[derive(Debug)]
pub(super) struct SessionFolder {
    path: PathBuf,
    _lock: File,
}

impl SessionFolder {
    pub(super) fn create(folders: &Folders) -> Result<Self, FileError> {
        let path = folders.runtime.join("sessions").join(Uuid::new_v4().to_string());
        files::private_folder(&path)?;
        let lock_path = path.join("lock");
        let lock = files::open_lock(&lock_path)?;
        lock.lock().map_err(|source| FileError::Lock { path: lock_path, source })?;
        Ok(Self { path, _lock: lock })
    }

    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.path.join("kubeconfig")
    }

    pub(super) fn write_kubeconfig(&self, text: &str) -> Result<(), FileError> {
        files::write_private(&self.kubeconfig(), text.as_bytes())
    }

    /// Removes the folders of sessions that are no more.
    pub(super) fn sweeper(&self) -> impl Future<Output = ()> + use<> {
        let sessions = self.path.parent().map(Path::to_owned);
        async move {
            if let Some(sessions) = sessions {
                drop(tokio::task::spawn_blocking(move || sweep(&sessions)).await);
            }
        }
    }
}

impl Drop for SessionFolder {
    fn drop(&mut self) {
        // What stays behind is swept by the next session.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

fn sweep(sessions: &Path) {
    let Ok(entries) = std::fs::read_dir(sessions) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if is_old(&path) && is_dead(&path) {
            let _ = std::fs::remove_dir_all(&path);
        }
    }
}

fn is_old(path: &Path) -> bool {
    let modified = path.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > GRACE))
}

fn is_dead(path: &Path) -> bool {
    match File::open(path.join("lock")) {
        Ok(lock) => lock.try_lock().is_ok(),
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_session_left_is_swept_and_a_living_one_is_not() {
        let home = tempfile::tempdir().unwrap();
        let environment = [("KGUARD_HOME", home.path().to_str().unwrap())].into_iter().collect();
        let folders = Folders::find(&environment).unwrap();
        let living = SessionFolder::create(&folders).unwrap();
        living.write_kubeconfig("x").unwrap();
        let sessions = living.path.parent().unwrap();
        let killed = sessions.join("killed");
        std::fs::create_dir(&killed).unwrap();
        std::fs::write(killed.join("lock"), "").unwrap();
        let young = sessions.join("young");
        std::fs::create_dir(&young).unwrap();
        let long_ago = SystemTime::now() - 2 * GRACE;
        for path in [&living.path, &killed] {
            File::open(path).unwrap().set_modified(long_ago).unwrap();
        }
        sweep(sessions);
        assert!(living.kubeconfig().exists() && young.exists() && !killed.exists());
        let path = living.path.clone();
        drop(living);
        assert!(!path.exists());
    }
}
