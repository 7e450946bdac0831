//! What the catalogue is made of: sections of entries, each of which is sent twice, to the API
//! server as it is and to the same one through kguard.

use super::lab::{Lab, Side, leaks};
use crate::harness::http::Answer;

/// Entries of one kind, shown in one namespace with one gateway.
pub struct Section {
    pub title: &'static str,
    /// What the attacker is after, and why there is something to be had.
    pub about: &'static str,
    /// Policies; none for the starter pack.
    pub policies: &'static [&'static str],
    /// What has to be there before.
    pub scene: fn(&Lab),
    pub attacks: &'static [Entry],
    /// The forms of the same that have to work.
    pub honest: &'static [Entry],
    /// Attacks that take more than one request, each a test below its section.
    pub stories: &'static [Story],
}

/// Sections leave out what they do not need.
pub const SECTION: Section = Section {
    title: "",
    about: "",
    policies: &[],
    scene: |_| {},
    attacks: &[],
    honest: &[],
    stories: &[],
};

/// One request and what becomes of it.
pub struct Entry {
    pub name: &'static str,
    /// The request line without its version, and the headers. `$NS` is the namespace.
    pub sends: &'static str,
    pub body: &'static [u8],
    /// What there is to see if the request does what it is sent for.
    pub proof: Proof,
    pub unguarded: Outcome,
    pub guarded: Outcome,
}

/// Entries leave out what they do not need.
pub const ENTRY: Entry = Entry {
    name: "",
    sends: "",
    body: b"",
    proof: Proof::Status,
    unguarded: Outcome::Says(0, ""),
    guarded: Outcome::Says(0, ""),
};

/// How one sees that a request did what it was sent for.
#[derive(Clone, Copy)]
pub enum Proof {
    /// The status says all.
    Status,
    /// The answer contains this.
    Shows(&'static str),
    /// The answer contains the secret value.
    Leaks,
    /// There is a ConfigMap of this name now.
    Creates(&'static str),
    /// The ConfigMap of this name is gone.
    Deletes(&'static str),
}

/// What becomes of a request.
#[derive(Clone, Copy)]
pub enum Outcome {
    /// It does what it is sent for.
    Does(u16, &'static str),
    /// It is answered with this status and does not do it.
    Says(u16, &'static str),
    /// It is refused with this in the message.
    Refuses(u16, &'static str),
    /// The connection ends without an answer.
    Closes,
}

/// An attack that takes more than one request.
pub struct Story {
    pub name: &'static str,
    pub attacker: &'static str,
    pub unguarded: &'static str,
    pub guarded: &'static str,
}

impl Section {
    /// Shows every entry, and complains of all that did not come out as they say.
    #[track_caller]
    pub fn show(&self) {
        let lab = if self.policies.is_empty() {
            Lab::new()
        } else {
            Lab::with(&super::lab::policies(self.policies))
        };
        (self.scene)(&lab);
        let entries = self.attacks.iter().chain(self.honest);
        let wrong: Vec<_> = entries.flat_map(|entry| entry.wrong(&lab)).collect();
        assert!(wrong.is_empty(), "{}:\n{}", self.title, wrong.join("\n"));
    }
}

impl Entry {
    fn wrong(&self, lab: &Lab) -> Vec<String> {
        let sides = [(Side::Unguarded, self.unguarded), (Side::Guarded, self.guarded)];
        let wrong = sides.into_iter().filter_map(|(side, outcome)| {
            self.proof.prepare(lab);
            let answer = lab.send(side, self.sends, self.body);
            let why = outcome.differs(&answer, self.proof.holds(lab, &answer))?;
            let Answer { head, body, .. } = answer;
            let line = head.lines().next().unwrap_or_default();
            let body: String = body.chars().take(400).collect();
            Some(format!("- {side:?} `{}`: {why}\n  {line}\n  {body}", self.name))
        });
        wrong.collect()
    }
}

impl Outcome {
    /// What is not as it should be.
    fn differs(self, answer: &Answer, proven: Option<bool>) -> Option<String> {
        let (status, proof) = match self {
            Self::Does(status, _) => (status, true),
            Self::Says(status, _) | Self::Refuses(status, _) => (status, false),
            Self::Closes => (0, false),
        };
        if answer.status != status {
            return Some(format!("{} instead of {status}", answer.status));
        }
        match self {
            _ if proven.is_some_and(|proven| proven != proof) => {
                Some(format!("does it: {}", !proof))
            }
            Self::Refuses(_, why) if !message(answer).contains(why) => Some(format!("not “{why}”")),
            _ => None,
        }
    }
}

/// What a Status says, or the body as it is.
fn message(answer: &Answer) -> String {
    let status = serde_json::from_str::<serde_json::Value>(&answer.body);
    let message = status.ok().and_then(|status| Some(status["message"].as_str()?.to_owned()));
    message.unwrap_or_else(|| answer.body.clone())
}

impl Proof {
    fn prepare(self, lab: &Lab) {
        match self {
            Self::Creates(name) => lab.remove_configmap(name),
            Self::Deletes(name) => lab.make_configmap(name),
            Self::Status | Self::Shows(_) | Self::Leaks => {}
        }
    }

    fn holds(self, lab: &Lab, answer: &Answer) -> Option<bool> {
        match self {
            Self::Status => None,
            Self::Shows(text) => Some(answer.body.contains(&lab.place(text))),
            Self::Leaks => Some(leaks(answer)),
            Self::Creates(name) => Some(lab.has_configmap(name)),
            Self::Deletes(name) => Some(!lab.has_configmap(name)),
        }
    }
}
