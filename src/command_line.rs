//! What of a command line may be kept: people type secrets into it.
//!
//! It is only what a client says of itself, shown to approvers and kept in the trail. What follows a
//! `--` is a program's own command line and is left out, values of flags that carry secrets are, and
//! so is what [detectors](crate::mask::detect) find.

use std::sync::LazyLock;

use crate::mask::detect::{BuiltIn, DetectorSpec, Detectors};

const HIDDEN: &str = "[masked]";
/// What stands for the arguments behind `--`.
const REST: &str = "…";

/// Flags whose value is a secret, or is full of them.
const SECRET: [&str; 9] = [
    "--docker-password",
    "--overrides",
    "--password",
    "--patch",
    "--token",
    "-p",
    "--certificate-authority-data",
    "--client-key-data",
    "--value",
];

/// Flags whose value is `KEY=SECRET`.
const ASSIGNING: [&str; 4] = ["--env", "--from-literal", "--set", "-e"];

/// The command line without secrets.
pub fn redacted(arguments: &[String]) -> Vec<String> {
    let mut redacted = Vec::with_capacity(arguments.len());
    let sets_environment = arguments.iter().any(|argument| argument == "env");
    let mut hides: Option<Hides> = None;
    for argument in arguments {
        if argument == "--" {
            redacted.extend([argument.clone(), REST.to_owned()]);
            break;
        }
        let (flag, value) = match argument.split_once('=') {
            Some((flag, value)) if flag.starts_with('-') => (flag, Some(value)),
            _ => (argument.as_str(), None),
        };
        let of_flag = Hides::by(flag);
        redacted.push(match (hides.take(), of_flag, value) {
            (Some(hides), ..) => hides.in_value(argument),
            (None, Some(hides), Some(value)) => format!("{flag}={}", hides.in_value(value)),
            (None, of_flag, None) => {
                hides = of_flag;
                if sets_environment && !argument.starts_with('-') {
                    Hides::Assigned.in_value(argument)
                } else {
                    detected(argument)
                }
            }
            (None, None, Some(_)) => detected(argument),
        });
    }
    redacted
}

/// What is hidden of a value.
#[derive(Clone, Copy)]
enum Hides {
    /// What follows the `=`.
    Assigned,
    Everything,
}

impl Hides {
    fn by(flag: &str) -> Option<Self> {
        if SECRET.contains(&flag) {
            return Some(Self::Everything);
        }
        ASSIGNING.contains(&flag).then_some(Self::Assigned)
    }

    fn in_value(self, value: &str) -> String {
        match (self, value.split_once('=')) {
            (Self::Assigned, Some((key, _))) => format!("{key}={HIDDEN}"),
            (Self::Assigned, None) => detected(value),
            (Self::Everything, _) => HIDDEN.to_owned(),
        }
    }
}

fn detected(argument: &str) -> String {
    static ALL: LazyLock<Detectors> = LazyLock::new(|| {
        Detectors::compile(&BuiltIn::ALL.map(DetectorSpec::BuiltIn)).unwrap_or_default()
    });
    let mut text = argument.to_owned();
    for found in ALL.find(argument.as_bytes()).into_iter().rev() {
        if text.is_char_boundary(found.range.start) && text.is_char_boundary(found.range.end) {
            text.replace_range(found.range, HIDDEN);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_a_command_line_are_not_kept() {
        for (line, kept) in [
            ("kubectl get pods -n shop", "kubectl get pods -n shop"),
            ("kubectl label pod a b=c", "kubectl label pod a b=c"),
            (
                "kubectl create secret generic a --from-literal=k=v=w --from-literal x=y",
                "kubectl create secret generic a --from-literal=k=[masked] --from-literal x=[masked]",
            ),
            ("kubectl exec a -- psql -p hunter2", "kubectl exec a -- …"),
            ("kubectl run a --env=A=b --image=c", "kubectl run a --env=A=[masked] --image=c"),
            ("kubectl set env deploy/a B=c D-", "kubectl set env deploy/a B=[masked] D-"),
            ("kubectl patch secret a -p {}", "kubectl patch secret a -p [masked]"),
            ("kubectl --token=abc get pods", "kubectl --token=[masked] get pods"),
            ("psql postgres://a:b@c/d", "psql postgres://a:[masked]@c/d"),
            ("kubectl patch secret a -p", "kubectl patch secret a -p"),
        ] {
            let arguments: Vec<_> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(redacted(&arguments).join(" "), kept);
        }
    }
}
