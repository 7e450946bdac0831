//! The plan that a session belongs to. Programs that a session runs may run kguard themselves, be it
//! as the `kubectl` of `kguard shim`: they find in their environment what they are part of, or they
//! would do for real what is only to be planned.

use std::fmt;
use std::str::FromStr;

use kguard::api::plans::PlanUse;
use uuid::Uuid;

use crate::environment::Environment;
use crate::failure::Failure;

/// What a session does with a plan, and the session that does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InPlan {
    pub(crate) of: PlanUse,
    pub(crate) session: Uuid,
}

impl InPlan {
    /// Names the variable.
    pub(crate) const VARIABLE: &str = "KGUARD_PLAN";

    /// What the program was started in. What is not understood is refused.
    pub(crate) fn inherited(environment: &Environment) -> Result<Option<Self>, Failure> {
        let Some(text) = environment.get(Self::VARIABLE) else { return Ok(None) };
        text.parse().map(Some).map_err(|NoPlan| {
            Failure::usage(format_args!("{} is set, and names no plan", Self::VARIABLE))
                .hint("`kguard plan` sets it for what it runs; unset it")
        })
    }
}

/// The text is none of ours.
#[derive(Debug)]
pub(crate) struct NoPlan;

impl FromStr for InPlan {
    type Err = NoPlan;

    fn from_str(text: &str) -> Result<Self, NoPlan> {
        let (of, session) = text.rsplit_once(' ').ok_or(NoPlan)?;
        let of = of.parse().map_err(|_| NoPlan)?;
        Ok(Self { of, session: session.parse().map_err(|_| NoPlan)? })
    }
}

impl fmt::Display for InPlan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.of, self.session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_inside_of_a_plan_knows_it() {
        let text = "plan ab2cd 7f2c1b1e-5a0e-4f8e-9d57-0d7d6a3f1c11";
        let read =
            |text: &str| InPlan::inherited(&[(InPlan::VARIABLE, text)].into_iter().collect());
        assert_eq!(read(text).unwrap().unwrap().to_string(), text);
        assert!(read("").unwrap().is_none());
        for text in
            ["x", "plan ab2cd", "plan ab2cd x", "run ab2cd 7f2c1b1e-5a0e-4f8e-9d57-0d7d6a3f1c11"]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
