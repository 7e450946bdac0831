//! Gets a recording and holds it against the trail.
//!
//! It is copied to a file without a name while its hash is taken: what is played afterwards is
//! what was compared, whoever writes to the original meanwhile, and it may be larger than memory.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};

use kguard::audit::hex::Sha256;
use kguard::audit::record::RecordingDigest;
use uuid::Uuid;

use crate::args::PlayArgs;
use crate::context::Context;
use crate::failure::{Failure, Kind};

use super::trail::{self, Named};

/// The largest recording of which the trail does not say how large it is.
const MAX_BYTES: u64 = 64 << 30;

/// A copy of the recording that is meant, at its beginning.
pub(super) async fn open(context: &Context, args: &PlayArgs) -> Result<File, Failure> {
    let Some(id) = &args.id else {
        let file = args.file.as_ref().ok_or_else(|| Failure::usage("name a recording"))?;
        return Ok(copy_file(file, MAX_BYTES)?.finish()?.0);
    };
    let request = trail::request(context, id).await?;
    let named = trail::named(context, request).await?;
    let refusal = unnamed(&named, id);
    let most = match (&named, args.unverified) {
        (Named::Recording(digest), false) => digest.bytes,
        _ => MAX_BYTES,
    };
    match refusal {
        Some(refusal) if !args.unverified => return Err(refusal),
        Some(refusal) => context.ui.warn(format_args!("not verified: {}", refusal.message)),
        None => {}
    }
    let copy = match &args.file {
        Some(file) => copy_file(file, most)?,
        None => download(context, request, most).await?,
    };
    let (file, found) = copy.finish()?;
    match differs(&named, &found) {
        Some(refusal) if !args.unverified => return Err(refusal),
        Some(refusal) => context.ui.warn(refusal.message),
        None => {}
    }
    Ok(file)
}

/// Why the trail names no recording to compare with.
fn unnamed(named: &Named, id: &str) -> Option<Failure> {
    let failure = |message| Failure::new(Kind::Other, message);
    match named {
        Named::Recording(_) => None,
        Named::NotRecorded => Some(failure(format!("`{id}` was not recorded"))),
        Named::Running => Some(
            failure(format!("`{id}` has not ended, so the trail does not name its recording yet"))
                .hint("`kguard audit watch ID` looks on"),
        ),
        Named::Unknown => Some(
            failure(format!("the trail has no `{id}`"))
                .hint("`kguard audit list` shows the ids of requests and holds"),
        ),
    }
}

/// What is wrong with what was found.
fn differs(named: &Named, found: &RecordingDigest) -> Option<Failure> {
    let Named::Recording(named) = named else { return None };
    if named == found {
        return None;
    }
    let message = format!(
        "the recording is not the one that the trail names: it has {} bytes with SHA-256 {}, \
         and the trail names {} bytes with {}",
        found.bytes, found.sha256, named.bytes, named.sha256
    );
    Some(Failure::new(Kind::Other, message).hint(
        "somebody has changed one of the two: `kguard audit verify` tells whether it was the trail; \
         --unverified plays it all the same",
    ))
}

async fn download(context: &Context, request: Uuid, most: u64) -> Result<Copy, Failure> {
    let mut copy = Copy::new(most)?;
    let mut download = context.control()?.download(&format!("/v1/recordings/{request}")).await?;
    while let Some(chunk) = download.chunk().await? {
        copy.push(&chunk)?;
    }
    Ok(copy)
}

fn copy_file(path: &std::path::Path, most: u64) -> Result<Copy, Failure> {
    let error = |error| Failure::usage(format_args!("{}: {error}", path.display()));
    let mut file = File::open(path).map_err(error)?;
    let mut copy = Copy::new(most)?;
    let mut buffer = vec![0; 64 << 10];
    loop {
        let length = file.read(&mut buffer).map_err(error)?;
        match buffer.get(..length) {
            Some([]) | None => return Ok(copy),
            Some(chunk) => copy.push(chunk)?,
        }
    }
}

/// A copy in the making.
struct Copy {
    file: File,
    hashing: Sha256,
    bytes: u64,
    most: u64,
}

impl Copy {
    fn new(most: u64) -> io::Result<Self> {
        let file = tempfile::tempfile()?;
        Ok(Self { file, hashing: Sha256::default(), bytes: 0, most })
    }

    fn push(&mut self, chunk: &[u8]) -> Result<(), Failure> {
        self.bytes += chunk.len() as u64;
        if self.bytes > self.most {
            let message = format_args!("the recording has more than {} bytes", self.most);
            return Err(Failure::new(Kind::Other, message)
                .hint("that is not what the trail names; --unverified plays it all the same"));
        }
        self.hashing.update(chunk);
        Ok(self.file.write_all(chunk)?)
    }

    fn finish(mut self) -> io::Result<(File, RecordingDigest)> {
        self.file.rewind()?;
        let digest = RecordingDigest { sha256: self.hashing.finish(), bytes: self.bytes };
        Ok((self.file, digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(text: &str, most: u64) -> Result<(File, RecordingDigest), Failure> {
        let mut copy = Copy::new(most)?;
        for chunk in text.as_bytes().chunks(3) {
            copy.push(chunk)?;
        }
        Ok(copy.finish()?)
    }

    #[test]
    fn a_copy_is_what_was_hashed() {
        let (mut file, digest) = copy("a recording", 11).unwrap();
        assert_eq!(io::read_to_string(&mut file).unwrap(), "a recording");
        assert_eq!(digest.sha256, kguard::audit::hex::sha256(b"a recording"));
        assert_eq!(digest.bytes, 11);
        assert!(copy("a recording", 10).is_err());
    }

    #[test]
    fn only_what_the_trail_names_is_played() {
        let digest = |text| copy(text, 100).unwrap().1;
        let named = Named::Recording(digest("one"));
        assert!(unnamed(&named, "x").is_none());
        assert!(differs(&named, &digest("one")).is_none());
        let failure = differs(&named, &digest("two")).unwrap();
        assert!(failure.message.contains("not the one that the trail names"));
        for named in [Named::NotRecorded, Named::Running, Named::Unknown] {
            assert!(unnamed(&named, "x").is_some(), "{named:?}");
        }
    }
}
