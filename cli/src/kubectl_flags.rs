//! The flags of kubectl with which a command would leave the tunnel.
//!
//! To refuse them is a service to the user, not a defence: the gateway is the only one with a
//! credential, and the local port reaches nothing but clusters behind it.

/// Long flags that name another server, another identity or other trust.
const REFUSED: [&str; 11] = [
    "certificate-authority",
    "client-certificate",
    "client-key",
    "insecure-skip-tls-verify",
    "kubeconfig",
    "password",
    "proxy-url",
    "server",
    "tls-server-name",
    "token",
    "username",
];

/// Short flags that take a value, so that what follows in the same word is that value.
const SHORT_WITH_VALUE: &str = "cfklLnopv";

/// The first argument that would leave the tunnel, as the flag's name.
///
/// What follows `--` is a command for a container and is not looked at.
pub(crate) fn find_refused<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Option<String> {
    arguments.into_iter().take_while(|&argument| argument != "--").find_map(refused)
}

fn refused(argument: &str) -> Option<String> {
    if let Some(long) = argument.strip_prefix("--") {
        let name = long.split_once('=').map_or(long, |(name, _)| name);
        return REFUSED.contains(&name).then(|| format!("--{name}"));
    }
    let shorts = argument.strip_prefix('-')?;
    let own = shorts.chars().take_while(|&c| c.is_ascii_alphabetic());
    let mut flags = own.take_while(|&c| !SHORT_WITH_VALUE.contains(c));
    flags.any(|c| c == 's').then(|| "-s".to_owned())
}

/// The context that a command line asks for.
pub(crate) fn context<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut arguments = arguments.into_iter().take_while(|&argument| argument != "--");
    while let Some(argument) = arguments.next() {
        if argument == "--context" {
            return arguments.next();
        }
        if let Some(name) = argument.strip_prefix("--context=") {
            return Some(name);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_that_leave_the_tunnel_are_found_however_they_are_written() {
        for (command, flag) in [
            ("get pods --kubeconfig=/x", "--kubeconfig"),
            ("get pods --kubeconfig /x", "--kubeconfig"),
            ("--server https://x get pods", "--server"),
            ("-s https://x get pods", "-s"),
            ("-shttps://x get pods", "-s"),
            ("-s=https://x get pods", "-s"),
            ("get pods -As https://x", "-s"),
            ("get pods -wshttps://x", "-s"),
            ("get pods --token=x", "--token"),
            ("get pods --client-key x --client-certificate y", "--client-key"),
            ("get pods --certificate-authority=x", "--certificate-authority"),
            ("get pods --insecure-skip-tls-verify", "--insecure-skip-tls-verify"),
            ("get pods --tls-server-name=x", "--tls-server-name"),
            ("get pods --username=x --password=y", "--username"),
            ("config set-cluster x --proxy-url=y", "--proxy-url"),
        ] {
            assert_eq!(find_refused(command.split(' ')).as_deref(), Some(flag), "{command}");
        }
    }

    #[test]
    fn everything_else_passes() {
        for command in [
            "get pods --context prod -n shop -o wide",
            "exec web -it -- mysql --server=x -s --token y",
            "apply -fservices.yaml",
            "apply -f -",
            "get pods -nstaging -ojson -lapp=s",
            "get pods --show-labels --sort-by=.metadata.name",
            "create secret docker-registry x --docker-server=y --docker-password=z",
            "create token robot",
            "apply --server-side -f x",
            "logs web -cs --since 1h",
            "--cluster prod get pods -v6",
            "annotate pod web a=-s",
        ] {
            assert_eq!(find_refused(command.split(' ')), None, "{command}");
        }
    }

    #[test]
    fn the_context_is_found() {
        for (command, name) in [
            ("get pods --context prod", Some("prod")),
            ("--context=dev get pods", Some("dev")),
            ("exec web -- x --context prod", None),
            ("get pods --context", None),
        ] {
            assert_eq!(context(command.split(' ')), name, "{command}");
        }
    }
}
