//! The pages, and the client that they load: all inside the binary.

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::routing::get;

/// A file: where it is found, what it is, and what is in it.
type File = (&'static str, &'static str, &'static str);

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

const FILES: &[File] = &[
    ("/", HTML, include_str!("../pages/chat.html")),
    ("/doctor", HTML, include_str!("../pages/doctor.html")),
    ("/pages/chat.css", CSS, include_str!("../pages/chat.css")),
    ("/pages/chat.js", JS, include_str!("../pages/chat.js")),
    ("/pages/log.js", JS, include_str!("../pages/log.js")),
    ("/pages/people.js", JS, include_str!("../pages/people.js")),
    ("/pages/doctor.css", CSS, include_str!("../pages/doctor.css")),
    ("/pages/doctor.js", JS, include_str!("../pages/doctor.js")),
    ("/pages/examine.js", JS, include_str!("../pages/examine.js")),
    ("/pages/advice.js", JS, include_str!("../pages/advice.js")),
    ("/pages/base.css", CSS, include_str!("../pages/base.css")),
    ("/favicon.svg", SVG, include_str!("../pages/favicon.svg")),
    ("/client/everwire.js", JS, include_str!("../../../client-js/dist/everwire.js")),
    ("/client/everwire.min.js", JS, include_str!("../../../client-js/dist/everwire.min.js")),
    ("/client/everwire.mjs", JS, include_str!("../../../client-js/dist/everwire.mjs")),
    ("/client/everwire.min.mjs", JS, include_str!("../../../client-js/dist/everwire.min.mjs")),
];

/// Only what this server gives runs in the pages; pictures of the chat are blobs. Safari before 15.4 does not see that `'self'` covers
/// `ws:`.
const POLICY: &str = "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' blob:; \
                      object-src 'none'; base-uri 'none'; frame-ancestors 'self'";

/// The routes of the pages.
pub(crate) fn router() -> Router {
    FILES.iter().fold(Router::new(), |router, (path, kind, text)| {
        let headers = [
            (CONTENT_TYPE, *kind),
            (CONTENT_SECURITY_POLICY, POLICY),
            // The next build has the same URLs.
            (CACHE_CONTROL, "no-cache"),
            // With `no-referrer` the forms of jsonp would hide the page's origin, and be refused.
            (REFERRER_POLICY, "same-origin"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        router.route(path, get(async move || (headers, *text)))
    })
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use tower::ServiceExt;

    use super::*;

    async fn status(path: &str) -> StatusCode {
        let request = Request::get(path).body(Body::empty()).unwrap();
        router().oneshot(request).await.unwrap().status()
    }

    /// What a page or script loads from this server.
    fn references(text: &str) -> impl Iterator<Item = &str> {
        ["src=\"", "href=\"", "from \""]
            .into_iter()
            .flat_map(|mark| text.split(mark).skip(1).filter_map(|rest| rest.split('"').next()))
    }

    #[tokio::test]
    async fn whatever_a_page_names_is_there() {
        let mut seen = 0;
        for (path, _, text) in FILES.iter().filter(|(path, ..)| !path.starts_with("/client/")) {
            for reference in references(text).filter(|reference| !reference.starts_with("http")) {
                assert!(reference.starts_with('/'), "{reference} in {path} is not absolute");
                assert_eq!(status(reference).await, StatusCode::OK, "{reference} in {path}");
                seen += 1;
            }
        }
        assert!(seen > 10, "only {seen} references were found");
        assert_eq!(status("/nothing").await, StatusCode::NOT_FOUND);
    }
}
