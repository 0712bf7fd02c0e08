//! What all HTTP requests have in common, whatever transport they belong to. No routing in here.

pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod cors;
pub(crate) mod origin;
