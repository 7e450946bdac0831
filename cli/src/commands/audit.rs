//! `kguard audit`: reads the trail from the gateway, verifies it here; plays recordings.

mod replay;
mod verify;
mod watch;

use kguard::audit::Sealed;
use kguard::audit::record::{Event, Observed, Record, RequestRecord, ResponseRecord};
use kguard::kube::target::Query;
use serde_json::value::RawValue;

use crate::args::{AuditCommand, AuditFilter};
use crate::context::Context;
use crate::control::Stream;
use crate::failure::{Failure, Kind};
use crate::output::{self, Columns, Format};

use super::approve::grant::pattern_text;

pub(super) async fn run(context: &Context, command: AuditCommand) -> Result<(), Failure> {
    match command {
        AuditCommand::Verify(args) => verify::run(context, &args).await,
        AuditCommand::List { limit, filter, list } => {
            let found = entries(context, filter.pairs(), limit).await?;
            if found.is_empty() {
                context.ui.note(nothing_found(&filter));
            }
            print(list.format.output, &found)
        }
        AuditCommand::Show { id, list } => show(context, &id, list.format.output).await,
        AuditCommand::Export { after, .. } => {
            let mut lines = export(context, after).await?;
            // Byte for byte: hashes are over what the gateway wrote.
            while let Some(line) = lines.next().await? {
                output::text(&format!("{}\n", line.get()))?;
            }
            Ok(())
        }
        AuditCommand::Replay(args) => replay::run(context, &args).await,
        AuditCommand::Watch(args) => watch::run(context, &args).await,
    }
}

/// The trail's lines from a position on, each exactly as the gateway keeps it.
pub(super) async fn export(
    context: &Context,
    after: u64,
) -> Result<Stream<Box<RawValue>>, Failure> {
    Ok(context.control()?.follow(&format!("/v1/audit?after={after}")).await?)
}

pub(super) async fn entries(
    context: &Context,
    filter: Vec<(&'static str, String)>,
    limit: u64,
) -> Result<Vec<Sealed>, Failure> {
    let limit = std::iter::once(("limit", limit.to_string()));
    let query: Query = limit.chain(filter).map(|(key, value)| (key.to_owned(), value)).collect();
    Ok(context.control()?.get(&format!("/v1/audit/entries?{}", query.encode())).await?)
}

async fn show(context: &Context, id: &str, format: Format) -> Result<(), Failure> {
    let found = records_of(context, id).await?;
    if found.is_empty() {
        let failure = Failure::new(Kind::Other, format_args!("the trail has no `{id}`"));
        return Err(failure.hint("`kguard audit list` shows the ids"));
    }
    match format {
        Format::Table | Format::Wide => output::value(Format::Yaml, &found),
        format => print(format, &found),
    }
}

fn nothing_found(filter: &AuditFilter) -> &'static str {
    match filter.search {
        Some(_) => "no record fits; words are searched in the newest 20,000 that fit the rest",
        None => "no record fits",
    }
}

/// All records of a request, or of a hold and what became of it, or of a plan; or the one at a
/// position.
async fn records_of(context: &Context, id: &str) -> Result<Vec<Sealed>, Failure> {
    if id.contains('-') {
        return entries(context, vec![("request", id.to_owned())], 1000).await;
    }
    let found = entries(context, vec![("hold", id.to_owned())], 1000).await?;
    if !found.is_empty() {
        return Ok(found);
    }
    let Some(after) = id.parse::<u64>().ok().and_then(|seq| seq.checked_add(1)) else {
        return Ok(found);
    };
    let mut found = entries(context, vec![("before", after.to_string())], 1).await?;
    found.retain(|entry| entry.seq.to_string() == id);
    Ok(found)
}

impl AuditFilter {
    fn pairs(&self) -> Vec<(&'static str, String)> {
        let all = [
            ("caller", self.caller.clone()),
            ("cluster", self.on.clone()),
            ("decision", self.decision.clone()),
            ("verb", self.verb.map(|verb| verb.to_string())),
            ("namespace", self.namespace.clone()),
            ("text", self.search.clone()),
            ("since", self.period.since.map(|moment| moment.to_string())),
            ("until", self.period.until.map(|moment| moment.to_string())),
        ];
        all.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }
}

fn print(format: Format, entries: &[Sealed]) -> Result<(), Failure> {
    let columns = Columns {
        headings: &["ID", "TIME", "EVENT", "WHO", "CLUSTER", "WHAT", "POLICY", "SEQ"],
        wide: 7,
        row: &row,
    };
    columns.print(format, entries)
}

fn row(sealed: &Sealed) -> Vec<String> {
    let (at, [event, who, cluster, what, policy, id]) = match sealed.record.read() {
        Ok(Record { at, event }) => {
            (at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), of_event(&event))
        }
        // Written by a newer gateway: it is there, and verified like every other.
        Err(_) => (String::new(), ["unknown", "", "", "", "", ""].map(str::to_owned)),
    };
    // What an outage, a start and new policies are known by.
    let id = if id.is_empty() { sealed.seq.to_string() } else { id };
    vec![id, at, event, who, cluster, what, policy, sealed.seq.to_string()]
}

/// Event, who, cluster, what, policy, id.
fn of_event(event: &Event) -> [String; 6] {
    let none = String::new;
    match event {
        Event::Request(request) => of_request(request, ""),
        Event::Rejected { id, caller, cluster, method, target, why, .. } => [
            "reject".to_owned(),
            caller.name.clone(),
            cluster.clone(),
            format!("{method} {target}: {why}"),
            none(),
            id.to_string(),
        ],
        Event::Hold { hold, request } => of_request(request, &format!(" as {hold}")),
        Event::Response(response) => of_response(response),
        Event::Grant(grant) => [
            "grant".to_owned(),
            grant.caller.name.clone(),
            grant.pattern.cluster.clone(),
            format!("{} by {}", pattern_text(&grant.pattern), grant.by.join(", ")),
            grant.policy.clone(),
            grant.id.clone(),
        ],
        Event::GrantEnded { grant, end, .. } => {
            let (who, what) = (end.by.clone().unwrap_or_default(), end.tell());
            ["ungrant".to_owned(), who, none(), what, none(), grant.clone()]
        }
        Event::Review { hold, review } => {
            let (who, what) = (review.by.clone(), review.comment.clone());
            ["review".to_owned(), who, none(), what, none(), hold.clone()]
        }
        Event::HoldState { hold, state, by, comment, .. } => {
            let state = format!("{state:?}").to_lowercase();
            let comment = comment.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
            let (who, what) = (by.clone().unwrap_or_default(), format!("{hold} {state}{comment}"));
            ["hold".to_owned(), who, none(), what, none(), hold.clone()]
        }
        Event::HoldEscalated { hold, approvers } => {
            let names: Vec<_> = approvers.iter().map(ToString::to_string).collect();
            let what = format!("{hold} may be decided by {}, too", names.join(", "));
            ["hold".to_owned(), none(), none(), what, none(), hold.clone()]
        }
        Event::PlanEnded { .. } | Event::PlanSubmitted { .. } | Event::Planned { .. } => {
            of_plan(event)
        }
        Event::Outage { since, refused } => {
            let what = format!("not writable since {since}, {refused} records refused");
            ["outage".to_owned(), none(), none(), what, none(), none()]
        }
        Event::Started { version, .. } => {
            ["start".to_owned(), none(), none(), version.clone(), none(), none()]
        }
        Event::PoliciesLoaded { policies } => {
            let what = format!("policies {}", policies.get(..12).unwrap_or(policies));
            ["policies".to_owned(), none(), none(), what, none(), none()]
        }
    }
}

/// The same of what became of a plan.
fn of_plan(event: &Event) -> [String; 6] {
    let none = String::new;
    let (plan, caller, cluster, what, policies) = match event {
        Event::Planned { plan, caller, cluster, .. } => {
            (plan, caller, cluster.clone(), "plans; nothing is stored".to_owned(), none())
        }
        Event::PlanSubmitted { plan, caller, cluster, writes, policies, .. } => {
            let what = format!("submits a plan of {} writes", writes.len());
            (plan, caller, cluster.clone(), what, policies.join(", "))
        }
        Event::PlanEnded { plan, caller, stopped, missing } => {
            let why = stopped.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
            let what = format!("ran a plan; {} of its writes did not run{why}", missing.len());
            (plan, caller, none(), what, none())
        }
        _ => return std::array::from_fn(|_| none()),
    };
    ["plan".to_owned(), caller.name.clone(), cluster, what, policies, plan.clone()]
}

fn of_response(response: &ResponseRecord) -> [String; 6] {
    let code = response.code.map_or_else(|| "never ended".to_owned(), |code| code.to_string());
    let masked: u64 = response.masked.values().sum();
    let masked = if masked > 0 { format!(", {masked} values masked") } else { String::new() };
    let why = response.failure.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let (none, what) = (String::new, format!("{code}{masked}{why}"));
    ["end".to_owned(), none(), none(), what, none(), response.id.to_string()]
}

fn of_request(request: &RequestRecord, suffix: &str) -> [String; 6] {
    let RequestRecord { caller, impersonated, observed, .. } = request;
    let who = match impersonated {
        Some(identity) => format!("{} as {}", caller.name, identity.user),
        None => caller.name.clone(),
    };
    let policy = request.policy.clone().unwrap_or_default();
    let policy = match observed {
        Some(Observed { decision, policy: other }) => {
            let by = other.as_deref().unwrap_or("no policy");
            format!("{policy} (would {} by {by})", decision.as_str()).trim_start().to_owned()
        }
        None => policy,
    };
    [
        request.decision.as_str().to_owned(),
        who,
        request.cluster.clone(),
        format!("{} {}{suffix}{}", request.request.verb, request.request.path, by_what(request)),
        policy,
        request.id.to_string(),
    ]
}

/// What let a request through that would have been held, and made it more than its caller's own.
fn by_what(request: &RequestRecord) -> String {
    let RequestRecord { grants, elevated, break_glass, .. } = request;
    let mut text = String::new();
    if !grants.is_empty() {
        text.extend([" on grant ", &grants.join(", ")]);
    }
    if !elevated.is_empty() {
        text.extend([" with group ", &elevated.join(", ")]);
    }
    if let Some(reason) = break_glass {
        text.extend([" BREAK-GLASS: ", reason]);
    }
    text
}
