//! `kguard`: kubectl through the gateway. Reads the command line and the environment once, runs
//! one command, and turns what became of it into an exit code.

mod args;
mod certificates;
mod child;
mod clusters;
mod commands;
mod config;
mod context;
mod control;
mod credentials;
mod desktop;
mod effect_card;
mod environment;
mod failure;
mod files;
mod gateway;
mod hold_card;
mod kubeconfig;
mod kubectl_flags;
mod lines;
mod local_port;
mod oidc;
mod outcome;
mod output;
mod plan_card;
mod player;
mod recording;
mod screen;
mod session;
mod stopped;
mod terminal;
mod terminal_filter;
mod tls;
mod tunnel;
mod ui;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Cli, Common};
use context::Context;
use environment::Environment;
use failure::Kind;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { Kind::Usage as u8 } else { 0 };
            // There is nowhere to complain that the terminal is gone.
            let _ = error.print();
            if let Some(command) = args::kubectl_command(&error) {
                let ui = Context::ui(&Environment::of_process(), &Common::default());
                ui.hint(format_args!("`{command}` is kubectl's: `kguard kubectl {command} …`"));
            }
            return ExitCode::from(code);
        }
    };
    let environment = Environment::of_process();
    let ui = Context::ui(&environment, &cli.common);
    // One thread: there is little to do, and threads cost time to start.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => {
            let done = runtime.block_on(Box::pin(commands::run(cli, environment)));
            // A thread that waits for a lock or a terminal must not keep us from ending.
            runtime.shutdown_background();
            done
        }
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            ui.failure(&failure);
            ExitCode::from(failure.kind as u8)
        }
    }
}
