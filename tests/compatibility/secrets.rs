//! Secrets, the one thing that policy changes.
