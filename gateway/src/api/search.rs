//! What lists have in common that are searched and come in pages: words to find, and where the next
//! page begins.

use axum::response::{IntoResponse, Json, Response};
use kguard::kube::status::{Reason, Status};
use serde::Serialize;

use super::Refusal;

/// The header with what to give as `before` for the next page. Without it there is none.
const NEXT: &str = "kguard-next";

/// The most that is looked through for one page, so that a search for what is nowhere ends.
pub(super) const MAX_SCANNED: usize = 20_000;

/// A search is as long as its field on the page.
const MAX_BYTES: usize = 512;

/// A search is longer than anybody writes.
#[derive(Debug)]
pub(super) struct TooLong;

impl From<TooLong> for Refusal {
    fn from(TooLong: TooLong) -> Self {
        let message = format!("the search is longer than {MAX_BYTES} bytes");
        Self(Status::failure(Reason::BadRequest, message))
    }
}

/// Words that a text has to contain, all of them, in whatever case and order.
pub(super) struct Words(Vec<String>);

impl Words {
    /// The words of a search; too long a one is refused.
    pub(super) fn new(text: Option<&str>) -> Result<Self, TooLong> {
        let text = text.unwrap_or_default();
        if text.len() > MAX_BYTES {
            return Err(TooLong);
        }
        Ok(Self(text.to_lowercase().split_whitespace().map(str::to_owned).collect()))
    }

    /// Whether nothing is searched.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all of them are in `text`.
    pub(super) fn are_in(&self, text: &str) -> bool {
        self.is_empty() || {
            let text = text.to_lowercase();
            self.0.iter().all(|word| text.contains(word))
        }
    }
}

/// A page of a list.
pub(super) struct Page<T> {
    /// What is on it.
    pub(super) items: Vec<T>,
    /// Where the next one begins, if there may be one.
    pub(super) next: Option<String>,
}

impl<T: Serialize> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        let next = self.next.map(|next| [(NEXT, next)]);
        match next {
            Some(next) => (next, Json(self.items)).into_response(),
            None => Json(self.items).into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_words_have_to_be_there_in_any_case_and_order() {
        let new = |text| Words::new(text).unwrap();
        let words = new(Some(" Shop  DELETE"));
        assert!(words.are_in("delete namespaces/shop"));
        assert!(!words.are_in("delete namespaces/web"));
        assert!(new(None).are_in("") && new(Some("  ")).is_empty());
        assert!(Words::new(Some(&"x".repeat(MAX_BYTES))).is_ok());
        assert!(Words::new(Some(&"x".repeat(MAX_BYTES + 1))).is_err());
    }
}
