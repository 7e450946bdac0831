//! Queries. Go drops pairs with a `;` or a bad escape without a word, takes the first of several
//! values, and reads a delete's options from the body if there is one.

pub mod deletes;
pub mod lists;
pub mod spelling;
