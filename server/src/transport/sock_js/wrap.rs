//! What is around SockJS's frames in each of its streams. A frame is a chunk of its own.

use bytes::Bytes;

use super::super::answers::script_string;

/// A kind of stream.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Framing {
    Events,
    Lines,
    Scripts,
}

impl Framing {
    /// Content type and first chunk.
    pub(super) fn prelude(self, callback: &str) -> (&'static str, Bytes) {
        match self {
            Self::Events => ("text/event-stream", Bytes::from_static(b"\r\n")),
            Self::Lines => {
                ("application/javascript; charset=UTF-8", format!("{}\n", "h".repeat(2048)).into())
            }
            Self::Scripts => {
                let page = PAGE.replace("{CALLBACK}", callback);
                // Some browsers run nothing of a page before it has a kilobyte.
                let pad = " ".repeat(1024usize.saturating_sub(page.len()) + 16);
                ("text/html; charset=UTF-8", format!("{page}{pad}\r\n\r\n").into())
            }
        }
    }

    pub(crate) fn frame(self, frame: &str) -> Bytes {
        match self {
            Self::Events => format!("data: {frame}\r\n\r\n").into(),
            Self::Lines => format!("{frame}\n").into(),
            // Nothing in a message can end the script block.
            Self::Scripts => {
                format!("<script>\np({});\n</script>\r\n", script_string(frame.as_bytes())).into()
            }
        }
    }
}

/// A script that calls a function of the page with a frame.
pub(crate) fn jsonp(callback: &str, frame: &str) -> String {
    format!("/**/{callback}({});\r\n", script_string(frame.as_bytes()))
}

const PAGE: &str = r#"<!doctype html>
<html><head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
</head><body><h2>Don't panic!</h2>
  <script>
    document.domain = document.domain;
    var c = parent.{CALLBACK};
    c.start();
    function p(d) {c.message(d);};
    window.onload = function() {c.stop();};
  </script>"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_script() {
        let frame = Framing::Scripts.frame(r#"a["</script><!--"]"#);
        let text = String::from_utf8(frame.to_vec()).unwrap();
        assert_eq!(text.matches("</script>").count(), 1);
        assert_eq!(text.matches('<').count(), 2);
        assert_eq!(jsonp("cb", "o"), "/**/cb(\"o\");\r\n");
    }
}
