//! `kguard shim`: a `kubectl` for the PATH that goes through the gateway, so that scripts go
//! through unchanged. It leads to the real kubectl, which is found behind it on the PATH.

use std::path::Path;

use crate::args::ShimCommand;
use crate::child::SHIM_MARK;
use crate::context::Context;
use crate::failure::Failure;

pub(super) fn run(context: &Context, command: &ShimCommand) -> Result<(), Failure> {
    let ShimCommand::Install { folder } = command;
    let kguard = std::env::current_exe()?;
    std::fs::create_dir_all(folder)?;
    let file = folder.join(if cfg!(windows) { "kubectl.cmd" } else { "kubectl" });
    std::fs::write(&file, script(&kguard))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755))?;
    }
    context.ui.note(format_args!("wrote {}", file.display()));
    context.ui.hint(format_args!("put {} first on the PATH", folder.display()));
    Ok(())
}

/// The mark comes first: whoever looks for the real kubectl reads only the beginning.
fn script(kguard: &Path) -> String {
    let kguard = kguard.to_string_lossy();
    if cfg!(windows) {
        format!("@rem {SHIM_MARK}\r\n@\"{kguard}\" kubectl %*\r\n")
    } else {
        let quoted = kguard.replace('\'', r"'\''");
        format!("#!/bin/sh\n# {SHIM_MARK}\nexec '{quoted}' kubectl \"$@\"\n")
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_shim_is_marked_and_quotes_what_it_runs() {
        let script = script(Path::new("/opt/it's/kguard"));
        assert_eq!(
            script,
            "#!/bin/sh\n# kguard-shim\nexec '/opt/it'\\''s/kguard' kubectl \"$@\"\n"
        );
    }
}
