//! A small disk of its own.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use super::process::run;

/// Dropped, it is unmounted.
pub struct Disk {
    pub mount: PathBuf,
    _folder: tempfile::TempDir,
}

impl Disk {
    pub fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mount = folder.path().join("disk");
        std::fs::create_dir(&mount).unwrap();
        let options = ["-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs"];
        let mounted = run(Command::new("mount").args(options).arg(&mount));
        assert_eq!(mounted.code, 0, "this test has to be root: {mounted:?}");
        Self { mount, _folder: folder }
    }

    pub fn fill(&self) {
        let mut file = std::fs::File::create(self.mount.join("filler")).unwrap();
        // Down to the last byte: big pieces first.
        for size in [1 << 20, 1 << 12, 1] {
            let piece = vec![0; size];
            while file.write_all(&piece).is_ok() {}
        }
    }

    pub fn free(&self) {
        std::fs::remove_file(self.mount.join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run(Command::new("umount").arg("--lazy").arg(&self.mount));
    }
}
