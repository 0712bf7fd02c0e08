//! The streams of an HTTP/2 connection: how many are open, and whether their answers are read.
//!
//! hyper writes an answer into h2 as far as the client's window allows, and then waits, for ever if need be: the connection itself is alive.
//! So each stream runs under a [`Watch`], which knows what a stream waits for: for us, or for its reader.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use hyper::rt::Executor;
use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};
use tokio::time::Sleep;

use super::counts::{Why, count};

tokio::task_local! {
    static WATCH: Arc<Watch>;
}

/// What hyper runs a connection's streams with.
#[derive(Clone, Debug)]
pub(super) struct Streams {
    open: Arc<watch::Sender<usize>>,
    /// How long an answer may wait for its reader.
    limit: Duration,
}

/// What is known of one stream.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Whether, the last time it ran, it was our answer that was not ready.
    waits_for_us: AtomicBool,
    /// Whether its answer went on.
    moved: AtomicBool,
    /// Ready when whoever took the stream over has left it.
    left: Mutex<Option<oneshot::Receiver<()>>>,
}

impl Streams {
    pub(super) fn new(limit: Duration) -> (Self, watch::Receiver<usize>) {
        let (open, count) = watch::channel(0);
        (Self { open: Arc::new(open), limit }, count)
    }
}

impl<F> Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        self.open.send_modify(|open| *open += 1);
        let (open, limit) = (self.open.clone(), self.limit);
        // Inside another stream: that has been taken over, and this is the way down from there on.
        let parent = WATCH.try_with(Arc::clone).ok();
        tokio::spawn(async move {
            let _open = Open(open);
            match parent {
                None => answered(stream, limit).await,
                Some(parent) => {
                    let left = parent.left.lock().take();
                    let left = async {
                        if let Some(left) = left {
                            let _ = left.await;
                            tokio::time::sleep(limit).await;
                        } else {
                            std::future::pending::<()>().await;
                        }
                    };
                    tokio::select! {
                        () = stream => {}
                        () = left => {}
                    }
                }
            }
        });
    }
}

/// Counts a stream until this is dropped.
struct Open(Arc<watch::Sender<usize>>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}

/// Runs a stream to its end, or until its answer has waited too long for its reader: then it is dropped, and so reset.
async fn answered(stream: impl Future<Output = ()>, limit: Duration) {
    let watch = Arc::new(Watch::default());
    let mut stream = pin!(stream);
    let mut waiting: Option<Pin<Box<Sleep>>> = None;
    poll_fn(|cx| {
        watch.waits_for_us.store(false, Ordering::Relaxed);
        watch.moved.store(false, Ordering::Relaxed);
        if WATCH.sync_scope(watch.clone(), || stream.as_mut().poll(cx)).is_ready() {
            return Poll::Ready(());
        }
        if watch.waits_for_us.load(Ordering::Relaxed) {
            waiting = None;
            return Poll::Pending;
        }
        if watch.moved.load(Ordering::Relaxed) {
            waiting = None;
        }
        let given_up = waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit))).as_mut().poll(cx);
        if given_up.is_ready() {
            count(Why::Unread);
        }
        given_up
    })
    .await;
}

/// Tells the watch of the stream that runs, if one does, what was just polled.
pub(super) fn note<T>(polled: Poll<T>) -> Poll<T> {
    let _ = WATCH.try_with(|watch| {
        let note = if polled.is_pending() { &watch.waits_for_us } else { &watch.moved };
        note.store(true, Ordering::Relaxed);
    });
    polled
}

/// For who takes the stream over: to be dropped with it. None in HTTP/1.1.
pub(super) fn left() -> Option<oneshot::Sender<()>> {
    let (sender, left) = oneshot::channel();
    WATCH.try_with(|watch| *watch.left.lock() = Some(left)).is_ok().then_some(sender)
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, sleep};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_was_taken_over_lives_as_long_as_its_taker_and_a_little_longer() {
        let (streams, mut open) = Streams::new(LIMIT);
        let (give, taken) = oneshot::channel();
        let inside = streams.clone();
        streams.execute(async move {
            give.send(left()).expect("it is waited for");
            inside.execute(std::future::pending());
        });
        let left = taken.await.unwrap().expect("it is a stream");
        sleep(LIMIT * 3).await;
        assert_eq!(*open.borrow(), 1);
        let begun = Instant::now();
        drop(left);
        open.wait_for(|open| *open == 0).await.unwrap();
        assert_eq!(begun.elapsed(), LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_us_has_time_and_who_waits_for_its_reader_has_not() {
        let (streams, mut open) = Streams::new(LIMIT);
        streams.execute(poll_fn(|_| note(Poll::Pending)));
        streams.execute(poll_fn(|_| Poll::Pending));
        let begun = Instant::now();
        open.wait_for(|open| *open == 1).await.unwrap();
        assert_eq!(begun.elapsed(), LIMIT);
        sleep(LIMIT * 3).await;
        assert_eq!(*open.borrow(), 1);
    }
}
