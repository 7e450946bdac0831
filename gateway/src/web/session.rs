//! One session: what the issuer said of a person who logged in, and when it last said so.
//!
//! It ends at logout, when nobody used it for an hour, twelve hours after it began, and when the
//! issuer does not vouch for its person any more ([`super::renewal`]).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use jiff::{SignedDuration, Timestamp};
use kguard::identity::Caller;
use kguard::redact::Secret;
use tokio_util::sync::CancellationToken;

use crate::authenticate::Authenticated;

/// A session that nobody used for so long is over.
pub(super) const IDLE: SignedDuration = SignedDuration::from_hours(1);
/// A session is over after so long, whoever uses it: a working day and a bit.
pub(super) const LONGEST: SignedDuration = SignedDuration::from_hours(12);
/// Whoever decides has to be whom the issuer said he was at most so long ago.
const VOUCHED_FOR: SignedDuration = SignedDuration::from_secs(60);
/// A token is renewed so long before it ends.
const AHEAD: SignedDuration = SignedDuration::from_secs(30);

/// What a request needs to know of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// It changes something: who he is now, with the groups of now.
    Deciding,
    /// It reads: who he is as long as his token has not ended.
    Reading,
}

/// What the issuer said last.
pub(super) struct Vouched {
    /// Whom it named, and until when.
    pub(super) authenticated: Authenticated,
    /// When it did.
    pub(super) at: Timestamp,
    /// What it is asked with again; none if it gave none.
    pub(super) refresh_token: Option<Secret<String>>,
}

/// A session.
pub(super) struct Session {
    /// What the page shows that it is the page.
    csrf: Secret<String>,
    began: Timestamp,
    standing: Mutex<Standing>,
    /// Held while the issuer is asked: a refresh token is good once.
    pub(super) renewing: Arc<tokio::sync::Mutex<()>>,
    ended: CancellationToken,
}

struct Standing {
    vouched: Vouched,
    used: Timestamp,
}

impl Session {
    /// A session that begins now.
    pub(super) fn begin(vouched: Vouched, csrf: Secret<String>, now: Timestamp) -> Self {
        Self {
            csrf,
            began: now,
            standing: Mutex::new(Standing { vouched, used: now }),
            renewing: Arc::default(),
            ended: CancellationToken::new(),
        }
    }

    /// What the page has to send along with whatever changes something.
    pub(super) fn csrf(&self) -> &Secret<String> {
        &self.csrf
    }

    /// Whether a header has it.
    pub(super) fn is_csrf(&self, sent: &[u8]) -> bool {
        verify_slices_are_equal(sent, self.csrf.expose().as_bytes()).is_ok()
    }

    /// Whose it is.
    pub(super) fn caller(&self) -> Arc<Caller> {
        Arc::clone(&self.standing().vouched.authenticated.caller)
    }

    /// The caller as he is to be taken now; none if the issuer has to be asked before.
    pub(super) fn standing_for(&self, need: Need, now: Timestamp) -> Option<Authenticated> {
        let standing = self.standing();
        let Vouched { authenticated, at, .. } = &standing.vouched;
        let lasts = authenticated.expires.duration_since(now) > AHEAD;
        let fresh = need == Need::Reading || now.duration_since(*at) <= VOUCHED_FOR;
        (lasts && fresh).then(|| self.bounded(authenticated))
    }

    /// The caller, if the issuer cannot be asked: whoever reads may go on until his token ends.
    pub(super) fn standing_without_issuer(
        &self,
        need: Need,
        now: Timestamp,
    ) -> Option<Authenticated> {
        let standing = self.standing();
        let authenticated = &standing.vouched.authenticated;
        (need == Need::Reading && now < authenticated.expires).then(|| self.bounded(authenticated))
    }

    /// Nothing that a session is told goes on for longer than the session may.
    fn bounded(&self, authenticated: &Authenticated) -> Authenticated {
        let expires = authenticated.expires.min(self.ends());
        Authenticated { expires, ..authenticated.clone() }
    }

    /// The latest moment at which it ends.
    pub(super) fn ends(&self) -> Timestamp {
        self.began.saturating_add(LONGEST).unwrap_or(self.began)
    }

    /// What the issuer is asked with.
    pub(super) fn refresh_token(&self) -> Option<Secret<String>> {
        self.standing().vouched.refresh_token.clone()
    }

    /// The issuer has spoken again. A refresh token that is not replaced stays.
    pub(super) fn renew(&self, vouched: Vouched) {
        let mut standing = self.standing();
        let refresh_token = vouched.refresh_token.or_else(|| standing.vouched.refresh_token.take());
        standing.vouched = Vouched { refresh_token, ..vouched };
    }

    /// Somebody uses it.
    pub(super) fn used(&self, now: Timestamp) {
        self.standing().used = now;
    }

    /// When somebody last did.
    pub(super) fn last_used(&self) -> Timestamp {
        self.standing().used
    }

    /// Whether its time is over.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.last_used()) >= IDLE || now >= self.ends()
    }

    /// Ends whatever is being told to it.
    pub(super) fn end(&self) {
        self.ended.cancel();
    }

    /// Resolves when it was ended.
    pub(super) fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        self.ended.clone().cancelled_owned()
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use kguard::identity::CallerKind;

    use super::*;

    pub(in crate::web) fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// What an issuer says at `at` of somebody, with a token that ends at `expires`.
    pub(in crate::web) fn vouched(name: &str, at: i64, expires: i64) -> Vouched {
        let caller = Caller {
            name: name.to_owned(),
            groups: vec![],
            uid: None,
            kind: CallerKind::Person,
            issuer: "https://issuer.example".to_owned(),
        };
        Vouched {
            authenticated: Authenticated {
                caller: caller.into(),
                expires: second(expires),
                auth_time: None,
            },
            at: second(at),
            refresh_token: Some(Secret::new("refresh".to_owned())),
        }
    }

    fn session(expires: i64) -> Session {
        let csrf = Secret::new("csrf".to_owned());
        Session::begin(vouched("bob", 0, expires), csrf, second(0))
    }

    #[test]
    fn the_issuer_is_asked_before_a_token_ends_and_a_minute_after_it_spoke_before_a_decision() {
        let session = session(600);
        for (need, at, known) in [
            (Need::Deciding, 60, true),
            (Need::Deciding, 61, false),
            (Need::Reading, 61, true),
            (Need::Reading, 569, true),
            (Need::Reading, 570, false),
        ] {
            assert_eq!(session.standing_for(need, second(at)).is_some(), known, "{need:?} {at}");
        }
        session.renew(vouched("bob", 100, 700));
        assert!(session.standing_for(Need::Deciding, second(160)).is_some());
    }

    #[test]
    fn without_its_issuer_a_session_reads_until_the_token_ends_and_decides_nothing() {
        let session = session(600);
        assert!(session.standing_without_issuer(Need::Reading, second(599)).is_some());
        assert!(session.standing_without_issuer(Need::Reading, second(600)).is_none());
        assert!(session.standing_without_issuer(Need::Deciding, second(61)).is_none());
    }

    #[test]
    fn a_session_ends_when_it_is_idle_and_after_half_a_day() {
        let session = session(1_000_000);
        assert!(!session.is_over(second(3599)));
        assert!(session.is_over(second(3600)));
        for hour in 1..12 {
            session.used(second(hour * 3600 - 1));
            assert!(!session.is_over(second(hour * 3600)));
        }
        session.used(second(12 * 3600 - 1));
        assert!(session.is_over(second(12 * 3600)));
        let told = session.standing_for(Need::Reading, second(100)).unwrap();
        assert_eq!(told.expires, second(12 * 3600));
    }

    #[test]
    fn a_refresh_token_stays_until_there_is_another() {
        let session = session(600);
        session.renew(Vouched { refresh_token: None, ..vouched("bob", 1, 600) });
        assert_eq!(session.refresh_token().unwrap().expose(), "refresh");
        let next = Some(Secret::new("next".to_owned()));
        session.renew(Vouched { refresh_token: next, ..vouched("bob", 2, 600) });
        assert_eq!(session.refresh_token().unwrap().expose(), "next");
    }

    #[test]
    fn the_pages_token_is_compared_as_a_whole() {
        let session = session(600);
        assert!(session.is_csrf(b"csrf"));
        for sent in ["", "c", "csr", "csrf2", "CSRF"] {
            assert!(!session.is_csrf(sent.as_bytes()), "{sent}");
        }
    }
}
