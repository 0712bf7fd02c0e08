//! Patterns of namespaces' names: `/chat/{room}`.

/// A pattern that has been read.
///
/// In each segment between two slashes one parameter may stand for a part of it that is not empty; a last segment `{*rest}` stands for all that is left.
#[derive(Debug, PartialEq, Eq)]
pub struct Pattern {
    segments: Vec<Segment>,
    /// The parameter that takes the rest.
    rest: Option<Box<str>>,
}

#[derive(Debug, PartialEq, Eq)]
struct Segment {
    before: Box<str>,
    param: Option<Box<str>>,
    after: Box<str>,
}

impl Pattern {
    /// # Errors
    /// What is wrong with it, in words.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut pattern = Self { segments: Vec::new(), rest: None };
        for segment in text.strip_prefix('/').unwrap_or(text).split('/') {
            if pattern.rest.is_some() {
                return Err("`{*…}` takes the rest, so nothing can follow it");
            }
            match segment.strip_prefix("{*").and_then(|name| name.strip_suffix('}')) {
                Some(name) => pattern.rest = Some(param(name)?),
                None => pattern.segments.push(Segment::parse(segment)?),
            }
        }
        let mut names: Vec<_> = pattern.params().collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err("two parameters have the same name");
        }
        Ok(pattern)
    }

    pub(crate) fn matches(&self, name: &str) -> bool {
        self.visit(name, |_, _| {})
    }

    /// What stands in the place of a parameter.
    pub(crate) fn param<'a>(&self, name: &'a str, param: &str) -> Option<&'a str> {
        let mut found = None;
        let matches = self.visit(name, |key, value| {
            if key == param {
                found = Some(value);
            }
        });
        found.filter(|_| matches)
    }

    /// Takes a name apart, in one pass. `false`: it does not match.
    fn visit<'a>(&self, name: &'a str, mut visit: impl FnMut(&str, &'a str)) -> bool {
        let Some(mut left) = name.strip_prefix('/').map(Some) else { return false };
        for segment in &self.segments {
            let Some(text) = left else { return false };
            let (text, behind) =
                text.split_once('/').map_or((text, None), |(text, behind)| (text, Some(behind)));
            left = behind;
            let Some(value) = segment.value(text) else { return false };
            if let Some(param) = &segment.param {
                visit(param, value);
            }
        }
        match (&self.rest, left) {
            (None, None) => true,
            (Some(param), Some(rest)) if !rest.is_empty() => {
                visit(param, rest);
                true
            }
            _ => false,
        }
    }

    fn params(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| segment.param.as_deref()).chain(self.rest.as_deref())
    }
}

impl Segment {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let (before, behind) = match text.split_once('{') {
            Some((before, behind)) => (before, Some(behind)),
            None => (text, None),
        };
        let (name, after) = match behind {
            Some(behind) => behind.split_once('}').ok_or("a `{` without `}`")?,
            None => ("", ""),
        };
        if [before, after].iter().any(|text| text.contains(['{', '}'])) {
            return Err("a segment has one parameter at most, in `{` and `}`");
        }
        let param = behind.map(|_| param(name)).transpose()?;
        Ok(Self { before: before.into(), param, after: after.into() })
    }

    /// What stands in the place of the parameter; empty if there is none.
    fn value<'a>(&self, text: &'a str) -> Option<&'a str> {
        let value = text.strip_prefix(&*self.before)?.strip_suffix(&*self.after)?;
        (value.is_empty() != self.param.is_some()).then_some(value)
    }
}

fn param(name: &str) -> Result<Box<str>, &'static str> {
    let is_name = !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    if is_name { Ok(name.into()) } else { Err("a parameter's name is letters, digits and `_`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of the parameters; `None`: it does not match.
    fn values(pattern: &str, name: &str) -> Option<Vec<String>> {
        let mut values = Vec::new();
        let matches = Pattern::parse(pattern).unwrap().visit(name, |_, value| values.push(value.to_owned()));
        matches.then_some(values)
    }

    #[test]
    fn what_matches() {
        for (pattern, name, expected) in [
            ("/chat/{room}", "/chat/7", Some(&["7"][..])),
            ("chat/{room}", "/chat/é,😀", Some(&["é,😀"])),
            ("/chat/{room}", "/chat/", None),
            ("/chat/{room}", "/chat", None),
            ("/chat/{room}", "/chat/7/8", None),
            ("/chat/{room}", "/chat/7/", None),
            ("/chat/{room}", "chat/7", None),
            ("/{org}/{team}", "/a/b", Some(&["a", "b"])),
            ("/{org}/{team}", "//b", None),
            ("/user-{id}.json", "/user-12.json", Some(&["12"])),
            ("/user-{id}.json", "/user-.json", None),
            ("/aa{x}aa", "/aaa", None),
            ("/aa{x}aa", "/aaaaa", Some(&["a"])),
            ("/files/{*path}", "/files/a/b", Some(&["a/b"])),
            ("/files/{*path}", "/files/a", Some(&["a"])),
            ("/files/{*path}", "/files/", None),
            ("/files/{*path}", "/files", None),
            ("/{*all}", "/x", Some(&["x"])),
            ("/{*all}", "/", None),
            ("/plain", "/plain", Some(&[])),
            ("/plain", "/plain/x", None),
        ] {
            let expected = expected.map(|values| values.iter().map(ToString::to_string).collect());
            assert_eq!(values(pattern, name), expected, "{pattern} {name}");
        }
        let pattern = Pattern::parse("/{org}/{team}").unwrap();
        assert_eq!(
            [pattern.param("/a/b", "team"), pattern.param("/a/b", "x"), pattern.param("/a", "org")],
            [Some("b"), None, None]
        );
    }

    #[test]
    fn what_is_no_pattern() {
        for text in
            ["/{", "/}", "/{}", "/{a b}", "/{a}{b}", "/{a}/{a}", "/{*a}/b", "/x{*a}", "/{*}", "/{a}/{*a}"]
        {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }
}
