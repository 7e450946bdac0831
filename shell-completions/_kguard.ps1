
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'kguard' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'kguard'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'kguard' {
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--break-glass', '--break-glass', [CompletionResultType]::ParameterName, 'Wait for no approval, if a policy lets you: all approvers hear of it, and one has to review it')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Log in to a gateway with a code in the browser')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Forget the login')
            [CompletionResult]::new('whoami', 'whoami', [CompletionResultType]::ParameterValue, 'Show who the gateway takes you for')
            [CompletionResult]::new('clusters', 'clusters', [CompletionResultType]::ParameterValue, 'List the clusters you may reach')
            [CompletionResult]::new('use', 'use', [CompletionResultType]::ParameterValue, 'Choose the cluster to start with')
            [CompletionResult]::new('kubectl', 'kubectl', [CompletionResultType]::ParameterValue, 'Run one kubectl through the gateway')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run any program that reads KUBECONFIG through the gateway')
            [CompletionResult]::new('plan', 'plan', [CompletionResultType]::ParameterValue, 'Plan what a command would change, and have all of it approved at once')
            [CompletionResult]::new('apply', 'apply', [CompletionResultType]::ParameterValue, 'Run an approved plan')
            [CompletionResult]::new('proxy', 'proxy', [CompletionResultType]::ParameterValue, 'Hold a local port to the clusters open until Ctrl-C')
            [CompletionResult]::new('env', 'env', [CompletionResultType]::ParameterValue, 'Print what makes this shell use the gateway')
            [CompletionResult]::new('shim', 'shim', [CompletionResultType]::ParameterValue, 'Put a `kubectl` on the PATH that goes through the gateway')
            [CompletionResult]::new('requests', 'requests', [CompletionResultType]::ParameterValue, 'List held requests, or show one in full')
            [CompletionResult]::new('approve', 'approve', [CompletionResultType]::ParameterValue, 'Approve a held request, or wait for requests to decide on')
            [CompletionResult]::new('deny', 'deny', [CompletionResultType]::ParameterValue, 'Refuse a held request')
            [CompletionResult]::new('undo', 'undo', [CompletionResultType]::ParameterValue, 'Take back an approved delete, update or scaling')
            [CompletionResult]::new('notifications', 'notifications', [CompletionResultType]::ParameterValue, 'List notifications that could not be delivered, send one again, try a target')
            [CompletionResult]::new('grants', 'grants', [CompletionResultType]::ParameterValue, 'List what was approved for a while, or revoke it')
            [CompletionResult]::new('reviews', 'reviews', [CompletionResultType]::ParameterValue, 'List the runs without approval that nobody has reviewed, or close a review')
            [CompletionResult]::new('sessions', 'sessions', [CompletionResultType]::ParameterValue, 'List the exec, attach and port-forward sessions that run, or end one')
            [CompletionResult]::new('audit', 'audit', [CompletionResultType]::ParameterValue, 'Read and verify the trail, play recordings, look on')
            [CompletionResult]::new('policy', 'policy', [CompletionResultType]::ParameterValue, 'Write policies and try them before the gateway gets them')
            [CompletionResult]::new('completion', 'completion', [CompletionResultType]::ParameterValue, 'Print completions for a shell')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Find out what does not work, and how to mend it')
            [CompletionResult]::new('version', 'version', [CompletionResultType]::ParameterValue, 'Show the version')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'kguard;login' {
            [CompletionResult]::new('--ca', '--ca', [CompletionResultType]::ParameterName, 'Trust this CA for the gateway, and no other (PEM)')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--insecure-storage', '--insecure-storage', [CompletionResultType]::ParameterName, 'Keep the login in a file that only you can read, instead of the keyring')
            [CompletionResult]::new('--fresh', '--fresh', [CompletionResultType]::ParameterName, 'Prove who you are anew, whatever the issuer remembers: some policies ask approvers for that')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;logout' {
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;whoami' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;clusters' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;use' {
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;kubectl' {
            break
        }
        'kguard;run' {
            [CompletionResult]::new('--plan', '--plan', [CompletionResultType]::ParameterName, 'Run it as this plan: what it writes has to be what was approved')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;plan' {
            [CompletionResult]::new('--apply-as', '--apply-as', [CompletionResultType]::ParameterName, 'The workload that may run the plan, by its whole name, if not you')
            [CompletionResult]::new('--valid', '--valid', [CompletionResultType]::ParameterName, 'For how long it may be approved and run, such as 4h or 2d [default: 24h]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Print the plan: table, json, yaml or name')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Print the plan: table, json, yaml or name')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until it is decided on')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List plans: yours, and those that you may run or decide on')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show all of a plan')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'kguard;plan;list' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;plan;show' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;plan;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List plans: yours, and those that you may run or decide on')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show all of a plan')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'kguard;plan;help;list' {
            break
        }
        'kguard;plan;help;show' {
            break
        }
        'kguard;plan;help;help' {
            break
        }
        'kguard;apply' {
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until it is decided on')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;proxy' {
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'The port, if not any free one')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--direct', '--direct', [CompletionResultType]::ParameterName, 'Open one plain TLS port per cluster, from PORT on')
            [CompletionResult]::new('--background', '--background', [CompletionResultType]::ParameterName, 'Serve `kguard env`')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;env' {
            [CompletionResult]::new('--shell', '--shell', [CompletionResultType]::ParameterName, 'The shell: posix, fish or powershell')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--stop', '--stop', [CompletionResultType]::ParameterName, 'Stop the proxy in the background')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;shim' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Write the shim into a folder; put that folder first on the PATH')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'kguard;shim;install' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;shim;help' {
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Write the shim into a folder; put that folder first on the PATH')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'kguard;shim;help;install' {
            break
        }
        'kguard;shim;help;help' {
            break
        }
        'kguard;requests' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;approve' {
            [CompletionResult]::new('--comment', '--comment', [CompletionResultType]::ParameterName, 'Tell the requester something')
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'Approve requests like this one too, for so long: 30m, 1h')
            [CompletionResult]::new('--names', '--names', [CompletionResultType]::ParameterName, '...of these names, with `*`, instead of just this one')
            [CompletionResult]::new('--namespaces', '--namespaces', [CompletionResultType]::ParameterName, '...in these namespaces, with `*`, instead of just this one')
            [CompletionResult]::new('--verbs', '--verbs', [CompletionResultType]::ParameterName, '...with these verbs, instead of just this one')
            [CompletionResult]::new('--max-uses', '--max-uses', [CompletionResultType]::ParameterName, '...but no more than so many of them')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask back')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask back')
            [CompletionResult]::new('--no-notify', '--no-notify', [CompletionResultType]::ParameterName, 'No desktop notification when a request comes in')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;deny' {
            [CompletionResult]::new('--comment', '--comment', [CompletionResultType]::ParameterName, 'Tell the requester why')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;undo' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--list', '--list', [CompletionResultType]::ParameterName, 'List what can be undone')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Only show what it would do')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask back')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask back')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;notifications' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('retry', 'retry', [CompletionResultType]::ParameterValue, 'Send one that was not delivered once more')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Send a target a message that says that it is a test')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'kguard;notifications;retry' {
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;notifications;test' {
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;notifications;help' {
            [CompletionResult]::new('retry', 'retry', [CompletionResultType]::ParameterValue, 'Send one that was not delivered once more')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Send a target a message that says that it is a test')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'kguard;notifications;help;retry' {
            break
        }
        'kguard;notifications;help;test' {
            break
        }
        'kguard;notifications;help;help' {
            break
        }
        'kguard;grants' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Show those that have ended, too')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Show those that have ended, too')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'End a grant at once, and the sessions that run on it')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'kguard;grants;revoke' {
            [CompletionResult]::new('--comment', '--comment', [CompletionResultType]::ParameterName, 'Say why')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;grants;help' {
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'End a grant at once, and the sessions that run on it')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'kguard;grants;help;revoke' {
            break
        }
        'kguard;grants;help;help' {
            break
        }
        'kguard;reviews' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('close', 'close', [CompletionResultType]::ParameterValue, 'Say what there is to say about a run without approval')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'kguard;reviews;close' {
            [CompletionResult]::new('--comment', '--comment', [CompletionResultType]::ParameterName, 'What you say to it; recorded')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;reviews;help' {
            [CompletionResult]::new('close', 'close', [CompletionResultType]::ParameterValue, 'Say what there is to say about a run without approval')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'kguard;reviews;help;close' {
            break
        }
        'kguard;reviews;help;help' {
            break
        }
        'kguard;sessions' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('end', 'end', [CompletionResultType]::ParameterValue, 'End a session; who is in it is told why')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'kguard;sessions;end' {
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask back')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask back')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;sessions;help' {
            [CompletionResult]::new('end', 'end', [CompletionResultType]::ParameterValue, 'End a session; who is in it is told why')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'kguard;sessions;help;end' {
            break
        }
        'kguard;sessions;help;help' {
            break
        }
        'kguard;audit' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the newest records')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show all records of a request, a hold, a grant or a plan')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Verify the gateway''s trail, or an exported one offline')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write the trail to standard output, a record a line')
            [CompletionResult]::new('replay', 'replay', [CompletionResultType]::ParameterValue, 'Play the recording of an exec, attach or port-forward that has ended')
            [CompletionResult]::new('watch', 'watch', [CompletionResultType]::ParameterValue, 'Look on while an exec, attach or port-forward runs')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'kguard;audit;list' {
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'How many records')
            [CompletionResult]::new('--caller', '--caller', [CompletionResultType]::ParameterName, 'Only what this caller did, or decided')
            [CompletionResult]::new('--on', '--on', [CompletionResultType]::ParameterName, 'Only requests to this cluster')
            [CompletionResult]::new('--decision', '--decision', [CompletionResultType]::ParameterName, 'Only requests with this decision: allow, deny or hold')
            [CompletionResult]::new('--verb', '--verb', [CompletionResultType]::ParameterName, 'Only requests with this verb of the API, e.g. delete')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Only requests in this namespace')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Only requests in this namespace')
            [CompletionResult]::new('--search', '--search', [CompletionResultType]::ParameterName, 'Only what has all of these words somewhere in its record, in any case, e.g. exec')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only from this moment on: 2h or 7d ago, 2026-01-31T12:00:00Z, or the day 2026-01-31 (UTC)')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Only before this moment, written the same way')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;audit;show' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;audit;verify' {
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'The public key that must have signed it, in hex')
            [CompletionResult]::new('--contains', '--contains', [CompletionResultType]::ParameterName, 'A head that the trail must contain, as an earlier run printed it')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--recordings', '--recordings', [CompletionResultType]::ParameterName, 'Fetch the recordings that the trail names from the gateway, and compare their hashes')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;audit;export' {
            [CompletionResult]::new('--after', '--after', [CompletionResultType]::ParameterName, 'Only what follows this position')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;audit;replay' {
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Play a file; with ID only if it is what the trail names')
            [CompletionResult]::new('--speed', '--speed', [CompletionResultType]::ParameterName, 'How many times as fast')
            [CompletionResult]::new('--idle-limit', '--idle-limit', [CompletionResultType]::ParameterName, 'Cut short what is longer than this without output')
            [CompletionResult]::new('--search', '--search', [CompletionResultType]::ParameterName, 'Begin where this text is printed')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Begin at this second')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Print the recording itself: asciicast, for any asciinema player')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Print the recording itself: asciicast, for any asciinema player')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--no-delay', '--no-delay', [CompletionResultType]::ParameterName, 'Print all output at once')
            [CompletionResult]::new('--unverified', '--unverified', [CompletionResultType]::ParameterName, 'Play even what the trail does not name, or what is not what it names')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;audit;watch' {
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;audit;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the newest records')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show all records of a request, a hold, a grant or a plan')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Verify the gateway''s trail, or an exported one offline')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write the trail to standard output, a record a line')
            [CompletionResult]::new('replay', 'replay', [CompletionResultType]::ParameterValue, 'Play the recording of an exec, attach or port-forward that has ended')
            [CompletionResult]::new('watch', 'watch', [CompletionResultType]::ParameterValue, 'Look on while an exec, attach or port-forward runs')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'kguard;audit;help;list' {
            break
        }
        'kguard;audit;help;show' {
            break
        }
        'kguard;audit;help;verify' {
            break
        }
        'kguard;audit;help;export' {
            break
        }
        'kguard;audit;help;replay' {
            break
        }
        'kguard;audit;help;watch' {
            break
        }
        'kguard;audit;help;help' {
            break
        }
        'kguard;policy' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check policy files or folders, all mistakes at once')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Run the cases that say what policies have to decide')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Tell which policies are about a request, and why others are not')
            [CompletionResult]::new('mask', 'mask', [CompletionResultType]::ParameterValue, 'Show what masks hide of manifests')
            [CompletionResult]::new('replay', 'replay', [CompletionResultType]::ParameterValue, 'Tell what other policies would have decided on the requests of a trail')
            [CompletionResult]::new('suggest', 'suggest', [CompletionResultType]::ParameterValue, 'Suggest the least policies that allow what a trail says was done')
            [CompletionResult]::new('starter', 'starter', [CompletionResultType]::ParameterValue, 'Print policies to start with')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'kguard;policy;check' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;policy;test' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--coverage', '--coverage', [CompletionResultType]::ParameterName, 'Fail if there is a policy that no case is decided by')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;policy;explain' {
            [CompletionResult]::new('--policies', '--policies', [CompletionResultType]::ParameterName, 'Files, folders or pack:NAME; may be given several times')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'Who asks: user:NAME or workload:NAME')
            [CompletionResult]::new('--group', '--group', [CompletionResultType]::ParameterName, 'A group of the caller; may be given several times')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The namespace')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The namespace')
            [CompletionResult]::new('--subresource', '--subresource', [CompletionResultType]::ParameterName, 'The part of the resource, e.g. exec or scale')
            [CompletionResult]::new('--on', '--on', [CompletionResultType]::ParameterName, 'The cluster that is asked')
            [CompletionResult]::new('--object', '--object', [CompletionResultType]::ParameterName, 'What would be stored, YAML or JSON; `none` for nothing')
            [CompletionResult]::new('--old-object', '--old-object', [CompletionResultType]::ParameterName, 'What is stored now, YAML or JSON; `none` for nothing')
            [CompletionResult]::new('--request', '--request', [CompletionResultType]::ParameterName, 'A file with `request`, `caller` and the rest, as in a case')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;policy;mask' {
            [CompletionResult]::new('--policies', '--policies', [CompletionResultType]::ParameterName, 'Files, folders or pack:NAME; may be given several times')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'Who reads: user:NAME or workload:NAME')
            [CompletionResult]::new('--group', '--group', [CompletionResultType]::ParameterName, 'A group of the caller; may be given several times')
            [CompletionResult]::new('--on', '--on', [CompletionResultType]::ParameterName, 'The cluster that is read from')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'What to print: table or json, what is hidden; yaml, the manifests as they would be shown')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'What to print: table or json, what is hidden; yaml, the manifests as they would be shown')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;policy;replay' {
            [CompletionResult]::new('--policies', '--policies', [CompletionResultType]::ParameterName, 'Files, folders or pack:NAME; may be given several times')
            [CompletionResult]::new('--trail', '--trail', [CompletionResultType]::ParameterName, 'An exported trail, `-` for standard input [default: the gateway''s]')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only from this moment on: 2h or 7d ago, 2026-01-31T12:00:00Z, or the day 2026-01-31 (UTC)')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Only before this moment, written the same way')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('--fail-on-change', '--fail-on-change', [CompletionResultType]::ParameterName, 'Exit with 1 if anything would be decided otherwise, or may be')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;policy;suggest' {
            [CompletionResult]::new('--trail', '--trail', [CompletionResultType]::ParameterName, 'An exported trail, `-` for standard input [default: the gateway''s]')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Only from this moment on: 2h or 7d ago, 2026-01-31T12:00:00Z, or the day 2026-01-31 (UTC)')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Only before this moment, written the same way')
            [CompletionResult]::new('--caller', '--caller', [CompletionResultType]::ParameterName, 'Only for these callers: user:NAME, workload:NAME or group:NAME')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;policy;starter' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--list', '--list', [CompletionResultType]::ParameterName, 'List the packs')
            [CompletionResult]::new('--tests', '--tests', [CompletionResultType]::ParameterName, 'Print the pack''s cases instead')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;policy;help' {
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check policy files or folders, all mistakes at once')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Run the cases that say what policies have to decide')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Tell which policies are about a request, and why others are not')
            [CompletionResult]::new('mask', 'mask', [CompletionResultType]::ParameterValue, 'Show what masks hide of manifests')
            [CompletionResult]::new('replay', 'replay', [CompletionResultType]::ParameterValue, 'Tell what other policies would have decided on the requests of a trail')
            [CompletionResult]::new('suggest', 'suggest', [CompletionResultType]::ParameterValue, 'Suggest the least policies that allow what a trail says was done')
            [CompletionResult]::new('starter', 'starter', [CompletionResultType]::ParameterValue, 'Print policies to start with')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'kguard;policy;help;check' {
            break
        }
        'kguard;policy;help;test' {
            break
        }
        'kguard;policy;help;explain' {
            break
        }
        'kguard;policy;help;mask' {
            break
        }
        'kguard;policy;help;replay' {
            break
        }
        'kguard;policy;help;suggest' {
            break
        }
        'kguard;policy;help;starter' {
            break
        }
        'kguard;policy;help;help' {
            break
        }
        'kguard;completion' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;doctor' {
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway, if not the one logged in to')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster to start with, if not the one chosen by `use`')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why you do this; approvers see it and it is recorded')
            [CompletionResult]::new('--approval-timeout', '--approval-timeout', [CompletionResultType]::ParameterName, 'Stop waiting for an approval after this time, e.g. 10m, and end with 75')
            [CompletionResult]::new('--keep-hold', '--keep-hold', [CompletionResultType]::ParameterName, 'Let a workload''s held requests wait on when this ends, for the next run [default: if CI=true]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colours')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('mask', 'mask', [CompletionResultType]::ParameterValue, 'Show what masks hide of manifests, as `kguard policy mask` does')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'kguard;doctor;mask' {
            [CompletionResult]::new('--policies', '--policies', [CompletionResultType]::ParameterName, 'Files, folders or pack:NAME; may be given several times')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'Who reads: user:NAME or workload:NAME')
            [CompletionResult]::new('--group', '--group', [CompletionResultType]::ParameterName, 'A group of the caller; may be given several times')
            [CompletionResult]::new('--on', '--on', [CompletionResultType]::ParameterName, 'The cluster that is read from')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'What to print: table or json, what is hidden; yaml, the manifests as they would be shown')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'What to print: table or json, what is hidden; yaml, the manifests as they would be shown')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;doctor;help' {
            [CompletionResult]::new('mask', 'mask', [CompletionResultType]::ParameterValue, 'Show what masks hide of manifests, as `kguard policy mask` does')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'kguard;doctor;help;mask' {
            break
        }
        'kguard;doctor;help;help' {
            break
        }
        'kguard;version' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: table, wide, json, yaml or name')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'kguard;help' {
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Log in to a gateway with a code in the browser')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Forget the login')
            [CompletionResult]::new('whoami', 'whoami', [CompletionResultType]::ParameterValue, 'Show who the gateway takes you for')
            [CompletionResult]::new('clusters', 'clusters', [CompletionResultType]::ParameterValue, 'List the clusters you may reach')
            [CompletionResult]::new('use', 'use', [CompletionResultType]::ParameterValue, 'Choose the cluster to start with')
            [CompletionResult]::new('kubectl', 'kubectl', [CompletionResultType]::ParameterValue, 'Run one kubectl through the gateway')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run any program that reads KUBECONFIG through the gateway')
            [CompletionResult]::new('plan', 'plan', [CompletionResultType]::ParameterValue, 'Plan what a command would change, and have all of it approved at once')
            [CompletionResult]::new('apply', 'apply', [CompletionResultType]::ParameterValue, 'Run an approved plan')
            [CompletionResult]::new('proxy', 'proxy', [CompletionResultType]::ParameterValue, 'Hold a local port to the clusters open until Ctrl-C')
            [CompletionResult]::new('env', 'env', [CompletionResultType]::ParameterValue, 'Print what makes this shell use the gateway')
            [CompletionResult]::new('shim', 'shim', [CompletionResultType]::ParameterValue, 'Put a `kubectl` on the PATH that goes through the gateway')
            [CompletionResult]::new('requests', 'requests', [CompletionResultType]::ParameterValue, 'List held requests, or show one in full')
            [CompletionResult]::new('approve', 'approve', [CompletionResultType]::ParameterValue, 'Approve a held request, or wait for requests to decide on')
            [CompletionResult]::new('deny', 'deny', [CompletionResultType]::ParameterValue, 'Refuse a held request')
            [CompletionResult]::new('undo', 'undo', [CompletionResultType]::ParameterValue, 'Take back an approved delete, update or scaling')
            [CompletionResult]::new('notifications', 'notifications', [CompletionResultType]::ParameterValue, 'List notifications that could not be delivered, send one again, try a target')
            [CompletionResult]::new('grants', 'grants', [CompletionResultType]::ParameterValue, 'List what was approved for a while, or revoke it')
            [CompletionResult]::new('reviews', 'reviews', [CompletionResultType]::ParameterValue, 'List the runs without approval that nobody has reviewed, or close a review')
            [CompletionResult]::new('sessions', 'sessions', [CompletionResultType]::ParameterValue, 'List the exec, attach and port-forward sessions that run, or end one')
            [CompletionResult]::new('audit', 'audit', [CompletionResultType]::ParameterValue, 'Read and verify the trail, play recordings, look on')
            [CompletionResult]::new('policy', 'policy', [CompletionResultType]::ParameterValue, 'Write policies and try them before the gateway gets them')
            [CompletionResult]::new('completion', 'completion', [CompletionResultType]::ParameterValue, 'Print completions for a shell')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Find out what does not work, and how to mend it')
            [CompletionResult]::new('version', 'version', [CompletionResultType]::ParameterValue, 'Show the version')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'kguard;help;login' {
            break
        }
        'kguard;help;logout' {
            break
        }
        'kguard;help;whoami' {
            break
        }
        'kguard;help;clusters' {
            break
        }
        'kguard;help;use' {
            break
        }
        'kguard;help;kubectl' {
            break
        }
        'kguard;help;run' {
            break
        }
        'kguard;help;plan' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List plans: yours, and those that you may run or decide on')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show all of a plan')
            break
        }
        'kguard;help;plan;list' {
            break
        }
        'kguard;help;plan;show' {
            break
        }
        'kguard;help;apply' {
            break
        }
        'kguard;help;proxy' {
            break
        }
        'kguard;help;env' {
            break
        }
        'kguard;help;shim' {
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Write the shim into a folder; put that folder first on the PATH')
            break
        }
        'kguard;help;shim;install' {
            break
        }
        'kguard;help;requests' {
            break
        }
        'kguard;help;approve' {
            break
        }
        'kguard;help;deny' {
            break
        }
        'kguard;help;undo' {
            break
        }
        'kguard;help;notifications' {
            [CompletionResult]::new('retry', 'retry', [CompletionResultType]::ParameterValue, 'Send one that was not delivered once more')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Send a target a message that says that it is a test')
            break
        }
        'kguard;help;notifications;retry' {
            break
        }
        'kguard;help;notifications;test' {
            break
        }
        'kguard;help;grants' {
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'End a grant at once, and the sessions that run on it')
            break
        }
        'kguard;help;grants;revoke' {
            break
        }
        'kguard;help;reviews' {
            [CompletionResult]::new('close', 'close', [CompletionResultType]::ParameterValue, 'Say what there is to say about a run without approval')
            break
        }
        'kguard;help;reviews;close' {
            break
        }
        'kguard;help;sessions' {
            [CompletionResult]::new('end', 'end', [CompletionResultType]::ParameterValue, 'End a session; who is in it is told why')
            break
        }
        'kguard;help;sessions;end' {
            break
        }
        'kguard;help;audit' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the newest records')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show all records of a request, a hold, a grant or a plan')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Verify the gateway''s trail, or an exported one offline')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write the trail to standard output, a record a line')
            [CompletionResult]::new('replay', 'replay', [CompletionResultType]::ParameterValue, 'Play the recording of an exec, attach or port-forward that has ended')
            [CompletionResult]::new('watch', 'watch', [CompletionResultType]::ParameterValue, 'Look on while an exec, attach or port-forward runs')
            break
        }
        'kguard;help;audit;list' {
            break
        }
        'kguard;help;audit;show' {
            break
        }
        'kguard;help;audit;verify' {
            break
        }
        'kguard;help;audit;export' {
            break
        }
        'kguard;help;audit;replay' {
            break
        }
        'kguard;help;audit;watch' {
            break
        }
        'kguard;help;policy' {
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check policy files or folders, all mistakes at once')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Run the cases that say what policies have to decide')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Tell which policies are about a request, and why others are not')
            [CompletionResult]::new('mask', 'mask', [CompletionResultType]::ParameterValue, 'Show what masks hide of manifests')
            [CompletionResult]::new('replay', 'replay', [CompletionResultType]::ParameterValue, 'Tell what other policies would have decided on the requests of a trail')
            [CompletionResult]::new('suggest', 'suggest', [CompletionResultType]::ParameterValue, 'Suggest the least policies that allow what a trail says was done')
            [CompletionResult]::new('starter', 'starter', [CompletionResultType]::ParameterValue, 'Print policies to start with')
            break
        }
        'kguard;help;policy;check' {
            break
        }
        'kguard;help;policy;test' {
            break
        }
        'kguard;help;policy;explain' {
            break
        }
        'kguard;help;policy;mask' {
            break
        }
        'kguard;help;policy;replay' {
            break
        }
        'kguard;help;policy;suggest' {
            break
        }
        'kguard;help;policy;starter' {
            break
        }
        'kguard;help;completion' {
            break
        }
        'kguard;help;doctor' {
            [CompletionResult]::new('mask', 'mask', [CompletionResultType]::ParameterValue, 'Show what masks hide of manifests, as `kguard policy mask` does')
            break
        }
        'kguard;help;doctor;mask' {
            break
        }
        'kguard;help;version' {
            break
        }
        'kguard;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
