//! What a held request would do, worked out anew each time that somebody looks at it.
//!
//! All that is read for it is read in the name of the one as whom the request would run, and shown
//! without what is masked for him or for the one who looks. So nobody learns more from a hold than
//! from an answer.
//!
//! ```text
//! Matter (kept with the hold) ─→ Look (one person, one moment) ─→ change, removal or exec
//!                                   └─ tells as it finds out ─→ EffectLines ─→ lines of `Effect`
//! ```
//!
//! It is bounded: so many are worked out at once, each for so long, and what big lists hold is
//! counted by what the API server says of them and not by reading them. Whoever goes away ends it.

mod budgets;
mod change;
mod collected;
mod exec;
mod kinds;
mod look;
mod matter;
mod moved;
mod namespace;
mod removal;
mod several;
mod turns;
mod volumes;

use std::sync::Arc;
use std::time::Duration;

use kguard::api::HoldState;
use kguard::api::effect::Effect;
use kguard::identity::Caller;
use kguard::kube::request_info::Verb;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

pub use matter::Matter;

use self::look::Look;
use self::turns::Turns;
use crate::gateway::Gateway;

/// How many requests of all effects are under way at once.
const REQUESTS: usize = 24;
/// How long one waits for its turn, and how long one may take.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(30);
/// What is found out within this is told in one line.
const GATHER: Duration = Duration::from_millis(50);

/// The room for working out effects.
#[derive(Debug)]
pub struct Effects {
    turns: Turns,
    requests: Arc<Semaphore>,
}

impl Default for Effects {
    fn default() -> Self {
        Self { turns: Turns::default(), requests: Arc::new(Semaphore::new(REQUESTS)) }
    }
}

/// The lines of one effect; dropped, it is not worked out any further.
#[derive(Debug)]
pub struct EffectLines {
    told: watch::Receiver<Effect>,
    /// Whether there is something that was not sent yet.
    pending: bool,
    ended: bool,
}

/// Works out what a held request would do, for the eyes of `who`.
pub fn show(gateway: &Gateway, matter: Arc<Matter>, who: &Caller) -> EffectLines {
    let (tell, told) = watch::channel(Effect::default());
    let Ok(cluster) = gateway.cluster(matter.cluster()) else {
        return ended(&tell, told, "the cluster is no longer behind this gateway");
    };
    let own = gateway.policies.current().mask_rules(who, cluster.name());
    let turn = gateway.effects.turns.next(who);
    let requests = Arc::clone(&gateway.effects.requests);
    let look = Look::new((matter, cluster), (own, &gateway.placeholders), (tell, requests));
    tokio::spawn(async move {
        tokio::select! {
            () = look.deserted() => {}
            () = in_turn(&look, turn) => look.tell(|effect| effect.complete = true),
        }
    });
    EffectLines { told, pending: true, ended: false }
}

/// Of a hold that is settled.
pub fn none(state: HoldState) -> EffectLines {
    let (tell, told) = watch::channel(Effect::default());
    let state = state.as_str();
    ended(&tell, told, &format!("it is {state}, so its effect is not worked out any more"))
}

/// Of a hold that has outlived the gateway, and whose request has not been sent again yet.
pub fn away() -> EffectLines {
    let (tell, told) = watch::channel(Effect::default());
    let note = "its client has not come back since the gateway was restarted, and without its \
                request nobody can tell what it would do";
    ended(&tell, told, note)
}

/// That is known already.
pub fn known(effect: Effect) -> EffectLines {
    let (_, told) = watch::channel(Effect { complete: true, ..effect });
    EffectLines { told, pending: true, ended: false }
}

/// Of a hold whose request would run with more groups than its caller's: what these may see is for
/// those who decide whether he gets them.
pub fn withheld() -> EffectLines {
    let (tell, told) = watch::channel(Effect::default());
    ended(&tell, told, "what it would do is shown to those alone who may approve it")
}

fn ended(tell: &watch::Sender<Effect>, told: watch::Receiver<Effect>, note: &str) -> EffectLines {
    tell.send_modify(|effect| {
        effect.notes.push(note.to_owned());
        effect.complete = true;
    });
    EffectLines { told, pending: true, ended: false }
}

async fn in_turn<T>(look: &Look, turn: impl Future<Output = T>) {
    let Ok(_turn) = timeout(LONGEST_WAIT, turn).await else {
        return look.note("too many effects are being worked out at once; look again in a moment");
    };
    if timeout(LONGEST, work_out(look)).await.is_err() {
        look.note("not all of it could be found out in time");
    }
}

/// By what the request is.
async fn work_out(look: &Look) {
    let info = &look.request.info;
    if look.request.is_dry_run() {
        look.note("it only tries: nothing would be stored");
    }
    match info.verb {
        _ if info.is_stream() => exec::tell(look).await,
        _ if info.is_proxy() => {
            look.note("it goes through the API server to something that kguard does not look into");
        }
        Verb::Delete => removal::tell(look).await,
        Verb::Create if info.subresource() == "eviction" => removal::tell(look).await,
        Verb::Create | Verb::Patch | Verb::Update => change::tell(look).await,
        _ => look.note("it only reads"),
    }
}

impl EffectLines {
    /// All that is known by now, once that is more than before; none at the end.
    pub async fn next(&mut self) -> Option<Effect> {
        if self.ended {
            return None;
        }
        if !self.pending && self.told.changed().await.is_ok() {
            self.pending = true;
            tokio::time::sleep(GATHER).await;
        }
        self.pending = false;
        let mut effect = self.told.borrow_and_update().clone();
        // Nobody tells any more: this is all there will ever be.
        effect.complete |= self.told.has_changed().is_err();
        self.ended = effect.complete;
        Some(effect)
    }
}
