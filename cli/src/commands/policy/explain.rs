//! `kguard policy explain`: which policies are about a request, and why others are not.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use kguard::api::{names, people};
use kguard::audit::record::{Event, RequestRecord};
use kguard::identity::Caller;
use kguard::kube::request_info::RequestInfo;
use kguard::policy::asked::{Asked, Attributes, NoRequest};
use kguard::policy::capability::Capability;
use kguard::policy::case::Situation;
use kguard::policy::{Decision, Escalate, Explanation, HoldTerms, Matched, Near, Object, Objects};
use serde::Serialize;

use super::{caller, sources, story};
use crate::args::ExplainArgs;
use crate::commands::audit;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::output::{self, Format};
use crate::ui::clean;

/// An explanation as programs read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    decision: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    /// More than one where that depends on an object that is not known.
    possible: Vec<&'static str>,
    capabilities: Vec<&'static str>,
    caller: &'a Caller,
    cluster: &'a str,
    request: &'a RequestInfo,
    matched: &'a [Matched],
    near: &'a [Near],
}

pub(super) async fn run(context: &Context, args: &ExplainArgs) -> Result<(), Failure> {
    let compiled = sources::compile(&args.policies.policies);
    let policies = compiled.map_err(|found| super::problems(context, &found))?;
    let situation = situation(context, args).await?;
    if args.policies.are_default() {
        context.ui.note("by the starter pack, not by what a gateway has; --policies names others");
    }
    let explanation = situation.explain(&policies);
    match args.format.output {
        format @ (Format::Json | Format::Yaml) => {
            output::value(format, &told(&situation, &explanation))
        }
        Format::Name | Format::Table | Format::Wide => {
            output::text(&text(&situation, &explanation))
        }
    }
}

async fn situation(context: &Context, args: &ExplainArgs) -> Result<Situation, Failure> {
    let mut situation = match (&args.request, args.what.as_slice()) {
        (Some(path), _) => {
            let source = sources::text(path).map_err(|found| super::problems(context, &[found]))?;
            Situation::read(&source).map_err(|found| super::problems(context, &found))?
        }
        (None, [id]) => recorded(context, id).await?,
        (None, [verb, what]) => described(args, verb, what)?,
        (None, _) => return Err(Failure::usage("describe one request, as VERB RESOURCE/NAME")),
    };
    if let Some(path) = &args.object {
        situation.objects.object = object(path)?;
    }
    if let Some(path) = &args.old_object {
        situation.objects.old_object = object(path)?;
    }
    Ok(situation)
}

fn described(args: &ExplainArgs, verb: &str, what: &str) -> Result<Situation, Failure> {
    let asked = asked(args, verb, what).map_err(|error| {
        let failure = Failure::usage(&error);
        error.hint().into_iter().fold(failure, Failure::hint)
    })?;
    let why = "it was not given; --object and --old-object give them";
    Ok(Situation {
        objects: Objects::unknown(&asked.request, why),
        asked,
        caller: asker(args)?,
        cluster: args.on.clone(),
        now: Timestamp::now(),
    })
}

fn asked(args: &ExplainArgs, verb: &str, what: &str) -> Result<Asked, NoRequest> {
    if what.starts_with('/') {
        let method = if verb == "get" { "GET" } else { verb };
        return Asked::on_the_wire(method, what);
    }
    let (resource, name) = what.split_once('/').unwrap_or((what, ""));
    Asked::by_attributes(&Attributes {
        verb: verb.to_owned(),
        resource: resource.to_owned(),
        subresource: args.subresource.clone(),
        namespace: args.namespace.clone(),
        name: name.to_owned(),
    })
}

fn asker(args: &ExplainArgs) -> Result<Caller, Failure> {
    let named = args.caller.as_deref().and_then(|text| caller::named(text, &args.groups));
    named.ok_or_else(|| {
        let failure = Failure::usage("say who asks");
        failure.hint("--as user:NAME for a person, --as workload:NAME for a machine")
    })
}

fn object(path: &Path) -> Result<Object, Failure> {
    if path == Path::new("none") {
        return Ok(Object::Absent);
    }
    let source = sources::text(path).map_err(Failure::usage)?;
    // The error would tell what is in the file.
    let object = serde_saphyr::from_str(&source.text)
        .map_err(|_| Failure::usage(format_args!("{} is no object", path.display())))?;
    Ok(Object::Known(object))
}

/// A request out of the gateway's trail.
async fn recorded(context: &Context, id: &str) -> Result<Situation, Failure> {
    let key = if id.contains('-') { "request" } else { "hold" };
    let found = audit::entries(context, vec![(key, id.to_owned())], 1000).await?;
    let request = found.iter().find_map(|sealed| {
        let record = sealed.record.read().ok()?;
        match record.event {
            Event::Request(request) | Event::Hold { request, .. } => Some((record.at, request)),
            _ => None,
        }
    });
    let Some((now, request)) = request else {
        let failure = Failure::new(Kind::Other, format_args!("the trail has no request `{id}`"));
        return Err(failure.hint("`kguard audit list` shows the ids of requests"));
    };
    let RequestRecord { caller, cluster, request, query, impersonated, grants, .. } = *request;
    if let Some(identity) = impersonated {
        let user = identity.caller(&caller).name;
        context.ui.warn(format_args!(
            "it ran as {user}, who needs to be allowed too; this explains {} alone",
            caller.name
        ));
    }
    if !grants.is_empty() {
        context.ui.warn(format_args!(
            "it ran on a grant ({}), which lifted a hold; this explains what the policies say without \
             it",
            clean(&grants.join(", "))
        ));
    }
    Ok(Situation {
        objects: Objects::unknown(&request, "the trail holds no bodies; --object gives it"),
        asked: Asked { request: (*request).clone(), query },
        caller: (*caller).clone(),
        cluster,
        now,
    })
}

fn told<'a>(situation: &'a Situation, explanation: &'a Explanation) -> Told<'a> {
    let decision = &explanation.ruling.decision;
    Told {
        decision: decision.outcome().as_str(),
        policy: decision.policy(),
        message: decision.message(),
        possible: explanation.possible.iter().map(|outcome| outcome.as_str()).collect(),
        capabilities: explanation.ruling.carried.iter().map(Capability::name).collect(),
        caller: &situation.caller,
        cluster: &situation.cluster,
        request: &situation.asked.request,
        matched: &explanation.matched,
        near: &explanation.near,
    }
}

fn text(situation: &Situation, explanation: &Explanation) -> String {
    let Told { possible, capabilities, caller, cluster, request, .. } =
        told(situation, explanation);
    let decision = &explanation.ruling.decision;
    let mut lines = if possible.len() > 1 {
        vec![format!("depends on the object: {}", possible.join(" or "))]
    } else {
        decided(decision)
    };
    let carries = if capabilities.is_empty() { "nothing".into() } else { capabilities.join(", ") };
    lines.push(format!(
        "request  {} {} as {} on {cluster}",
        request.verb, request.path, caller.name
    ));
    lines.push(format!("carries  {carries}"));
    lines.extend(explanation.ruling.charges.iter().map(|charge| {
        let amount =
            charge.amount.map_or_else(|| "nobody knows how much".into(), |n| n.to_string());
        format!("takes    {amount} out of the budget `{}`", charge.budget)
    }));
    lines.push(String::new());
    if explanation.matched.is_empty() {
        lines.push("no policy is about it, and what none allows is denied".to_owned());
    }
    lines.extend(story::lines(&explanation.matched, &explanation.near));
    lines.join("\n") + "\n"
}

fn decided(decision: &Decision) -> Vec<String> {
    let by = decision.policy().map(|policy| format!(" by policy `{policy}`")).unwrap_or_default();
    let mut lines = vec![format!("{}{by}", decision.outcome().as_str())];
    lines.extend(decision.message().map(|message| format!("message  {message}")));
    if let Decision::Hold(terms) = decision {
        let HoldTerms { demands, timeout, escalate, elevate, grants, .. } = terms;
        lines.push(format!("approval {}, within {}", people(demands), minutes(*timeout)));
        lines.extend(escalate.as_deref().map(|Escalate { after, approvers, .. }| {
            format!("         or of {} as well, after {}", names(approvers), minutes(*after))
        }));
        lines.extend(grants.map(|most| format!("grants   of up to {}", minutes(most))));
        if !elevate.is_empty() {
            lines.push(format!("runs     with group {}, once approved", elevate.join(", ")));
        }
    }
    lines
}

fn minutes(time: Duration) -> String {
    format!("{} min", time.as_secs().div_ceil(60))
}
