//! The people of a local try.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use kguard::redact::Secret;

use super::state::{self, StateError, random_text, sha256_text};

/// Somebody who can log in.
#[derive(Debug, Clone)]
pub struct DevUser {
    /// The name, which becomes the caller's.
    pub name: String,
    /// The groups, which become the caller's.
    pub groups: Vec<String>,
    /// What the person types.
    pub password: Secret<String>,
}

impl DevUser {
    pub(super) fn has_password(&self, typed: &str) -> bool {
        // Of digests, so that neither the time nor the length tells how much was right.
        let [typed, password] = [typed, self.password.expose()].map(sha256_text);
        let equal = verify_slices_are_equal(typed.as_bytes(), password.as_bytes()).is_ok();
        // Whoever empties a password in the file locks its user out, and lets nobody in.
        equal && !self.password.expose().is_empty()
    }
}

/// Who can log in, and as a member of what.
const LOCAL_USERS: [(&str, &str); 2] = [("alice", "developers"), ("bob", "sre")];

/// The two users of `kguard-gateway dev`: alice, who works, and bob, who approves as one of the
/// group `sre`. Their passwords are made once and stay in `folder/passwords.json`.
pub fn local_users(folder: &Path) -> Result<Vec<DevUser>, StateError> {
    state::make_folder(folder)?;
    let path = folder.join("passwords.json");
    let mut passwords: BTreeMap<String, String> = state::read_json(&path)?.unwrap_or_default();
    let (mut users, mut made) = (Vec::new(), false);
    for (name, group) in LOCAL_USERS {
        let (name, groups) = (name.to_owned(), vec![group.to_owned()]);
        let password = match passwords.entry(name.clone()) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(missing) => {
                made = true;
                missing.insert(new_password()?).clone()
            }
        };
        users.push(DevUser { name, groups, password: Secret::new(password) });
    }
    if made {
        state::write_json(&path, &passwords)?;
    }
    Ok(users)
}

/// 96 bits, short enough to type.
fn new_password() -> Result<String, StateError> {
    Ok(random_text()?.chars().filter(char::is_ascii_alphanumeric).take(16).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_random_stay_the_same_and_are_for_their_owner_alone() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let passwords = |folder: &Path| {
            let users = local_users(folder).unwrap();
            users.into_iter().map(|user| user.password.expose().clone()).collect::<Vec<_>>()
        };
        let first = passwords(one.path());
        assert_eq!(passwords(one.path()), first);
        assert_ne!(first[0], first[1]);
        assert_ne!(passwords(other.path()), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let file = std::fs::metadata(one.path().join("passwords.json")).unwrap();
            assert_eq!(file.permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn only_the_very_password_fits() {
        let (name, password) = ("x".to_owned(), Secret::new("hunter2".to_owned()));
        let user = DevUser { name, groups: vec![], password };
        assert!(user.has_password("hunter2"));
        for typed in ["", "hunter", "hunter22", "HUNTER2"] {
            assert!(!user.has_password(typed), "{typed}");
        }
        let locked_out = DevUser { password: Secret::new(String::new()), ..user };
        assert!(!locked_out.has_password(""));
    }
}
