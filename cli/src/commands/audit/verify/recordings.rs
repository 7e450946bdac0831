//! The recordings that a trail names, compared with those that the gateway has.

use kguard::audit::hex::Sha256;
use kguard::audit::record::{Event, RecordingDigest};
use kguard::audit::{Line, Record};
use reqwest::StatusCode;
use uuid::Uuid;

use crate::context::Context;
use crate::control::ControlError;
use crate::failure::{Failure, Kind};
use crate::ui::Ui;

/// What the trail says of recordings.
#[derive(Debug, Default)]
pub(super) struct Named(Vec<(Uuid, RecordingDigest)>);

impl Named {
    /// Takes note of what a line of the trail names.
    pub(super) fn line(&mut self, line: &[u8]) {
        let Ok(Line::Entry(sealed)) = serde_json::from_slice(line) else { return };
        if let Ok(Record { event: Event::Response(response), .. }) = sealed.record.read()
            && let Some(recording) = response.recording
        {
            self.0.push((response.id, recording));
        }
    }

    /// Says that they are there to be compared.
    pub(super) fn hint(&self, ui: Ui) {
        if !self.0.is_empty() {
            let count = self.0.len();
            ui.hint(format_args!("the trail names {count} recordings; --recordings compares them"));
        }
    }

    /// Fetches and compares them all; what to say if they are all there and the same.
    pub(super) async fn compare(&self, context: &Context) -> Result<String, Failure> {
        let mut bytes = 0;
        let mut wrong = Vec::new();
        for (id, named) in &self.0 {
            match fetch(context, *id, named.bytes).await? {
                Some(found) if found == *named => bytes += named.bytes,
                Some(_) => wrong.push(format!("{id}: it is not the one that the trail names")),
                None => wrong.push(format!("{id}: it is not there any more")),
            }
        }
        match wrong.as_slice() {
            [] => {
                Ok(format!("recordings: {} as the trail names them, {bytes} bytes\n", self.0.len()))
            }
            wrong => Err(Failure::new(Kind::Other, report(wrong, self.0.len()))
                .hint("`kguard audit replay ID --unverified` plays what is there")),
        }
    }
}

/// Recordings that are told one by one.
const LISTED: usize = 50;

fn report(wrong: &[String], of: usize) -> String {
    let mut text = format!("of {of} recordings {} cannot be relied on", wrong.len());
    for line in wrong.iter().take(LISTED) {
        text.push_str("\n  ");
        text.push_str(line);
    }
    match wrong.len().saturating_sub(LISTED) {
        0 => text,
        more => format!("{text}\n  … and {more} more"),
    }
}

/// The hash of a recording as the gateway has it, up to a byte more than it should have; none if it
/// has none.
async fn fetch(context: &Context, id: Uuid, most: u64) -> Result<Option<RecordingDigest>, Failure> {
    let missing = |error: ControlError| {
        Failure::new(Kind::Other, format_args!("the recording of {id} cannot be compared: {error}"))
    };
    let control = context.control()?;
    let mut download = match control.download(&format!("/v1/recordings/{id}")).await {
        Err(ControlError::Status { status: StatusCode::NOT_FOUND, .. }) => return Ok(None),
        answer => answer.map_err(missing)?,
    };
    let (mut hashing, mut bytes) = (Sha256::default(), 0);
    while let Some(chunk) = download.chunk().await.map_err(missing)?
        && bytes <= most
    {
        hashing.update(&chunk);
        bytes += chunk.len() as u64;
    }
    Ok(Some(RecordingDigest { sha256: hashing.finish(), bytes }))
}
