//! What a command failed with: the kind decides the exit code, and hints (the way out) are kept
//! apart from the message.

use std::error::Error;
use std::fmt::Display;

/// The kinds of failure, by exit code. After BSD's sysexits where those say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// Anything else.
    Other = 1,
    /// The command line makes no sense.
    Usage = 64,
    /// There is no login, or the gateway does not take it.
    NotLoggedIn = 66,
    /// The gateway does not answer.
    Unreachable = 69,
    /// Nobody decided on a held request in time.
    TimedOut = 75,
    /// Policy or an approver refused a request.
    Refused = 77,
    /// The program to run cannot be executed, as shells have it.
    NotExecutable = 126,
    /// The program to run was not found, as shells have it.
    NotFound = 127,
}

/// A failed command.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Decides the exit code.
    pub(crate) kind: Kind,
    /// What failed.
    pub(crate) message: String,
    /// Why, outermost first.
    pub(crate) causes: Vec<String>,
    /// The way out.
    pub(crate) hints: Vec<String>,
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl Display) -> Self {
        Self { kind, message: message.to_string(), causes: Vec::new(), hints: Vec::new() }
    }

    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// A failure with all that an error says of its causes.
    pub(crate) fn of(kind: Kind, error: &dyn Error) -> Self {
        let mut failure = Self::new(kind, error);
        let mut source = error.source();
        while let Some(cause) = source {
            failure.causes.push(cause.to_string());
            source = cause.source();
        }
        failure
    }

    pub(crate) fn hint(mut self, hint: impl Display) -> Self {
        self.hints.push(hint.to_string());
        self
    }
}

/// Errors that need no hint and no code of their own.
macro_rules! plain_failures {
    ($($error:ty),+ $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::of(Kind::Other, &error)
            }
        }
    )+};
}

plain_failures!(
    crate::certificates::CertificateError,
    crate::config::ConfigError,
    crate::files::FileError,
    crate::recording::UnreadableRecording,
    crate::tls::TlsError,
    std::io::Error,
    serde_json::Error,
);

const LOGIN: &str = "run `kguard login`";
const TOKEN: &str =
    "run `kguard login`, or give another token; `kguard doctor` tells where yours is from";
const NO_GATEWAY: &str =
    "is that the address of kguard-gateway, and not of an API server or of the identity provider?";

impl From<crate::credentials::CredentialError> for Failure {
    fn from(error: crate::credentials::CredentialError) -> Self {
        Self::from(&error)
    }
}

impl From<&crate::credentials::CredentialError> for Failure {
    fn from(error: &crate::credentials::CredentialError) -> Self {
        use crate::credentials::CredentialError as Error;
        let failure = |kind| Self::of(kind, error);
        match error {
            Error::Ended(_) => failure(Kind::NotLoggedIn).hint(LOGIN),
            Error::None | Error::Nowhere(_) => failure(Kind::NotLoggedIn)
                .hint("run `kguard login`; a pipeline sets KGUARD_TOKEN or KGUARD_TOKEN_FILE"),
            Error::Keyring(_) => failure(Kind::NotLoggedIn)
                .hint("without a keyring, add `--insecure-storage` to your `kguard login`: it keeps the login in a file that only you can read"),
            Error::GitHub(_) => failure(Kind::NotLoggedIn)
                .hint("the job needs `permissions: {id-token: write}`"),
            Error::Oidc(crate::oidc::OidcError::Unreachable { .. }) => failure(Kind::NotLoggedIn)
                .hint("is the identity provider up? your login is kept"),
            _ => failure(Kind::NotLoggedIn),
        }
    }
}

impl From<crate::oidc::OidcError> for Failure {
    fn from(error: crate::oidc::OidcError) -> Self {
        Self::of(Kind::NotLoggedIn, &error)
    }
}

impl From<crate::control::ControlError> for Failure {
    fn from(error: crate::control::ControlError) -> Self {
        use crate::control::ControlError as Error;
        match error {
            Error::Credential(error) => error.into(),
            Error::Unauthorized(_) => Self::of(Kind::NotLoggedIn, &error).hint(TOKEN),
            Error::Unreachable { .. } => unreachable(&error),
            Error::Stranger { .. } => Self::of(Kind::Unreachable, &error).hint(NO_GATEWAY),
            Error::Status { status, .. } if status == http::StatusCode::FORBIDDEN => {
                Self::of(Kind::Refused, &error)
            }
            error => Self::of(Kind::Other, &error),
        }
    }
}

impl From<&crate::tunnel::TunnelError> for Failure {
    fn from(error: &crate::tunnel::TunnelError) -> Self {
        use crate::tunnel::TunnelError as Error;
        match error {
            Error::Unreachable { .. } | Error::Lost => unreachable(error),
            Error::Credential(error) => error.into(),
            error if error.is_unauthorized() => {
                let said = error.said().unwrap_or_else(|| "it says no more".to_owned());
                let message = format_args!("the gateway does not take your token: {said}");
                Self::new(Kind::NotLoggedIn, message).hint(TOKEN)
            }
            error if error.is_of_stranger() => Self::of(Kind::Unreachable, error).hint(NO_GATEWAY),
            Error::Refused { .. } => Self::of(Kind::Other, error),
            error => Self::of(Kind::Unreachable, error),
        }
    }
}

fn unreachable(error: &(dyn Error + 'static)) -> Failure {
    let failure = Failure::of(Kind::Unreachable, error);
    if is_untrusted(error) {
        return failure.hint(
            "its certificate is not trusted here: name the CA that signed it with `kguard login --ca FILE` or \
             KGUARD_CA_FILE; if it should be a public one, somebody may be in between",
        );
    }
    failure.hint("is the address right, the network up? `kguard doctor` looks closer")
}

/// Whether TLS failed for the server's certificate, however deep that is wrapped.
fn is_untrusted(error: &(dyn Error + 'static)) -> bool {
    let is_certificate = |error: &(dyn Error + 'static)| {
        matches!(error.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)))
    };
    // An io::Error's source is its inner error's, and not that error itself.
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    is_certificate(error)
        || inner.is_some_and(|inner| is_untrusted(inner))
        || error.source().is_some_and(is_untrusted)
}
