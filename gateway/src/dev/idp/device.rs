//! Devices that wait for a person to type their code (RFC 8628).

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::state::{StateError, random, random_text};

/// How long a person has to type the code.
pub(super) const LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// How often a device may ask, in seconds. Everything is on one machine: no need to be slow.
pub(super) const INTERVAL_SECONDS: u32 = 1;
/// A device that keeps the interval may still come a little early.
const MIN_PAUSE: SignedDuration = SignedDuration::from_millis(500);
/// Devices that may wait at the same time.
const MAX_PENDING: usize = 64;

/// Consonants only, so that no word comes out, and without look-alikes.
const ALPHABET: &[u8; 16] = b"BCDFGHJKLMNPQRST";

/// The waiting devices, by device code.
#[derive(Default)]
pub(super) struct DeviceCodes(HashMap<String, Waiting>);

struct Waiting {
    user_code: String,
    started: Timestamp,
    asked: Option<Timestamp>,
    approved_by: Option<LoggedIn>,
}

/// Who logged in, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LoggedIn {
    pub(super) user: String,
    pub(super) at: Timestamp,
}

/// The two codes of a device that begins to wait.
pub(super) struct Started {
    /// For the device.
    pub(super) device_code: String,
    /// For the person.
    pub(super) user_code: String,
}

/// What a device learns when it asks.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Poll {
    /// This user has logged in. Told once.
    Approved(LoggedIn),
    /// The time is over.
    Expired,
    /// Nobody has logged in yet.
    Pending,
    /// The device asks too often.
    TooSoon,
    /// No device waits with that code.
    Unknown,
}

impl DeviceCodes {
    /// A device begins to wait; `None` when too many do already.
    pub(super) fn start(&mut self, now: Timestamp) -> Result<Option<Started>, StateError> {
        // An expired code is kept for as long again, so that its device learns why it failed.
        self.0.retain(|_, waiting| now.duration_since(waiting.started) < LIFETIME * 2);
        if self.0.values().filter(|waiting| !waiting.is_over(now)).count() >= MAX_PENDING {
            return Ok(None);
        }
        if self.0.len() >= 2 * MAX_PENDING {
            self.0.retain(|_, waiting| !waiting.is_over(now));
        }
        let (device_code, user_code) = (random_text()?, user_code()?);
        let (asked, approved_by) = (None, None);
        let waiting = Waiting { user_code: user_code.clone(), started: now, asked, approved_by };
        self.0.insert(device_code.clone(), waiting);
        Ok(Some(Started { device_code, user_code }))
    }

    /// Whether a device waits for a person to type this code.
    pub(super) fn is_pending(&self, user_code: &str, now: Timestamp) -> bool {
        let user_code = normal(user_code);
        self.0.values().any(|waiting| {
            waiting.user_code == user_code && !waiting.is_over(now) && waiting.approved_by.is_none()
        })
    }

    /// `user` typed this code and logged in.
    pub(super) fn approve(&mut self, user_code: &str, user: &str, at: Timestamp) {
        let user_code = normal(user_code);
        for waiting in self.0.values_mut().filter(|waiting| waiting.user_code == user_code) {
            waiting.approved_by = Some(LoggedIn { user: user.to_owned(), at });
        }
    }

    /// A device asks whether somebody has logged in.
    pub(super) fn poll(&mut self, device_code: &str, now: Timestamp) -> Poll {
        let Some(waiting) = self.0.get_mut(device_code) else { return Poll::Unknown };
        if waiting.is_over(now) {
            return Poll::Expired;
        }
        let before = waiting.asked.replace(now);
        if before.is_some_and(|before| now.duration_since(before) < MIN_PAUSE) {
            return Poll::TooSoon;
        }
        let Some(logged_in) = waiting.approved_by.take() else { return Poll::Pending };
        self.0.remove(device_code);
        Poll::Approved(logged_in)
    }
}

impl Waiting {
    fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.started) >= LIFETIME
    }
}

/// Eight letters in two groups.
fn user_code() -> Result<String, StateError> {
    let letter = |byte: u8| ALPHABET.get(usize::from(byte % 16)).copied().unwrap_or(b'B') as char;
    let code: String = random::<8>()?.into_iter().map(letter).collect();
    let (left, right) = code.split_at_checked(4).unwrap_or((&code, ""));
    Ok(format!("{left}-{right}"))
}

/// The code as it was given out, however a person typed it.
fn normal(typed: &str) -> String {
    let letters: String =
        typed.chars().filter(char::is_ascii_alphabetic).take(9).collect::<String>();
    let letters = letters.to_ascii_uppercase();
    match letters.split_at_checked(4) {
        Some((left, right)) => format!("{left}-{right}"),
        None => letters,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_device_gets_its_user_once() {
        let mut codes = DeviceCodes::default();
        let Started { device_code, user_code } = codes.start(second(0)).unwrap().unwrap();
        assert_eq!(codes.poll(&device_code, second(1)), Poll::Pending);
        assert_eq!(codes.poll(&device_code, second(1)), Poll::TooSoon);
        let typed = format!(" {} ", user_code.to_lowercase().replace('-', " "));
        assert!(codes.is_pending(&typed, second(2)));
        codes.approve(&typed, "alice", second(2));
        assert!(!codes.is_pending(&user_code, second(2)), "a code is typed once");
        assert_eq!(
            codes.poll(&device_code, second(3)),
            Poll::Approved(LoggedIn { user: "alice".into(), at: second(2) })
        );
        assert_eq!(codes.poll(&device_code, second(4)), Poll::Unknown);
    }

    #[test]
    fn a_code_runs_out_even_when_somebody_typed_it() {
        let mut codes = DeviceCodes::default();
        let Started { device_code, user_code } = codes.start(second(0)).unwrap().unwrap();
        assert!(codes.is_pending(&user_code, second(599)));
        codes.approve(&user_code, "alice", second(599));
        assert!(!codes.is_pending(&user_code, second(600)));
        assert_eq!(codes.poll(&device_code, second(600)), Poll::Expired);
        assert_eq!(codes.poll("made up", second(600)), Poll::Unknown);
    }

    #[test]
    fn only_so_many_devices_wait_at_a_time() {
        let mut codes = DeviceCodes::default();
        for _ in 0..MAX_PENDING {
            codes.start(second(0)).unwrap().unwrap();
        }
        assert!(codes.start(second(1)).unwrap().is_none());
        assert!(codes.start(second(600)).unwrap().is_some(), "those that ran out make room");
        for n in 0..10_000 {
            codes.start(second(600 + n)).unwrap();
            assert!(codes.0.len() <= 2 * MAX_PENDING);
        }
    }
}
