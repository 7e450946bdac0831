//! What attackers try, and what becomes of it: a catalogue.
//!
//! Each entry says what the attacker sends, what an unguarded API server does with it, and what
//! kguard does. All of it happens against the real API server: the attack is shown to work there
//! where it does, to fail through kguard, and the honest form of the same request to work.
//!
//! | chapter | the attacker wants to |
//! |---|---|
//! | [`spelling`] | have a request read as another one: paths, queries, methods, bodies |
//! | [`identity`] | be somebody else, or nobody |
//! | [`values`] | see what is masked |
//! | [`reach`] | find a request that does what a policy denies and is not the one that it names |
//! | [`approvals`] | use an approval for more than it was given for |
//! | [`control`] | have the control API misbehave |
//! | [`flood`] | stall the gateway or take its memory |
//! | [`upstream`] | be the API server, and have a client be given what cannot be masked |

mod approvals;
mod control;
mod flood;
mod identity;
pub mod lab;
mod reach;
mod spelling;
mod upstream;
mod values;
