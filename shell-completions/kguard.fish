# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_kguard_global_optspecs
    string join \n gateway= cluster= reason= approval-timeout= keep-hold= v/verbose q/quiet color= break-glass h/help V/version
end

function __fish_kguard_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_kguard_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_kguard_using_subcommand
    set -l cmd (__fish_kguard_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c kguard -n "__fish_kguard_needs_command" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_needs_command" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_needs_command" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_needs_command" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_needs_command" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_needs_command" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_needs_command" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_needs_command" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_needs_command" -l break-glass -d 'Wait for no approval, if a policy lets you: all approvers hear of it, and one has to review it'
complete -c kguard -n "__fish_kguard_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kguard -n "__fish_kguard_needs_command" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "login" -d 'Log in to a gateway with a code in the browser'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "logout" -d 'Forget the login'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "whoami" -d 'Show who the gateway takes you for'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "clusters" -d 'List the clusters you may reach'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "use" -d 'Choose the cluster to start with'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "kubectl" -d 'Run one kubectl through the gateway'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "run" -d 'Run any program that reads KUBECONFIG through the gateway'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "plan" -d 'Plan what a command would change, and have all of it approved at once'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "apply" -d 'Run an approved plan'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "proxy" -d 'Hold a local port to the clusters open until Ctrl-C'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "env" -d 'Print what makes this shell use the gateway'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "shim" -d 'Put a `kubectl` on the PATH that goes through the gateway'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "requests" -d 'List held requests, or show one in full'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "approve" -d 'Approve a held request, or wait for requests to decide on'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "deny" -d 'Refuse a held request'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "undo" -d 'Take back an approved delete, update or scaling'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "notifications" -d 'List notifications that could not be delivered, send one again, try a target'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "grants" -d 'List what was approved for a while, or revoke it'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "reviews" -d 'List the runs without approval that nobody has reviewed, or close a review'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "sessions" -d 'List the exec, attach and port-forward sessions that run, or end one'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "audit" -d 'Read and verify the trail, play recordings, look on'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "policy" -d 'Write policies and try them before the gateway gets them'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "completion" -d 'Print completions for a shell'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "doctor" -d 'Find out what does not work, and how to mend it'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "version" -d 'Show the version'
complete -c kguard -n "__fish_kguard_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kguard -n "__fish_kguard_using_subcommand login" -l ca -d 'Trust this CA for the gateway, and no other (PEM)' -r -F
complete -c kguard -n "__fish_kguard_using_subcommand login" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand login" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand login" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand login" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand login" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand login" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand login" -l insecure-storage -d 'Keep the login in a file that only you can read, instead of the keyring'
complete -c kguard -n "__fish_kguard_using_subcommand login" -l fresh -d 'Prove who you are anew, whatever the issuer remembers: some policies ask approvers for that'
complete -c kguard -n "__fish_kguard_using_subcommand login" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand login" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand login" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand login" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand logout" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand logout" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand logout" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand logout" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand logout" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand logout" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand logout" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand logout" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand logout" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand logout" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand whoami" -s o -l output -d 'How to print: table, wide, json, yaml or name' -r -f -a "json\t'JSON'
name\t'A name a line'
table\t'A table for people'
wide\t'A table with more columns'
yaml\t'YAML'"
complete -c kguard -n "__fish_kguard_using_subcommand whoami" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand whoami" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand whoami" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand whoami" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand whoami" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand whoami" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand whoami" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand whoami" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand whoami" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand whoami" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand clusters" -s o -l output -d 'How to print: table, wide, json, yaml or name' -r -f -a "json\t'JSON'
name\t'A name a line'
table\t'A table for people'
wide\t'A table with more columns'
yaml\t'YAML'"
complete -c kguard -n "__fish_kguard_using_subcommand clusters" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand clusters" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand clusters" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand clusters" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand clusters" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand clusters" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand clusters" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand clusters" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand clusters" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand clusters" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand use" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand use" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand use" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand use" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand use" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand use" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand use" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand use" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand use" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand use" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand run" -l plan -d 'Run it as this plan: what it writes has to be what was approved' -r
complete -c kguard -n "__fish_kguard_using_subcommand run" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand run" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand run" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand run" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand run" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand run" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand run" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand run" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand run" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand run" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand plan; and not __fish_seen_subcommand_from list show help" -l apply-as -d 'The workload that may run the plan, by its whole name, if not you' -r
complete -c kguard -n "__fish_kguard_using_subcommand plan; and not __fish_seen_subcommand_from list show help" -l valid -d 'For how long it may be approved and run, such as 4h or 2d [default: 24h]' -r
complete -c kguard -n "__fish_kguard_using_subcommand plan; and not __fish_seen_subcommand_from list show help" -s o -l output -d 'Print the plan: table, json, yaml or name' -r -f -a "json\t'JSON'
name\t'A name a line'
table\t'A table for people'
wide\t'A table with more columns'
yaml\t'YAML'"
complete -c kguard -n "__fish_kguard_using_subcommand plan; and not __fish_seen_subcommand_from list show help" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand plan; and not __fish_seen_subcommand_from list show help" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand plan; and not __fish_seen_subcommand_from list show help" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand plan; and not __fish_seen_subcommand_from list show help" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand plan; and not __fish_seen_subcommand_from list show help" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand plan; and not __fish_seen_subcommand_from list show help" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand plan; and not __fish_seen_subcommand_from list show help" -l wait -d 'Wait until it is decided on'
complete -c kguard -n "__fish_kguard_using_subcommand plan; and not __fish_seen_subcommand_from list show help" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand plan; and not __fish_seen_subcommand_from list show help" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand plan; and not __fish_seen_subcommand_from list show help" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand plan; and not __fish_seen_subcommand_from list show help" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand plan; and not __fish_seen_subcommand_from list show help" -a "list" -d 'List plans: yours, and those that you may run or decide on'
complete -c kguard -n "__fish_kguard_using_subcommand plan; and not __fish_seen_subcommand_from list show help" -a "show" -d 'Show all of a plan'
complete -c kguard -n "__fish_kguard_using_subcommand plan; and not __fish_seen_subcommand_from list show help" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print: table, wide, json, yaml or name' -r -f -a "json\t'JSON'
name\t'A name a line'
table\t'A table for people'
wide\t'A table with more columns'
yaml\t'YAML'"
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from list" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from list" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from list" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from list" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from list" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from list" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print: table, wide, json, yaml or name' -r -f -a "json\t'JSON'
name\t'A name a line'
table\t'A table for people'
wide\t'A table with more columns'
yaml\t'YAML'"
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from show" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from show" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from show" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from show" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from show" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from show" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from help" -f -a "list" -d 'List plans: yours, and those that you may run or decide on'
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show all of a plan'
complete -c kguard -n "__fish_kguard_using_subcommand plan; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kguard -n "__fish_kguard_using_subcommand apply" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand apply" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand apply" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand apply" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand apply" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand apply" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand apply" -l wait -d 'Wait until it is decided on'
complete -c kguard -n "__fish_kguard_using_subcommand apply" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand apply" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand apply" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand apply" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand proxy" -l port -d 'The port, if not any free one' -r
complete -c kguard -n "__fish_kguard_using_subcommand proxy" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand proxy" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand proxy" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand proxy" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand proxy" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand proxy" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand proxy" -l direct -d 'Open one plain TLS port per cluster, from PORT on'
complete -c kguard -n "__fish_kguard_using_subcommand proxy" -l background -d 'Serve `kguard env`'
complete -c kguard -n "__fish_kguard_using_subcommand proxy" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand proxy" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand proxy" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand proxy" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand env" -l shell -d 'The shell: posix, fish or powershell' -r -f -a "fish\t'fish'
powershell\t'PowerShell'
posix\t'sh, bash, zsh and their like'"
complete -c kguard -n "__fish_kguard_using_subcommand env" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand env" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand env" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand env" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand env" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand env" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand env" -l stop -d 'Stop the proxy in the background'
complete -c kguard -n "__fish_kguard_using_subcommand env" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand env" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand env" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kguard -n "__fish_kguard_using_subcommand env" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand shim; and not __fish_seen_subcommand_from install help" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand shim; and not __fish_seen_subcommand_from install help" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand shim; and not __fish_seen_subcommand_from install help" -f -a "install" -d 'Write the shim into a folder; put that folder first on the PATH'
complete -c kguard -n "__fish_kguard_using_subcommand shim; and not __fish_seen_subcommand_from install help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kguard -n "__fish_kguard_using_subcommand shim; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand shim; and __fish_seen_subcommand_from install" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand shim; and __fish_seen_subcommand_from help" -f -a "install" -d 'Write the shim into a folder; put that folder first on the PATH'
complete -c kguard -n "__fish_kguard_using_subcommand shim; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kguard -n "__fish_kguard_using_subcommand requests" -s o -l output -d 'How to print: table, wide, json, yaml or name' -r -f -a "json\t'JSON'
name\t'A name a line'
table\t'A table for people'
wide\t'A table with more columns'
yaml\t'YAML'"
complete -c kguard -n "__fish_kguard_using_subcommand requests" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand requests" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand requests" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand requests" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand requests" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand requests" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand requests" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand requests" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand requests" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand requests" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand approve" -l comment -d 'Tell the requester something' -r
complete -c kguard -n "__fish_kguard_using_subcommand approve" -l for -d 'Approve requests like this one too, for so long: 30m, 1h' -r
complete -c kguard -n "__fish_kguard_using_subcommand approve" -l names -d '...of these names, with `*`, instead of just this one' -r
complete -c kguard -n "__fish_kguard_using_subcommand approve" -l namespaces -d '...in these namespaces, with `*`, instead of just this one' -r
complete -c kguard -n "__fish_kguard_using_subcommand approve" -l verbs -d '...with these verbs, instead of just this one' -r
complete -c kguard -n "__fish_kguard_using_subcommand approve" -l max-uses -d '...but no more than so many of them' -r
complete -c kguard -n "__fish_kguard_using_subcommand approve" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand approve" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand approve" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand approve" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand approve" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand approve" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand approve" -s y -l yes -d 'Do not ask back'
complete -c kguard -n "__fish_kguard_using_subcommand approve" -l no-notify -d 'No desktop notification when a request comes in'
complete -c kguard -n "__fish_kguard_using_subcommand approve" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand approve" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand approve" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand approve" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand deny" -l comment -d 'Tell the requester why' -r
complete -c kguard -n "__fish_kguard_using_subcommand deny" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand deny" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand deny" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand deny" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand deny" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand deny" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand deny" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand deny" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand deny" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand deny" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand undo" -s o -l output -d 'How to print: table, wide, json, yaml or name' -r -f -a "json\t'JSON'
name\t'A name a line'
table\t'A table for people'
wide\t'A table with more columns'
yaml\t'YAML'"
complete -c kguard -n "__fish_kguard_using_subcommand undo" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand undo" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand undo" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand undo" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand undo" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand undo" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand undo" -l list -d 'List what can be undone'
complete -c kguard -n "__fish_kguard_using_subcommand undo" -l dry-run -d 'Only show what it would do'
complete -c kguard -n "__fish_kguard_using_subcommand undo" -s y -l yes -d 'Do not ask back'
complete -c kguard -n "__fish_kguard_using_subcommand undo" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand undo" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand undo" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand undo" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and not __fish_seen_subcommand_from retry test help" -s o -l output -d 'How to print: table, wide, json, yaml or name' -r -f -a "json\t'JSON'
name\t'A name a line'
table\t'A table for people'
wide\t'A table with more columns'
yaml\t'YAML'"
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and not __fish_seen_subcommand_from retry test help" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and not __fish_seen_subcommand_from retry test help" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and not __fish_seen_subcommand_from retry test help" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and not __fish_seen_subcommand_from retry test help" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and not __fish_seen_subcommand_from retry test help" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and not __fish_seen_subcommand_from retry test help" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and not __fish_seen_subcommand_from retry test help" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and not __fish_seen_subcommand_from retry test help" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and not __fish_seen_subcommand_from retry test help" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and not __fish_seen_subcommand_from retry test help" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and not __fish_seen_subcommand_from retry test help" -f -a "retry" -d 'Send one that was not delivered once more'
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and not __fish_seen_subcommand_from retry test help" -f -a "test" -d 'Send a target a message that says that it is a test'
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and not __fish_seen_subcommand_from retry test help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from retry" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from retry" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from retry" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from retry" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from retry" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from retry" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from retry" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from retry" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from retry" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from retry" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from test" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from test" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from test" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from test" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from test" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from test" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from test" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from test" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from test" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from help" -f -a "retry" -d 'Send one that was not delivered once more'
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from help" -f -a "test" -d 'Send a target a message that says that it is a test'
complete -c kguard -n "__fish_kguard_using_subcommand notifications; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kguard -n "__fish_kguard_using_subcommand grants; and not __fish_seen_subcommand_from revoke help" -s o -l output -d 'How to print: table, wide, json, yaml or name' -r -f -a "json\t'JSON'
name\t'A name a line'
table\t'A table for people'
wide\t'A table with more columns'
yaml\t'YAML'"
complete -c kguard -n "__fish_kguard_using_subcommand grants; and not __fish_seen_subcommand_from revoke help" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand grants; and not __fish_seen_subcommand_from revoke help" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand grants; and not __fish_seen_subcommand_from revoke help" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand grants; and not __fish_seen_subcommand_from revoke help" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand grants; and not __fish_seen_subcommand_from revoke help" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand grants; and not __fish_seen_subcommand_from revoke help" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand grants; and not __fish_seen_subcommand_from revoke help" -s a -l all -d 'Show those that have ended, too'
complete -c kguard -n "__fish_kguard_using_subcommand grants; and not __fish_seen_subcommand_from revoke help" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand grants; and not __fish_seen_subcommand_from revoke help" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand grants; and not __fish_seen_subcommand_from revoke help" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand grants; and not __fish_seen_subcommand_from revoke help" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand grants; and not __fish_seen_subcommand_from revoke help" -f -a "revoke" -d 'End a grant at once, and the sessions that run on it'
complete -c kguard -n "__fish_kguard_using_subcommand grants; and not __fish_seen_subcommand_from revoke help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kguard -n "__fish_kguard_using_subcommand grants; and __fish_seen_subcommand_from revoke" -l comment -d 'Say why' -r
complete -c kguard -n "__fish_kguard_using_subcommand grants; and __fish_seen_subcommand_from revoke" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand grants; and __fish_seen_subcommand_from revoke" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand grants; and __fish_seen_subcommand_from revoke" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand grants; and __fish_seen_subcommand_from revoke" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand grants; and __fish_seen_subcommand_from revoke" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand grants; and __fish_seen_subcommand_from revoke" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand grants; and __fish_seen_subcommand_from revoke" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand grants; and __fish_seen_subcommand_from revoke" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand grants; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand grants; and __fish_seen_subcommand_from revoke" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand grants; and __fish_seen_subcommand_from help" -f -a "revoke" -d 'End a grant at once, and the sessions that run on it'
complete -c kguard -n "__fish_kguard_using_subcommand grants; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and not __fish_seen_subcommand_from close help" -s o -l output -d 'How to print: table, wide, json, yaml or name' -r -f -a "json\t'JSON'
name\t'A name a line'
table\t'A table for people'
wide\t'A table with more columns'
yaml\t'YAML'"
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and not __fish_seen_subcommand_from close help" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and not __fish_seen_subcommand_from close help" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and not __fish_seen_subcommand_from close help" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and not __fish_seen_subcommand_from close help" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and not __fish_seen_subcommand_from close help" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and not __fish_seen_subcommand_from close help" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and not __fish_seen_subcommand_from close help" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and not __fish_seen_subcommand_from close help" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and not __fish_seen_subcommand_from close help" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and not __fish_seen_subcommand_from close help" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and not __fish_seen_subcommand_from close help" -f -a "close" -d 'Say what there is to say about a run without approval'
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and not __fish_seen_subcommand_from close help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and __fish_seen_subcommand_from close" -l comment -d 'What you say to it; recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and __fish_seen_subcommand_from close" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and __fish_seen_subcommand_from close" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and __fish_seen_subcommand_from close" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and __fish_seen_subcommand_from close" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and __fish_seen_subcommand_from close" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and __fish_seen_subcommand_from close" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and __fish_seen_subcommand_from close" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and __fish_seen_subcommand_from close" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and __fish_seen_subcommand_from close" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and __fish_seen_subcommand_from close" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and __fish_seen_subcommand_from help" -f -a "close" -d 'Say what there is to say about a run without approval'
complete -c kguard -n "__fish_kguard_using_subcommand reviews; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and not __fish_seen_subcommand_from end help" -s o -l output -d 'How to print: table, wide, json, yaml or name' -r -f -a "json\t'JSON'
name\t'A name a line'
table\t'A table for people'
wide\t'A table with more columns'
yaml\t'YAML'"
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and not __fish_seen_subcommand_from end help" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and not __fish_seen_subcommand_from end help" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and not __fish_seen_subcommand_from end help" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and not __fish_seen_subcommand_from end help" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and not __fish_seen_subcommand_from end help" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and not __fish_seen_subcommand_from end help" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and not __fish_seen_subcommand_from end help" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and not __fish_seen_subcommand_from end help" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and not __fish_seen_subcommand_from end help" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and not __fish_seen_subcommand_from end help" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and not __fish_seen_subcommand_from end help" -f -a "end" -d 'End a session; who is in it is told why'
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and not __fish_seen_subcommand_from end help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and __fish_seen_subcommand_from end" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and __fish_seen_subcommand_from end" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and __fish_seen_subcommand_from end" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and __fish_seen_subcommand_from end" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and __fish_seen_subcommand_from end" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and __fish_seen_subcommand_from end" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and __fish_seen_subcommand_from end" -s y -l yes -d 'Do not ask back'
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and __fish_seen_subcommand_from end" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and __fish_seen_subcommand_from end" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and __fish_seen_subcommand_from end" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and __fish_seen_subcommand_from end" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and __fish_seen_subcommand_from help" -f -a "end" -d 'End a session; who is in it is told why'
complete -c kguard -n "__fish_kguard_using_subcommand sessions; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and not __fish_seen_subcommand_from list show verify export replay watch help" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and not __fish_seen_subcommand_from list show verify export replay watch help" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and not __fish_seen_subcommand_from list show verify export replay watch help" -f -a "list" -d 'List the newest records'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and not __fish_seen_subcommand_from list show verify export replay watch help" -f -a "show" -d 'Show all records of a request, a hold, a grant or a plan'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and not __fish_seen_subcommand_from list show verify export replay watch help" -f -a "verify" -d 'Verify the gateway\'s trail, or an exported one offline'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and not __fish_seen_subcommand_from list show verify export replay watch help" -f -a "export" -d 'Write the trail to standard output, a record a line'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and not __fish_seen_subcommand_from list show verify export replay watch help" -f -a "replay" -d 'Play the recording of an exec, attach or port-forward that has ended'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and not __fish_seen_subcommand_from list show verify export replay watch help" -f -a "watch" -d 'Look on while an exec, attach or port-forward runs'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and not __fish_seen_subcommand_from list show verify export replay watch help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from list" -l limit -d 'How many records' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from list" -l caller -d 'Only what this caller did, or decided' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from list" -l on -d 'Only requests to this cluster' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from list" -l decision -d 'Only requests with this decision: allow, deny or hold' -r -f -a "allow\t''
deny\t''
hold\t''"
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from list" -l verb -d 'Only requests with this verb of the API, e.g. delete' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from list" -s n -l namespace -d 'Only requests in this namespace' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from list" -l search -d 'Only what has all of these words somewhere in its record, in any case, e.g. exec' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from list" -l since -d 'Only from this moment on: 2h or 7d ago, 2026-01-31T12:00:00Z, or the day 2026-01-31 (UTC)' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from list" -l until -d 'Only before this moment, written the same way' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print: table, wide, json, yaml or name' -r -f -a "json\t'JSON'
name\t'A name a line'
table\t'A table for people'
wide\t'A table with more columns'
yaml\t'YAML'"
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from list" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from list" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from list" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from list" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from list" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from list" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print: table, wide, json, yaml or name' -r -f -a "json\t'JSON'
name\t'A name a line'
table\t'A table for people'
wide\t'A table with more columns'
yaml\t'YAML'"
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from show" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from show" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from show" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from show" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from show" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from show" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from verify" -l key -d 'The public key that must have signed it, in hex' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from verify" -l contains -d 'A head that the trail must contain, as an earlier run printed it' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from verify" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from verify" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from verify" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from verify" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from verify" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from verify" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from verify" -l recordings -d 'Fetch the recordings that the trail names from the gateway, and compare their hashes'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from verify" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from export" -l after -d 'Only what follows this position' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from export" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from export" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from export" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from export" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from export" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from export" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from export" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from replay" -l file -d 'Play a file; with ID only if it is what the trail names' -r -F
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from replay" -l speed -d 'How many times as fast' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from replay" -l idle-limit -d 'Cut short what is longer than this without output' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from replay" -l search -d 'Begin where this text is printed' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from replay" -l from -d 'Begin at this second' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from replay" -s o -l output -d 'Print the recording itself: asciicast, for any asciinema player' -r -f -a "asciicast\t'asciicast v2, as it is stored'"
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from replay" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from replay" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from replay" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from replay" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from replay" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from replay" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from replay" -l no-delay -d 'Print all output at once'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from replay" -l unverified -d 'Play even what the trail does not name, or what is not what it names'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from replay" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from replay" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from replay" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from replay" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from watch" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from watch" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from watch" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from watch" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from watch" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from watch" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from watch" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from watch" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from watch" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from watch" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the newest records'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show all records of a request, a hold, a grant or a plan'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Verify the gateway\'s trail, or an exported one offline'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "export" -d 'Write the trail to standard output, a record a line'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "replay" -d 'Play the recording of an exec, attach or port-forward that has ended'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "watch" -d 'Look on while an exec, attach or port-forward runs'
complete -c kguard -n "__fish_kguard_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and not __fish_seen_subcommand_from check test explain mask replay suggest starter help" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and not __fish_seen_subcommand_from check test explain mask replay suggest starter help" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and not __fish_seen_subcommand_from check test explain mask replay suggest starter help" -f -a "check" -d 'Check policy files or folders, all mistakes at once'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and not __fish_seen_subcommand_from check test explain mask replay suggest starter help" -f -a "test" -d 'Run the cases that say what policies have to decide'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and not __fish_seen_subcommand_from check test explain mask replay suggest starter help" -f -a "explain" -d 'Tell which policies are about a request, and why others are not'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and not __fish_seen_subcommand_from check test explain mask replay suggest starter help" -f -a "mask" -d 'Show what masks hide of manifests'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and not __fish_seen_subcommand_from check test explain mask replay suggest starter help" -f -a "replay" -d 'Tell what other policies would have decided on the requests of a trail'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and not __fish_seen_subcommand_from check test explain mask replay suggest starter help" -f -a "suggest" -d 'Suggest the least policies that allow what a trail says was done'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and not __fish_seen_subcommand_from check test explain mask replay suggest starter help" -f -a "starter" -d 'Print policies to start with'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and not __fish_seen_subcommand_from check test explain mask replay suggest starter help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from check" -s o -l output -d 'How to print: table, wide, json, yaml or name' -r -f -a "json\t'JSON'
name\t'A name a line'
table\t'A table for people'
wide\t'A table with more columns'
yaml\t'YAML'"
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from check" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from test" -s o -l output -d 'How to print: table, wide, json, yaml or name' -r -f -a "json\t'JSON'
name\t'A name a line'
table\t'A table for people'
wide\t'A table with more columns'
yaml\t'YAML'"
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from test" -l coverage -d 'Fail if there is a policy that no case is decided by'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from test" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from explain" -l policies -d 'Files, folders or pack:NAME; may be given several times' -r -F
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from explain" -l as -d 'Who asks: user:NAME or workload:NAME' -r
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from explain" -l group -d 'A group of the caller; may be given several times' -r
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from explain" -s n -l namespace -d 'The namespace' -r
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from explain" -l subresource -d 'The part of the resource, e.g. exec or scale' -r
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from explain" -l on -d 'The cluster that is asked' -r
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from explain" -l object -d 'What would be stored, YAML or JSON; `none` for nothing' -r -F
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from explain" -l old-object -d 'What is stored now, YAML or JSON; `none` for nothing' -r -F
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from explain" -l request -d 'A file with `request`, `caller` and the rest, as in a case' -r -F
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from explain" -s o -l output -d 'How to print: table, wide, json, yaml or name' -r -f -a "json\t'JSON'
name\t'A name a line'
table\t'A table for people'
wide\t'A table with more columns'
yaml\t'YAML'"
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from explain" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from explain" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from explain" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from explain" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from explain" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from explain" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from explain" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from explain" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from explain" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from mask" -l policies -d 'Files, folders or pack:NAME; may be given several times' -r -F
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from mask" -l as -d 'Who reads: user:NAME or workload:NAME' -r
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from mask" -l group -d 'A group of the caller; may be given several times' -r
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from mask" -l on -d 'The cluster that is read from' -r
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from mask" -s o -l output -d 'What to print: table or json, what is hidden; yaml, the manifests as they would be shown' -r -f -a "json\t'The hidden fields, for programs'
table\t'The hidden fields, for people'
yaml\t'The manifests without them'"
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from mask" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from mask" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from replay" -l policies -d 'Files, folders or pack:NAME; may be given several times' -r -F
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from replay" -l trail -d 'An exported trail, `-` for standard input [default: the gateway\'s]' -r -F
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from replay" -l since -d 'Only from this moment on: 2h or 7d ago, 2026-01-31T12:00:00Z, or the day 2026-01-31 (UTC)' -r
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from replay" -l until -d 'Only before this moment, written the same way' -r
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from replay" -s o -l output -d 'How to print: table, wide, json, yaml or name' -r -f -a "json\t'JSON'
name\t'A name a line'
table\t'A table for people'
wide\t'A table with more columns'
yaml\t'YAML'"
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from replay" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from replay" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from replay" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from replay" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from replay" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from replay" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from replay" -l fail-on-change -d 'Exit with 1 if anything would be decided otherwise, or may be'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from replay" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from replay" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from replay" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from replay" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from suggest" -l trail -d 'An exported trail, `-` for standard input [default: the gateway\'s]' -r -F
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from suggest" -l since -d 'Only from this moment on: 2h or 7d ago, 2026-01-31T12:00:00Z, or the day 2026-01-31 (UTC)' -r
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from suggest" -l until -d 'Only before this moment, written the same way' -r
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from suggest" -l caller -d 'Only for these callers: user:NAME, workload:NAME or group:NAME' -r
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from suggest" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from suggest" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from suggest" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from suggest" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from suggest" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from suggest" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from suggest" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from suggest" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from suggest" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from suggest" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from starter" -s o -l output -d 'How to print: table, wide, json, yaml or name' -r -f -a "json\t'JSON'
name\t'A name a line'
table\t'A table for people'
wide\t'A table with more columns'
yaml\t'YAML'"
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from starter" -l list -d 'List the packs'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from starter" -l tests -d 'Print the pack\'s cases instead'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from starter" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from starter" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "check" -d 'Check policy files or folders, all mistakes at once'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "test" -d 'Run the cases that say what policies have to decide'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "explain" -d 'Tell which policies are about a request, and why others are not'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "mask" -d 'Show what masks hide of manifests'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "replay" -d 'Tell what other policies would have decided on the requests of a trail'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "suggest" -d 'Suggest the least policies that allow what a trail says was done'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "starter" -d 'Print policies to start with'
complete -c kguard -n "__fish_kguard_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kguard -n "__fish_kguard_using_subcommand completion" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand completion" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand doctor; and not __fish_seen_subcommand_from mask help" -l gateway -d 'The gateway, if not the one logged in to' -r -f
complete -c kguard -n "__fish_kguard_using_subcommand doctor; and not __fish_seen_subcommand_from mask help" -l cluster -d 'The cluster to start with, if not the one chosen by `use`' -r
complete -c kguard -n "__fish_kguard_using_subcommand doctor; and not __fish_seen_subcommand_from mask help" -l reason -d 'Why you do this; approvers see it and it is recorded' -r
complete -c kguard -n "__fish_kguard_using_subcommand doctor; and not __fish_seen_subcommand_from mask help" -l approval-timeout -d 'Stop waiting for an approval after this time, e.g. 10m, and end with 75' -r
complete -c kguard -n "__fish_kguard_using_subcommand doctor; and not __fish_seen_subcommand_from mask help" -l keep-hold -d 'Let a workload\'s held requests wait on when this ends, for the next run [default: if CI=true]' -r -f -a "true\t''
false\t''"
complete -c kguard -n "__fish_kguard_using_subcommand doctor; and not __fish_seen_subcommand_from mask help" -l color -d 'When to use colours' -r -f -a "always\t'Always'
auto\t'On a terminal, unless `NO_COLOR` is set'
never\t'Never'"
complete -c kguard -n "__fish_kguard_using_subcommand doctor; and not __fish_seen_subcommand_from mask help" -s v -l verbose -d 'Say more'
complete -c kguard -n "__fish_kguard_using_subcommand doctor; and not __fish_seen_subcommand_from mask help" -s q -l quiet -d 'Say nothing but errors'
complete -c kguard -n "__fish_kguard_using_subcommand doctor; and not __fish_seen_subcommand_from mask help" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand doctor; and not __fish_seen_subcommand_from mask help" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand doctor; and not __fish_seen_subcommand_from mask help" -f -a "mask" -d 'Show what masks hide of manifests, as `kguard policy mask` does'
complete -c kguard -n "__fish_kguard_using_subcommand doctor; and not __fish_seen_subcommand_from mask help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kguard -n "__fish_kguard_using_subcommand doctor; and __fish_seen_subcommand_from mask" -l policies -d 'Files, folders or pack:NAME; may be given several times' -r -F
complete -c kguard -n "__fish_kguard_using_subcommand doctor; and __fish_seen_subcommand_from mask" -l as -d 'Who reads: user:NAME or workload:NAME' -r
complete -c kguard -n "__fish_kguard_using_subcommand doctor; and __fish_seen_subcommand_from mask" -l group -d 'A group of the caller; may be given several times' -r
complete -c kguard -n "__fish_kguard_using_subcommand doctor; and __fish_seen_subcommand_from mask" -l on -d 'The cluster that is read from' -r
complete -c kguard -n "__fish_kguard_using_subcommand doctor; and __fish_seen_subcommand_from mask" -s o -l output -d 'What to print: table or json, what is hidden; yaml, the manifests as they would be shown' -r -f -a "json\t'The hidden fields, for programs'
table\t'The hidden fields, for people'
yaml\t'The manifests without them'"
complete -c kguard -n "__fish_kguard_using_subcommand doctor; and __fish_seen_subcommand_from mask" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand doctor; and __fish_seen_subcommand_from mask" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand doctor; and __fish_seen_subcommand_from help" -f -a "mask" -d 'Show what masks hide of manifests, as `kguard policy mask` does'
complete -c kguard -n "__fish_kguard_using_subcommand doctor; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kguard -n "__fish_kguard_using_subcommand version" -s o -l output -d 'How to print: table, wide, json, yaml or name' -r -f -a "json\t'JSON'
name\t'A name a line'
table\t'A table for people'
wide\t'A table with more columns'
yaml\t'YAML'"
complete -c kguard -n "__fish_kguard_using_subcommand version" -s h -l help -d 'Print help'
complete -c kguard -n "__fish_kguard_using_subcommand version" -s V -l version -d 'Print version'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "login" -d 'Log in to a gateway with a code in the browser'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "logout" -d 'Forget the login'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "whoami" -d 'Show who the gateway takes you for'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "clusters" -d 'List the clusters you may reach'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "use" -d 'Choose the cluster to start with'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "kubectl" -d 'Run one kubectl through the gateway'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "run" -d 'Run any program that reads KUBECONFIG through the gateway'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "plan" -d 'Plan what a command would change, and have all of it approved at once'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "apply" -d 'Run an approved plan'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "proxy" -d 'Hold a local port to the clusters open until Ctrl-C'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "env" -d 'Print what makes this shell use the gateway'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "shim" -d 'Put a `kubectl` on the PATH that goes through the gateway'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "requests" -d 'List held requests, or show one in full'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "approve" -d 'Approve a held request, or wait for requests to decide on'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "deny" -d 'Refuse a held request'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "undo" -d 'Take back an approved delete, update or scaling'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "notifications" -d 'List notifications that could not be delivered, send one again, try a target'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "grants" -d 'List what was approved for a while, or revoke it'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "reviews" -d 'List the runs without approval that nobody has reviewed, or close a review'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "sessions" -d 'List the exec, attach and port-forward sessions that run, or end one'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "audit" -d 'Read and verify the trail, play recordings, look on'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "policy" -d 'Write policies and try them before the gateway gets them'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "completion" -d 'Print completions for a shell'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "doctor" -d 'Find out what does not work, and how to mend it'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "version" -d 'Show the version'
complete -c kguard -n "__fish_kguard_using_subcommand help; and not __fish_seen_subcommand_from login logout whoami clusters use kubectl run plan apply proxy env shim requests approve deny undo notifications grants reviews sessions audit policy completion doctor version help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kguard -n "__fish_kguard_using_subcommand help; and __fish_seen_subcommand_from plan" -f -a "list" -d 'List plans: yours, and those that you may run or decide on'
complete -c kguard -n "__fish_kguard_using_subcommand help; and __fish_seen_subcommand_from plan" -f -a "show" -d 'Show all of a plan'
complete -c kguard -n "__fish_kguard_using_subcommand help; and __fish_seen_subcommand_from shim" -f -a "install" -d 'Write the shim into a folder; put that folder first on the PATH'
complete -c kguard -n "__fish_kguard_using_subcommand help; and __fish_seen_subcommand_from notifications" -f -a "retry" -d 'Send one that was not delivered once more'
complete -c kguard -n "__fish_kguard_using_subcommand help; and __fish_seen_subcommand_from notifications" -f -a "test" -d 'Send a target a message that says that it is a test'
complete -c kguard -n "__fish_kguard_using_subcommand help; and __fish_seen_subcommand_from grants" -f -a "revoke" -d 'End a grant at once, and the sessions that run on it'
complete -c kguard -n "__fish_kguard_using_subcommand help; and __fish_seen_subcommand_from reviews" -f -a "close" -d 'Say what there is to say about a run without approval'
complete -c kguard -n "__fish_kguard_using_subcommand help; and __fish_seen_subcommand_from sessions" -f -a "end" -d 'End a session; who is in it is told why'
complete -c kguard -n "__fish_kguard_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "list" -d 'List the newest records'
complete -c kguard -n "__fish_kguard_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "show" -d 'Show all records of a request, a hold, a grant or a plan'
complete -c kguard -n "__fish_kguard_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "verify" -d 'Verify the gateway\'s trail, or an exported one offline'
complete -c kguard -n "__fish_kguard_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "export" -d 'Write the trail to standard output, a record a line'
complete -c kguard -n "__fish_kguard_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "replay" -d 'Play the recording of an exec, attach or port-forward that has ended'
complete -c kguard -n "__fish_kguard_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "watch" -d 'Look on while an exec, attach or port-forward runs'
complete -c kguard -n "__fish_kguard_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "check" -d 'Check policy files or folders, all mistakes at once'
complete -c kguard -n "__fish_kguard_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "test" -d 'Run the cases that say what policies have to decide'
complete -c kguard -n "__fish_kguard_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "explain" -d 'Tell which policies are about a request, and why others are not'
complete -c kguard -n "__fish_kguard_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "mask" -d 'Show what masks hide of manifests'
complete -c kguard -n "__fish_kguard_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "replay" -d 'Tell what other policies would have decided on the requests of a trail'
complete -c kguard -n "__fish_kguard_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "suggest" -d 'Suggest the least policies that allow what a trail says was done'
complete -c kguard -n "__fish_kguard_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "starter" -d 'Print policies to start with'
complete -c kguard -n "__fish_kguard_using_subcommand help; and __fish_seen_subcommand_from doctor" -f -a "mask" -d 'Show what masks hide of manifests, as `kguard policy mask` does'
