//! The exit code of a command that ran through the gateway.

use kguard::api::{HoldState, SessionEvent, SessionOutcome};

use crate::failure::Kind;

/// What a program may have failed of, from the least to the most telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// The gateway was not reached.
    Unreachable,
    /// The gateway does not know the caller.
    NotLoggedIn,
    /// Nobody decided on a request in time.
    TimedOut,
    /// A request was refused.
    Refused,
}

/// What happened to the session's requests, as far as the exit code is concerned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Outcome(Option<Cause>);

impl Outcome {
    pub(crate) fn note(&mut self, cause: Cause) {
        self.0 = self.0.max(Some(cause));
    }

    /// Notes what an event says of the program's end, if anything.
    pub(crate) fn note_event(&mut self, event: &SessionEvent) {
        match event {
            SessionEvent::BrokeGlass { .. } | SessionEvent::Held { .. } => {}
            SessionEvent::Refused { .. } => self.note(Cause::Refused),
            SessionEvent::Settled { hold } => match hold.state {
                HoldState::Denied => self.note(Cause::Refused),
                HoldState::Expired => self.note(Cause::TimedOut),
                HoldState::Approved
                | HoldState::Cancelled
                | HoldState::Pending
                | HoldState::Used => {}
            },
        }
    }

    /// Notes what the gateway says when it is asked.
    pub(crate) fn note_told(&mut self, SessionOutcome { refused, timed_out }: SessionOutcome) {
        let causes = [(refused, Cause::Refused), (timed_out, Cause::TimedOut)];
        causes.into_iter().filter(|(is_so, _)| *is_so).for_each(|(_, cause)| self.note(cause));
    }

    /// The exit code: the child's, unless it failed and we know why.
    pub(crate) fn exit_code(self, child: u8) -> u8 {
        match self.0 {
            Some(cause) if child != 0 => cause.kind() as u8,
            _ => child,
        }
    }
}

impl Cause {
    fn kind(self) -> Kind {
        match self {
            Self::NotLoggedIn => Kind::NotLoggedIn,
            Self::Refused => Kind::Refused,
            Self::TimedOut => Kind::TimedOut,
            Self::Unreachable => Kind::Unreachable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hold_card::tests::hold;

    #[test]
    fn the_childs_code_counts_unless_we_know_better() {
        for (causes, child, code) in [
            (&[][..], 0, 0),
            (&[], 1, 1),
            (&[], 130, 130),
            (&[Cause::Refused], 0, 0),
            (&[Cause::Refused], 1, 77),
            (&[Cause::TimedOut], 1, 75),
            (&[Cause::NotLoggedIn], 1, 66),
            (&[Cause::Unreachable], 1, 69),
            (&[Cause::Refused, Cause::TimedOut, Cause::Unreachable], 1, 77),
        ] {
            let mut outcome = Outcome::default();
            for &cause in causes {
                outcome.note(cause);
            }
            assert_eq!(outcome.exit_code(child), code, "{causes:?} {child}");
        }
    }

    #[test]
    fn events_tell_why_a_program_fails() {
        let settled = |state| SessionEvent::Settled { hold: Box::new(hold("7KQ4", state)) };
        let refused = SessionEvent::Refused { policy: None, message: String::new() };
        for (event, cause) in [
            (refused, Some(Cause::Refused)),
            (settled("denied"), Some(Cause::Refused)),
            (settled("expired"), Some(Cause::TimedOut)),
            (settled("cancelled"), None),
            (settled("used"), None),
        ] {
            let mut outcome = Outcome::default();
            outcome.note_event(&event);
            assert_eq!(outcome, Outcome(cause), "{event:?}");
        }
    }

    #[test]
    fn the_gateway_may_be_asked() {
        for (refused, timed_out, cause) in [
            (false, false, None),
            (true, false, Some(Cause::Refused)),
            (false, true, Some(Cause::TimedOut)),
            (true, true, Some(Cause::Refused)),
        ] {
            let mut outcome = Outcome::default();
            outcome.note_told(SessionOutcome { refused, timed_out });
            assert_eq!(outcome, Outcome(cause));
        }
    }
}
