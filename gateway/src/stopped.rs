//! Why a request got no further: one enum over all stages, which `answer` turns into a `Status`.

use std::sync::Arc;

use kguard::kube::request_info::RequestInfo;
use kguard::kube::status::Reason;

use crate::authenticate::AuthError;
use crate::bodies::NoRoom;
use crate::classify::Unclassified;
use crate::forward::ForwardError;
use crate::hold::NotReleased;
use crate::live::BindError;
use crate::mask::UnmaskableError;
use crate::plans::PlanError;
use crate::record::TrailUnavailable;

/// Why a request got no further.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// No token at all.
    #[error("no bearer token; people run `kguard login`, workloads send their token")]
    Anonymous,
    /// A token that is not accepted.
    #[error(transparent)]
    Authenticate(#[from] AuthError),
    /// The approval could not be tied to an object.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// It cannot be read.
    #[error(transparent)]
    Classify(#[from] Unclassified),
    /// Policy says no.
    #[error("{message}")]
    Denied {
        /// What was asked for.
        request: Arc<RequestInfo>,
        /// What the caller is told.
        message: String,
    },
    /// The token of the tunnel's stream has ended.
    #[error("the token has expired; run `kguard login`")]
    Expired,
    /// The cluster did not answer.
    #[error(transparent)]
    Forward(#[from] ForwardError),
    /// It was held and not let through.
    #[error("{error}")]
    Held {
        /// What was asked for.
        request: Arc<RequestInfo>,
        /// Why not.
        error: NotReleased,
    },
    /// The answer cannot be masked.
    #[error(transparent)]
    Mask(#[from] UnmaskableError),
    /// The gateway is full of others' requests.
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    /// It comes with a plan that it cannot be part of.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// It cannot be recorded.
    #[error("kguard cannot record this request, so it does not run: {0}")]
    Trail(#[from] TrailUnavailable),
    /// A stream cannot be recorded.
    #[error("kguard cannot record this session, so it does not run: {0}")]
    Unrecorded(#[from] std::io::Error),
    /// A held delete of many objects at once.
    #[error(
        "this needs an approval, and a delete of a whole collection cannot be bound to what the approver sees; delete the objects by name, or with `kubectl delete -l`, which does so"
    )]
    UnboundDelete,
    /// What is to be written does not go with what is masked.
    #[error("{message}")]
    Unwritable {
        /// What was asked for.
        request: Arc<RequestInfo>,
        /// What the caller is told.
        message: String,
        /// The kind of refusal.
        reason: Reason,
        /// The field that is in the way, if it is one.
        field: Option<String>,
        /// The kind and the name that the body gives, if it does.
        object: Option<(String, String)>,
    },
    /// No such cluster.
    #[error("there is no cluster `{0}` behind this gateway; `kguard clusters` lists them")]
    UnknownCluster(String),
}
