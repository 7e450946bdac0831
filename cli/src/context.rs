//! What a command works with: options, environment and configuration, brought together.

use crate::args::Common;
use crate::config::{Config, Folders};
use crate::control::Control;
use crate::credentials::Tokens;
use crate::environment::Environment;
use crate::failure::{Failure, Kind};
use crate::gateway::Gateway;
use crate::ui::{Color, Ui, Verbosity};

/// The world of one command.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) common: Common,
    pub(crate) environment: Environment,
    pub(crate) folders: Folders,
    pub(crate) config: Config,
    pub(crate) ui: Ui,
    /// Whether nobody is to be waited for.
    pub(crate) break_glass: bool,
}

/// The gateway that a command talks to, and what is known of it.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) gateway: Gateway,
    pub(crate) config: Config,
    pub(crate) tokens: Tokens,
}

impl Context {
    pub(crate) fn new(environment: Environment, common: Common) -> Result<Self, Failure> {
        let ui = Self::ui(&environment, &common);
        let folders = Folders::find(&environment)?;
        let config = Config::load(&folders)?;
        Ok(Self { common, environment, folders, config, ui, break_glass: false })
    }

    /// The terminal alone, for when the rest cannot be had.
    pub(crate) fn ui(environment: &Environment, common: &Common) -> Ui {
        let color = common.color.unwrap_or(Color::Auto);
        let verbosity = match (common.quiet, common.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        };
        Ui::new(environment, color, verbosity)
    }

    /// The gateway: by option, by environment, by login.
    pub(crate) fn gateway(&self) -> Result<Gateway, Failure> {
        if let Some(gateway) = &self.common.gateway {
            return Ok(gateway.clone());
        }
        if let Some(gateway) = self.environment.get("KGUARD_GATEWAY") {
            return gateway.parse().map_err(Failure::usage);
        }
        self.config.gateway.clone().ok_or_else(|| {
            Failure::new(Kind::NotLoggedIn, "no gateway is known")
                .hint("run `kguard login --gateway URL`, or set KGUARD_GATEWAY")
        })
    }

    pub(crate) fn target(&self) -> Result<Target, Failure> {
        let gateway = self.gateway()?;
        let mut config = self.config.clone().of(&gateway);
        if let Some(path) = self.environment.get("KGUARD_CA_FILE") {
            config.ca = Some(std::fs::read_to_string(path).map_err(|error| {
                let mut failure =
                    Failure::usage(format_args!("cannot read KGUARD_CA_FILE, {path}"));
                failure.causes.push(error.to_string());
                failure
            })?);
        }
        let tokens = Tokens::new(&self.environment, &config, &self.folders, &gateway);
        Ok(Target { gateway, config, tokens })
    }

    pub(crate) fn control(&self) -> Result<Control, Failure> {
        self.target()?.control()
    }

    /// The cluster to start with, if anybody said one.
    pub(crate) fn cluster<'a>(&'a self, config: &'a Config) -> Option<&'a str> {
        let by_option = self.common.cluster.as_deref();
        by_option.or_else(|| self.environment.get("KGUARD_CLUSTER")).or(config.cluster.as_deref())
    }
}

impl Target {
    pub(crate) fn control(&self) -> Result<Control, Failure> {
        Ok(Control::new(self.gateway.clone(), self.config.ca.as_deref(), self.tokens.clone())?)
    }
}
