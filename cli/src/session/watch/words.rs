//! What a requester is told of his holds.

use kguard::api::{Hold, HoldState, Verdict, names};

use crate::ui::clean;

/// Who is waited for, and how they decide.
pub(crate) fn waiting(hold: &Hold) -> String {
    let people = hold.demands.iter().map(|demand| match demand.quorum {
        0 | 1 => names(&demand.approvers),
        _ => demand.people(),
    });
    let people = people.collect::<Vec<_>>().join(", and ");
    let message = if hold.message.is_empty() {
        String::new()
    } else {
        format!(" ({})", clean(&hold.message))
    };
    let page = hold.url.as_ref().map(|url| format!("{} or ", clean(url))).unwrap_or_default();
    format!(
        "waiting for approval by {}{message}: {page}kguard approve {}",
        clean(&people),
        clean(&hold.id)
    )
}

/// That it ran without an approval: said even to those who want to hear nothing, since somebody will
/// ask them about it.
pub(super) fn broken(hold: &Hold) -> String {
    format!(
        "BREAK-GLASS {}: runs without the approval that policy `{}` asks for. Approvers have been \
         told, it is in the trail, and one of {} has to review it.",
        clean(&hold.id),
        clean(&hold.policy),
        clean(&names(&hold.approvers)),
    )
}

/// What became of it, where that is news.
pub(crate) fn settled(hold: &Hold) -> Option<String> {
    let decided = |verdict| {
        let by = hold.decisions.iter().filter(|decision| decision.verdict == verdict);
        let texts = by.map(|decision| match &decision.comment {
            Some(comment) => format!("{}: {}", clean(&decision.by), clean(comment)),
            None => clean(&decision.by).into_owned(),
        });
        texts.collect::<Vec<_>>().join(", ")
    };
    let id = clean(&hold.id);
    match hold.state {
        HoldState::Approved | HoldState::Used => {
            Some(format!("{id} approved by {}", decided(Verdict::Approve)))
        }
        HoldState::Denied => Some(format!("{id} denied by {}", decided(Verdict::Deny))),
        HoldState::Expired => Some(format!("nobody decided on {id} in time")),
        HoldState::Cancelled | HoldState::Pending => None,
    }
}

/// That it is waited for no longer, and what becomes of it.
pub(super) fn given_up(hold: &Hold) -> String {
    let id = clean(&hold.id);
    if hold.kept {
        format!(
            "nobody decided on {id} in time; it can be decided on until {}, and the same command \
             run again finds it",
            hold.expires.strftime("%Y-%m-%d %H:%M UTC")
        )
    } else {
        format!("nobody decided on {id} in time; it is cancelled")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hold_card::tests::hold;

    #[test]
    fn who_waits_knows_for_whom_and_how_they_decide() {
        let mut hold = hold("7kq4m", "pending");
        let text =
            "waiting for approval by group:oidc:sre (Deletes all in it.): kguard approve 7kq4m";
        assert_eq!(waiting(&hold), text);
        hold.url = Some("https://kguard.example/ui/#/holds/7kq4m".to_owned());
        hold.demands[0].quorum = 2;
        hold.message = "a\x1bb".to_owned();
        let text = "waiting for approval by 2 of group:oidc:sre (a\\u{1b}b): \
                    https://kguard.example/ui/#/holds/7kq4m or kguard approve 7kq4m";
        assert_eq!(waiting(&hold), text);
    }

    #[test]
    fn who_gives_up_knows_what_becomes_of_it() {
        let mut hold = hold("7kq4m", "pending");
        assert!(given_up(&hold).ends_with("it is cancelled"));
        hold.kept = true;
        assert!(given_up(&hold).contains("until 2026-01-01 00:15 UTC"), "{}", given_up(&hold));
    }
}
