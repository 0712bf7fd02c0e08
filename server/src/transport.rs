//! The transports, one file each, and what they share. A transport knows HTTP and sockets, nothing of rooms and handlers.

/// Makes a mount a tower service that counts its requests until they are answered to the end. Where its engine is, and what answers one.
macro_rules! tower_service {
    ($mount:ty, $($engine:tt).+, $answer:expr) => {
        impl<B> tower::Service<::http::Request<B>> for $mount
        where
            B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
        {
            type Response = ::http::Response<$crate::Body>;
            type Error = std::convert::Infallible;
            type Future = $crate::transport::service::Answering;

            fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
                std::task::Poll::Ready(Ok(()))
            }

            fn call(&mut self, mut request: ::http::Request<B>) -> Self::Future {
                $crate::transport::service::in_words_of_http1(&mut request);
                let open = $crate::transport::service::OpenRequest::new(&self.$($engine).+);
                let mount = self.clone();
                Box::pin(async move { Ok(($answer)(mount, request).await.map(|body| body.counted(open))) })
            }
        }
    };
}

pub(crate) mod answers;
pub(crate) mod engine_io;
mod event_source;
mod forever_iframe;
pub(crate) mod handshake;
pub(crate) mod http;
mod jsonp;
mod long_polling;
mod send;
pub(crate) mod service;
pub(crate) mod sock_js;
mod streaming;
mod up;
pub(crate) mod upgrade;
pub(crate) mod websocket;
pub(crate) mod ws_frame;
