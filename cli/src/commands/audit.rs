//! `kguard audit`: reads the trail from the gateway, verifies an exported one offline.

mod verify;

use std::collections::VecDeque;

use kguard::audit::Sealed;
use kguard::audit::record::{Event, Outcome, RequestRecord};
use serde_json::value::RawValue;

use crate::args::AuditCommand;
use crate::context::Context;
use crate::control::{Control, Stream};
use crate::failure::{Failure, Kind};
use crate::output::{self, Columns, Format};

/// How many records one question asks for.
const PAGE: u64 = 1000;

pub(super) async fn run(context: &Context, command: AuditCommand) -> Result<(), Failure> {
    match command {
        AuditCommand::Verify(args) => verify::run(context, &args),
        AuditCommand::List { limit, list } => {
            let keep = usize::try_from(limit).unwrap_or(usize::MAX);
            let mut newest = VecDeque::new();
            each(&context.control()?, 0, |sealed: Sealed| {
                newest.push_back(sealed);
                if newest.len() > keep {
                    newest.pop_front();
                }
                Ok(())
            })
            .await?;
            print(list.format.output, newest.make_contiguous())
        }
        AuditCommand::Show { id, list } => {
            let mut found = Vec::new();
            each(&context.control()?, 0, |sealed: Sealed| {
                if is_about(&sealed, &id) {
                    found.push(sealed);
                }
                Ok(())
            })
            .await?;
            if found.is_empty() {
                let failure = Failure::new(Kind::Other, format_args!("the trail has no `{id}`"));
                return Err(failure.hint("`kguard audit list` shows positions and ids"));
            }
            match list.format.output {
                Format::Table | Format::Wide => output::value(Format::Yaml, &found),
                format => print(format, &found),
            }
        }
        AuditCommand::Export { after, .. } => {
            // Byte for byte: hashes are over what the gateway wrote.
            each(&context.control()?, after, |line: Line| {
                output::text(&format!("{}\n", line.raw.get()))
            })
            .await
        }
    }
}

/// A record with its position.
trait Positioned {
    fn seq(&self) -> u64;
}

impl Positioned for Sealed {
    fn seq(&self) -> u64 {
        self.seq
    }
}

/// A record as it came.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Line {
    raw: Box<RawValue>,
}

impl Positioned for Line {
    fn seq(&self) -> u64 {
        #[derive(serde::Deserialize)]
        struct Position {
            seq: u64,
        }
        serde_json::from_str(self.raw.get()).map_or(u64::MAX, |Position { seq }| seq)
    }
}

/// Goes through the trail, page by page.
async fn each<T: Positioned + serde::de::DeserializeOwned>(
    control: &Control,
    mut after: u64,
    mut see: impl FnMut(T) -> Result<(), Failure>,
) -> Result<(), Failure> {
    loop {
        let path = format!("/v1/audit?after={after}&limit={PAGE}");
        let mut page: Stream<T> = control.follow(&path).await?;
        let mut count = 0;
        while let Some(record) = page.next().await? {
            after = record.seq();
            count += 1;
            see(record)?;
        }
        if count < PAGE {
            return Ok(());
        }
    }
}

fn is_about(sealed: &Sealed, id: &str) -> bool {
    let is_request = |request: &RequestRecord| {
        request.id.to_string() == id || request.hold.as_deref() == Some(id)
    };
    sealed.seq.to_string() == id
        || match &sealed.record.event {
            Event::Request(request) => is_request(request),
            Event::Response(response) => response.id.to_string() == id,
            Event::Hold { hold, request } => hold == id || is_request(request),
            Event::HoldState { hold, .. } => hold == id,
            Event::Started { .. } | Event::PoliciesLoaded { .. } => false,
        }
}

fn print(format: Format, records: &[Sealed]) -> Result<(), Failure> {
    let columns = Columns {
        headings: &["SEQ", "TIME", "EVENT", "WHO", "CLUSTER", "WHAT", "ID", "POLICY"],
        wide: 6,
        row: &row,
    };
    columns.print(format, records)
}

fn row(sealed: &Sealed) -> Vec<String> {
    let time = sealed.record.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut row = vec![sealed.seq.to_string(), time];
    let none = String::new;
    row.extend(match &sealed.record.event {
        Event::Request(request) => of_request(request, ""),
        Event::Hold { hold, request } => of_request(request, &format!(" as {hold}")),
        Event::Response(response) => {
            let code =
                response.code.map_or_else(|| "never ended".to_owned(), |code| code.to_string());
            let what = response
                .failure
                .as_ref()
                .map_or_else(|| code.clone(), |why| format!("{code}: {why}"));
            ["response".to_owned(), none(), none(), what, response.id.to_string(), none()]
        }
        Event::HoldState { hold, state, by, verdict: _, comment } => {
            let state = format!("{state:?}").to_lowercase();
            let comment = comment.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
            let who = by.clone().unwrap_or_default();
            ["hold".to_owned(), who, none(), format!("{state}{comment}"), hold.clone(), none()]
        }
        Event::Started { version, .. } => {
            ["started".to_owned(), none(), none(), version.clone(), none(), none()]
        }
        Event::PoliciesLoaded { .. } => {
            ["policies".to_owned(), none(), none(), none(), none(), none()]
        }
    });
    row
}

fn of_request(request: &RequestRecord, suffix: &str) -> [String; 6] {
    let event = match request.decision {
        Outcome::Allow => "allow",
        Outcome::Deny => "deny",
        Outcome::Hold => "hold",
    };
    let what = format!("{} {}{suffix}", request.method, request.request.path);
    [
        event.to_owned(),
        request.caller.name.clone(),
        request.cluster.clone(),
        what,
        request.id.to_string(),
        request.policy.clone().unwrap_or_default(),
    ]
}
