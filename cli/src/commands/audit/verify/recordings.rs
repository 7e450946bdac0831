//! The recordings that a trail names, compared with those that the gateway has.

use kguard::audit::hex::Sha256;
use kguard::audit::record::{Event, RecordingDigest};
use kguard::audit::{Line, Record};
use uuid::Uuid;

use crate::context::Context;
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
        for (id, named) in &self.0 {
            let found = fetch(context, *id, named.bytes).await?;
            if found != *named {
                return Err(Failure::new(
                    Kind::Other,
                    format_args!("the recording of {id} is not the one that the trail names"),
                )
                .hint(format_args!(
                    "`kguard audit replay {id} --unverified` plays what is there"
                )));
            }
            bytes += named.bytes;
        }
        Ok(format!("recordings: {} as the trail names them, {bytes} bytes\n", self.0.len()))
    }
}

/// The hash of a recording as the gateway has it, up to a byte more than it should have.
async fn fetch(context: &Context, id: Uuid, most: u64) -> Result<RecordingDigest, Failure> {
    let missing = |error: crate::control::ControlError| {
        Failure::new(Kind::Other, format_args!("the recording of {id} cannot be compared: {error}"))
    };
    let control = context.control()?;
    let mut download = control.download(&format!("/v1/recordings/{id}")).await.map_err(missing)?;
    let (mut hashing, mut bytes) = (Sha256::default(), 0);
    while let Some(chunk) = download.chunk().await.map_err(missing)?
        && bytes <= most
    {
        hashing.update(&chunk);
        bytes += chunk.len() as u64;
    }
    Ok(RecordingDigest { sha256: hashing.finish(), bytes })
}
