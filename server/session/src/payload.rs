//! The arguments of an event, or the values of an ack, as they travel.

use std::sync::Arc;

use bytes::{Buf, Bytes};
use serde::Serialize;
use serde::de::DeserializeOwned;

mod args;
mod binary;

use args::Split;
pub use binary::string_end;

/// Arguments that need not be understood: JSON text and what is binary in it.
///
/// As an extractor it takes whatever the client sent; given to `emit` or as the answer it goes on unchanged, without being parsed.
///
/// ```
/// # use everwire_session::payload::Payload;
/// let payload = Payload::new(("a", 1))?;
/// assert_eq!(Payload::new(&payload)?, payload);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Payload {
    /// JSON values with commas between them.
    text: Bytes,
    /// Seldom there are any.
    attachments: Option<Arc<[Bytes]>>,
}

impl Payload {
    /// Writes arguments, by the rule of [`IntoArgs`].
    ///
    /// # Errors
    /// When they cannot be written as JSON.
    ///
    /// ```
    /// let payload = everwire_session::payload::Payload::new(("a", 1))?;
    /// assert_eq!(payload.len(), 2);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn new(args: impl IntoArgs) -> Result<Self, serde_json::Error> {
        args.into_payload()
    }

    /// What stands in a packet: `array` is the checked JSON text of an array, whose first element ends at `skip` (0: all elements are meant).
    pub fn of_array(array: Bytes, skip: usize, attachments: Vec<Bytes>) -> Self {
        let end = array.len().saturating_sub(1);
        let mut rest = array[skip.max(1).min(end)..end].trim_ascii();
        if skip > 0
            && let Some(behind) = rest.strip_prefix(b",")
        {
            rest = behind.trim_ascii_start();
        }
        // Cut at both ends: a slice would be one more owner of the memory, if only for a moment.
        let (start, length) = (rest.as_ptr().addr() - array.as_ptr().addr(), rest.len());
        let mut text = array;
        text.truncate(start + length);
        text.advance(start);
        Self { text, attachments: shared(attachments) }
    }

    /// One value of JSON text that was checked.
    pub fn of_value(text: Bytes) -> Self {
        Self { text, attachments: None }
    }

    /// Reads the arguments: a tuple takes all of them, anything else the first.
    ///
    /// # Errors
    /// When they are not of this type.
    ///
    /// ```
    /// let payload = everwire_session::payload::Payload::new(("a", 1))?;
    /// assert_eq!(payload.read::<(String, u8)>().unwrap(), ("a".to_owned(), 1));
    /// assert_eq!(payload.read::<String>().unwrap(), "a");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        match &self.attachments {
            None => args::read(&self.text),
            Some(attachments) => args::read(&binary::expand(&self.text, attachments)),
        }
    }

    /// How many arguments there are.
    pub fn len(&self) -> usize {
        Split::of(&self.text).count()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The binary values, in order of their places in the text.
    pub fn attachments(&self) -> &[Bytes] {
        self.attachments.as_deref().unwrap_or_default()
    }

    /// The arguments as JSON values with commas between them; each binary value is a placeholder there.
    pub fn text(&self) -> &[u8] {
        &self.text
    }
}

fn shared(attachments: Vec<Bytes>) -> Option<Arc<[Bytes]>> {
    (!attachments.is_empty()).then(|| attachments.into())
}

/// What arguments can be read as: whatever serde reads, by the rule of [`Payload::read`], or a [`Payload`], which takes them as they came.
pub trait FromArgs: Sized {
    /// Reads the arguments.
    ///
    /// # Errors
    /// When they are not of this type.
    fn from_payload(payload: &Payload) -> Result<Self, serde_json::Error>;
}

impl<T: DeserializeOwned> FromArgs for T {
    fn from_payload(payload: &Payload) -> Result<Self, serde_json::Error> {
        payload.read()
    }
}

impl FromArgs for Payload {
    fn from_payload(payload: &Payload) -> Result<Self, serde_json::Error> {
        Ok(payload.clone())
    }
}

/// What can be the arguments of an event, or the values of an ack.
///
/// **A tuple is all the arguments; anything else is one argument.** `()` is none. An array of fixed length (`[T; N]`) counts as a tuple, because
/// serde tells both alike: pass `&array[..]` for one argument. A tuple inside something else, a `Vec` or a struct of your own
/// are one argument. A [`Payload`] goes on as it came.
///
/// What serializes as bytes ([`bytes::Bytes`], `serde_bytes::ByteBuf`), at any depth, travels as binary and arrives as `Uint8Array`.
///
/// ```
/// use everwire_session::payload::Payload;
/// let len = |payload: Result<Payload, _>| payload.unwrap().len();
/// assert_eq!(len(Payload::new("hello")), 1);
/// assert_eq!(len(Payload::new((1, 2))), 2);
/// assert_eq!(len(Payload::new(((1, 2),))), 1);
/// assert_eq!(len(Payload::new(vec![1, 2])), 1);
/// assert_eq!(len(Payload::new(())), 0);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the arguments of an event",
    label = "not serializable",
    note = "derive `serde::Serialize` for it; several arguments are given as a tuple"
)]
pub trait IntoArgs {
    /// Writes the arguments.
    ///
    /// # Errors
    /// When they cannot be written as JSON.
    fn into_payload(self) -> Result<Payload, serde_json::Error>;
}

impl<T: Serialize> IntoArgs for T {
    fn into_payload(self) -> Result<Payload, serde_json::Error> {
        // Only `()` and its like; `json!(null)` is one argument.
        if size_of::<T>() == 0 && serde_json::to_value(&self).is_ok_and(|value| value.is_null()) {
            return Ok(Payload::default());
        }
        let (text, attachments) = binary::write(&self)?;
        let mut text = Bytes::from(text);
        if args::is_tuple(&self) {
            text = text.slice(1..text.len() - 1);
        }
        Ok(Payload { text, attachments: shared(attachments) })
    }
}

impl IntoArgs for Payload {
    fn into_payload(self) -> Result<Payload, serde_json::Error> {
        Ok(self)
    }
}

impl IntoArgs for &Payload {
    fn into_payload(self) -> Result<Payload, serde_json::Error> {
        Ok(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    struct Image {
        name: String,
        parts: Vec<Option<Bytes>>,
        map: BTreeMap<String, (Bytes, String)>,
    }

    fn payload(args: impl IntoArgs) -> Payload {
        Payload::new(args).unwrap()
    }

    fn text(args: impl IntoArgs) -> String {
        String::from_utf8(payload(args).text.to_vec()).unwrap()
    }

    #[test]
    fn tuples_are_spread_and_nothing_else() {
        assert_eq!(text("a"), r#""a""#);
        let borrowed: &String = &"a".to_owned();
        assert_eq!(text(borrowed), r#""a""#);
        assert_eq!(text((1, "b", [3])), r#"1,"b",[3]"#);
        let borrowed: &(i32, i32) = &(1, 2);
        assert_eq!(text(borrowed), "1,2");
        assert_eq!(text((vec![1],)), "[1]");
        assert_eq!(text(vec![(1, 2)]), "[[1,2]]");
        assert_eq!(text(json!(null)), "null");
        assert_eq!(text(None::<u8>), "null");
        assert_eq!(text(Some((1, 2))), "[1,2]");
        assert_eq!(text(()), "");
        assert_eq!(text(json!([1, 2])), "[1,2]");
    }

    #[test]
    fn a_tuple_reads_all_and_anything_else_the_first() {
        let two = payload((1, 2));
        assert_eq!(two.read::<(i64, i64)>().unwrap(), (1, 2));
        assert_eq!(two.read::<i64>().unwrap(), 1);
        assert_eq!(two.read::<(i64,)>().unwrap(), (1,));
        assert_eq!(two.read::<(i64, i64, Option<String>)>().unwrap(), (1, 2, None));
        assert!(two.read::<(i64, i64, i64)>().unwrap_err().to_string().contains("missing"));
        let none = payload(());
        assert_eq!(none.read::<Option<String>>().unwrap(), None);
        assert!(none.read::<String>().is_err());
        none.read::<()>().unwrap();
        let list = payload(vec![1, 2, 3]);
        assert_eq!(list.read::<Vec<i64>>().unwrap(), [1, 2, 3]);
        assert_eq!(list.read::<Value>().unwrap(), json!([1, 2, 3]));
        assert!(list.read::<(i64, i64)>().is_err());
        let text = payload(("a,]\"[", json!({"a": [1, {"b": ","}]}), true));
        assert_eq!(text.len(), 3);
        assert_eq!(text.read::<(String, Value, bool)>().unwrap().1, json!({"a": [1, {"b": ","}]}));
        assert!(payload("text").read::<i64>().is_err());
    }

    #[test]
    fn arguments_are_cut_out_of_a_body() {
        let inner = |body: &'static str, skip| {
            String::from_utf8(
                Payload::of_array(Bytes::from_static(body.as_bytes()), skip, vec![]).text.to_vec(),
            )
            .unwrap()
        };
        assert_eq!(inner(r#"["a",1,2]"#, 4), "1,2");
        assert_eq!(inner(r#"["a"]"#, 4), "");
        assert_eq!(inner(r#"[ "a" , 1 ]"#, 5), "1");
        assert_eq!(inner("[1,2]", 0), "1,2");
        assert_eq!(inner("[ ]", 0), "");
    }

    #[test]
    fn binary_at_any_depth_comes_back() {
        let bytes = Bytes::from((0..=255u8).collect::<Vec<_>>());
        let image = Image {
            name: "\u{0}0 looks like a placeholder".into(),
            parts: vec![None, Some(bytes.clone()), Some(Bytes::new())],
            map: BTreeMap::from([("\u{0}0".into(), (bytes, "\u{0}\u{0}1".into()))]),
        };
        let payload = payload((&image, "\u{0}0"));
        assert_eq!(payload.attachments().len(), 3);
        assert_eq!(payload.read::<(Image, String)>().unwrap(), (image, "\u{0}0".into()));
    }

    #[test]
    fn a_leading_nul_is_marked_only_beside_binary() {
        assert_eq!(text("\u{0}0"), r#""\u00000""#);
        assert_eq!(payload("\u{0}0").read::<String>().unwrap(), "\u{0}0");
        assert_eq!(text(("\u{0}0", Bytes::from_static(b"x"))), r#""\u0000\u00000","\u00000""#);
        let raw = serde_json::value::RawValue::from_string("{\"\\u0000\":\n\"\\u00000\"}".into()).unwrap();
        assert_eq!(text((&raw, Bytes::from_static(b"x"))), r#"{"\u0000": "\u0000\u00000"},"\u00000""#);
    }

    #[test]
    fn what_cannot_be_written_is_an_error() {
        assert!(Payload::new(BTreeMap::from([((1, 2), 3)])).is_err());
        let mut deep = json!(1);
        for _ in 0..63 {
            deep = json!([deep]);
        }
        assert!(Payload::new(&deep).is_ok());
        assert!(Payload::new(json!([deep])).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_and_text_come_back(parts: Vec<(Vec<u8>, String)>) {
            let parts: Vec<(Bytes, String)> = parts.into_iter().map(|(bytes, text)| (bytes.into(), text)).collect();
            prop_assert_eq!(payload(&parts).read::<Vec<(Bytes, String)>>().unwrap(), parts);
        }
    }
}
