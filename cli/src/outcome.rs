//! The exit code of a command that ran through the gateway.

use kguard::api::{Hold, HoldState, SessionEvent};

use crate::failure::Kind;

/// What happened to the session's requests, as far as the exit code is concerned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    refused: bool,
    timed_out: bool,
    unauthorized: bool,
    unreachable: bool,
}

impl Outcome {
    pub(crate) fn note(&mut self, event: &SessionEvent) {
        match event {
            SessionEvent::Held { .. } => {}
            SessionEvent::Refused { .. } => self.refused = true,
            SessionEvent::Settled { hold } => self.note_hold(hold),
        }
    }

    fn note_hold(&mut self, hold: &Hold) {
        match hold.state {
            HoldState::Denied => self.refused = true,
            HoldState::Expired => self.timed_out = true,
            HoldState::Approved | HoldState::Cancelled | HoldState::Pending | HoldState::Used => {}
        }
    }

    /// A stream that could not be opened.
    pub(crate) fn note_trouble(&mut self, unauthorized: bool) {
        if unauthorized {
            self.unauthorized = true;
        } else {
            self.unreachable = true;
        }
    }

    /// Whether a program that failed has a reason that we know.
    pub(crate) fn explains_failure(self) -> bool {
        self != Self::default()
    }

    /// The exit code: the child's, unless it failed and we know why.
    pub(crate) fn exit_code(self, child: u8) -> u8 {
        let kind = match self {
            _ if child == 0 => return 0,
            Self { refused: true, .. } => Kind::Refused,
            Self { timed_out: true, .. } => Kind::TimedOut,
            Self { unauthorized: true, .. } => Kind::NotLoggedIn,
            Self { unreachable: true, .. } => Kind::Unreachable,
            _ => return child,
        };
        kind as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_childs_code_counts_unless_we_know_better() {
        let none = Outcome::default();
        let refused = Outcome { refused: true, ..none };
        let timed_out = Outcome { timed_out: true, ..none };
        let unauthorized = Outcome { unauthorized: true, ..none };
        let unreachable = Outcome { unreachable: true, ..none };
        let both = Outcome { refused: true, timed_out: true, unreachable: true, ..none };
        for (outcome, child, code) in [
            (none, 0, 0),
            (none, 1, 1),
            (none, 130, 130),
            (refused, 0, 0),
            (refused, 1, 77),
            (timed_out, 1, 75),
            (unauthorized, 1, 66),
            (unreachable, 1, 69),
            (both, 1, 77),
        ] {
            assert_eq!(outcome.exit_code(child), code, "{outcome:?} {child}");
        }
    }

    #[test]
    fn events_tell_refusals() {
        let mut outcome = Outcome::default();
        outcome.note(&SessionEvent::Refused { policy: None, message: String::new() });
        assert_eq!(outcome, Outcome { refused: true, ..Outcome::default() });
    }
}
