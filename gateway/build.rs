//! The files of the web page are part of the binary: a new one makes a new binary.

#![allow(clippy::print_stdout, reason = "how a build script tells cargo")]

fn main() {
    println!("cargo::rerun-if-changed=web");
}
