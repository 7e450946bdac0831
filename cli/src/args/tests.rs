use clap::CommandFactory as _;
use clap::error::ErrorKind;

use super::*;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split(' '))
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn all_that_follows_kubectl_is_kubectls() {
    for line in [
        "get pods -o wide -v6 --cluster x",
        "-n shop get pods",
        "--help",
        "--version",
        "-q --gateway x",
        "exec -it web -- sh -c --reason",
        "--context=prod get pods --reason x",
    ] {
        let cli = parse(&format!("kguard --reason why kubectl {line}")).unwrap();
        assert_eq!(cli.common.reason.as_deref(), Some("why"));
        let Command::Kubectl(KubectlArgs { arguments }) = cli.command else { panic!("{line}") };
        assert_eq!(arguments.join(&OsString::from(" ")), *line);
    }
}

#[test]
fn run_takes_its_options_before_the_program_and_none_behind_it() {
    for (line, command) in [
        ("run -- helm list -A", "helm list -A"),
        ("run helm list --reason x -h", "helm list --reason x -h"),
        ("run --reason why -- sh -c true", "sh -c true"),
    ] {
        let Command::Run(run) = parse(&format!("kguard {line}")).unwrap().command else {
            panic!("{line}")
        };
        assert_eq!(run.command.join(&OsString::from(" ")), command, "{line}");
    }
}

#[test]
fn common_options_stand_on_either_side_and_the_later_wins() {
    let cli = parse("kguard --gateway a.example -q clusters --gateway b.example").unwrap();
    let Command::Clusters(list) = cli.command else { panic!("{:?}", cli.command) };
    let common = list.common.or(&cli.common);
    assert_eq!(common.gateway.unwrap().to_string(), "https://b.example");
    assert!(common.quiet);
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (line, kind) in [
        ("run", ErrorKind::MissingRequiredArgument),
        ("clusters -o xml", ErrorKind::InvalidValue),
        ("clusters --gateway http://x", ErrorKind::ValueValidation),
        ("approve --comment x", ErrorKind::MissingRequiredArgument),
        ("clusters -v -q", ErrorKind::ArgumentConflict),
        ("get pods", ErrorKind::InvalidSubcommand),
    ] {
        let error = parse(&format!("kguard {line}")).unwrap_err();
        assert_eq!(error.kind(), kind, "{line}");
    }
}

#[test]
fn what_is_kubectls_is_told_from_what_nobody_knows() {
    for (line, command) in [
        ("get pods", Some("get")),
        ("logs -f web", Some("logs")),
        ("--reason x delete pod", Some("delete")),
        ("gte pods", None),
        ("run", None),
        ("audit get", None),
        ("policy create", None),
    ] {
        let error = parse(&format!("kguard {line}")).unwrap_err();
        assert_eq!(kubectl_command(&error), command, "{line}");
    }
}
