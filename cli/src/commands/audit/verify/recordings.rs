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
                Ok(found) if found == *named => bytes += named.bytes,
                Ok(_) => wrong.push(format!("{id}: it is not the one that the trail names")),
                Err(why) => wrong.push(format!("{id}: {why}")),
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

/// The hash of a recording as the gateway has it, up to a byte more than it should have; or why there is
/// none. Fails where nothing else could be fetched either.
async fn fetch(
    context: &Context,
    id: Uuid,
    most: u64,
) -> Result<Result<RecordingDigest, String>, Failure> {
    let control = context.control()?;
    let hashed = async {
        let mut download = control.download(&format!("/v1/recordings/{id}")).await?;
        let (mut hashing, mut bytes) = (Sha256::default(), 0);
        while let Some(chunk) = download.chunk().await?
            && bytes <= most
        {
            hashing.update(&chunk);
            bytes += chunk.len() as u64;
        }
        Ok(RecordingDigest { sha256: hashing.finish(), bytes })
    };
    match hashed.await {
        Ok(digest) => Ok(Ok(digest)),
        Err(ControlError::Status { status: StatusCode::NOT_FOUND, .. }) => {
            Ok(Err("it is not there any more".to_owned()))
        }
        Err(error @ ControlError::Status { .. }) => {
            Ok(Err(format!("it cannot be compared: {error}")))
        }
        Err(error) => Err(Failure::new(
            Kind::Other,
            format_args!("the recording of {id} cannot be compared: {error}"),
        )),
    }
}
