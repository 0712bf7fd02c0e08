//! Namespaces of many names: what they share.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::pattern::Pattern;
use super::spaces::Spaces;
use super::{Handlers, Namespace};

/// Which names an [`Everwire::of_matching`](crate::Everwire::of_matching) is for: a pattern, or a function that says whether a name is one of them.
///
/// In a pattern, `{name}` stands for a part of a segment between slashes, one in each, and never for nothing; `{*name}` at the end for all that is left, slashes included.
///
/// | pattern | names | parameters |
/// | --- | --- | --- |
/// | `/chat/{room}` | `/chat/7` | `room` is `7` |
/// | `/{org}/user-{id}` | `/acme/user-12` | `org` is `acme`, `id` is `12` |
/// | `/files/{*path}` | `/files/a/b.txt` | `path` is `a/b.txt` |
///
/// ```
/// # let wire = everwire::Everwire::new();
/// wire.of_matching(|name: &str| name.strip_prefix("/year-").is_some_and(|year| year.parse::<u16>().is_ok()));
/// ```
pub trait Names: sealed::IntoRule {}

impl<N: sealed::IntoRule> Names for N {}

pub(super) mod sealed {
    pub trait IntoRule {
        fn into_rule(self) -> super::Rule;
    }
}

/// What decides about names.
pub enum Rule {
    Pattern(Pattern),
    Predicate(Box<dyn Fn(&str) -> bool + Send + Sync>),
}

impl sealed::IntoRule for &str {
    #[track_caller]
    fn into_rule(self) -> Rule {
        match Pattern::parse(self) {
            Ok(pattern) => Rule::Pattern(pattern),
            Err(error) => panic!("the pattern {self:?} of namespaces: {error}"),
        }
    }
}

impl sealed::IntoRule for String {
    #[track_caller]
    fn into_rule(self) -> Rule {
        self.as_str().into_rule()
    }
}

impl<F: Fn(&str) -> bool + Send + Sync + 'static> sealed::IntoRule for F {
    fn into_rule(self) -> Rule {
        Rule::Predicate(Box::new(self))
    }
}

/// All namespaces of one rule, as the server keeps them.
pub(crate) struct Family {
    rule: Rule,
    pub(super) handlers: Handlers,
}

impl Family {
    pub(super) fn new(rule: Rule) -> Self {
        Self { rule, handlers: Handlers::default() }
    }

    /// Runs user code: not under a lock.
    pub(super) fn accepts(&self, name: &str) -> bool {
        match &self.rule {
            Rule::Pattern(pattern) => pattern.matches(name),
            Rule::Predicate(accepts) => {
                catch_unwind(AssertUnwindSafe(|| accepts(name))).unwrap_or_else(|_| {
                    tracing::error!(name, "a function for names of namespaces panicked");
                    false
                })
            }
        }
    }

    pub(super) fn is_of(&self, other: &Rule) -> bool {
        matches!((&self.rule, other), (Rule::Pattern(one), Rule::Pattern(other)) if one == other)
    }

    pub(super) fn param<'a>(&self, name: &'a str, param: &str) -> Option<&'a str> {
        match &self.rule {
            Rule::Pattern(pattern) => pattern.param(name, param),
            Rule::Predicate(_) => None,
        }
    }
}

/// All namespaces whose names match: one connect handler and one chain of middleware for them, and rooms and sockets for each. Made by
/// [`Everwire::of_matching`](crate::Everwire::of_matching).
///
/// ```
/// # use everwire::{Everwire, Namespace, Socket};
/// # let wire = Everwire::new();
/// let chats = wire.of_matching("/chat/{room}");
/// chats.on_connect(|socket: Socket, chat: Namespace| async move {
///     socket.broadcast().emit("joined", chat.param("room")).await;
/// });
/// for chat in chats.all() {
///     chat.emit("news", "to each that somebody is in");
/// }
/// ```
#[derive(Clone)]
pub struct Namespaces {
    family: Arc<Family>,
    spaces: Arc<Spaces>,
}

impl std::fmt::Debug for Namespaces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.all()).finish()
    }
}

impl Namespaces {
    pub(crate) fn new(family: Arc<Family>, spaces: &Arc<Spaces>) -> Self {
        Self { family, spaces: spaces.clone() }
    }

    /// Those that exist now.
    pub fn all(&self) -> Vec<Namespace> {
        let spaces = self.spaces.all().into_iter();
        spaces.filter(|space| space.is_of(&self.family)).map(Namespace::from).collect()
    }

    fn handlers(&self) -> &Handlers {
        &self.family.handlers
    }
}

super::handled!(Namespaces);
