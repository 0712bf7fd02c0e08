//! Texts that become part of a page or a script, and names of namespaces.

use crate::dialect::sock_js::quote;
use crate::namespace::pattern::Pattern;
use crate::transport::answers::script_string;
use crate::transport::sock_js::wrap::{Framing, jsonp};

/// Whatever a message is, it stays a string; the first line may be a pattern.
pub fn texts(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let safe = script_string(data);
    assert!(!safe.contains(['<', '>', '&', '\'', '\n', '\r', '\u{2028}', '\u{2029}']));
    assert_eq!(serde_json::from_str::<String>(&safe).ok().as_deref(), Some(&*text));
    let quoted = quote(&text);
    assert_eq!(serde_json::from_str::<String>(&quoted).ok().as_deref(), Some(&*text));
    let script = String::from_utf8(Framing::Scripts.frame(&quoted).to_vec()).expect("a text");
    assert_eq!((script.matches('<').count(), script.matches("</script>").count()), (2, 1));
    let event = String::from_utf8(Framing::Events.frame(&quoted).to_vec()).expect("a text");
    assert_eq!(event.trim_end().lines().count(), 1);
    assert_eq!(jsonp("cb", &quoted).trim_end().lines().count(), 1);
    if let Some((pattern, name)) = text.split_once('\n') {
        names(pattern, name);
    }
}

fn names(pattern: &str, name: &str) {
    let Ok(read) = Pattern::parse(pattern) else { return };
    if !pattern.contains('{') {
        let own = format!("/{}", pattern.strip_prefix('/').unwrap_or(pattern));
        assert!(read.matches(&own));
    }
    if read.matches(name) {
        let params = pattern.split('{').skip(1).filter_map(|part| part.split('}').next());
        for param in params {
            let value = read.param(name, param.trim_start_matches('*'));
            assert!(value.is_some_and(|value| !value.is_empty() && name.contains(value)));
        }
    }
}
