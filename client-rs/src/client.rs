//! One session after the other: asks for auth, lives a session, and comes back as the end of it says.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use everwire_session::code::Reaction;
use tokio::sync::mpsc;

use crate::choice::{Choice, Reconnection, Transport};
use crate::dispatch::Dispatch;
use crate::driver::{Driver, End, Surroundings, random};
use crate::events::{ConnectError, Disconnect};
use crate::shared::{Command, Shared};
use crate::site::Site;

/// Gives the auth as JSON text, or nothing; or says why there is none.
pub(crate) type Auth = Arc<dyn Fn() -> Asked + Send + Sync>;

/// The answer to come.
pub(crate) type Asked = Pin<Box<dyn Future<Output = Result<String, String>> + Send>>;

pub(crate) struct Client {
    pub(crate) site: Site,
    pub(crate) transports: Vec<Transport>,
    pub(crate) reconnection: Reconnection,
    pub(crate) window: u64,
    pub(crate) auth: Auth,
    pub(crate) shared: Arc<Shared>,
    pub(crate) commands: mpsc::UnboundedReceiver<Command>,
}

/// What goes on from one session to the next.
struct Life {
    client: Client,
    dispatch: Dispatch,
    /// What was wanted while there was no session.
    waiting: VecDeque<Command>,
    sessions: u64,
    /// Sessions in a row that did not last.
    tries: u32,
    best: Option<Transport>,
}

impl Client {
    pub(crate) async fn run(self) {
        let dispatch = Dispatch::start(&self.shared);
        let mut life =
            Life { client: self, dispatch, waiting: VecDeque::new(), sessions: 0, tries: 0, best: None };
        while let Some(auth) = life.ask().await {
            let end = life.session(&auth).await;
            if !life.goes_on(end).await {
                break;
            }
        }
        life.client.shared.view.lock().closing = true;
    }
}

impl Life {
    /// The auth of the next session; none if there will be no session.
    async fn ask(&mut self) -> Option<String> {
        let asked = (self.client.auth)();
        match self.beside(asked).await? {
            Ok(auth) => Some(auth),
            Err(message) => {
                self.dispatch.local("connect_error", ConnectError::new("auth", &message));
                None
            }
        }
    }

    async fn session(&mut self, auth: &str) -> End {
        let client = &mut self.client;
        self.sessions += 1;
        let context = Surroundings {
            site: client.site.clone(),
            shared: client.shared.clone(),
            dispatch: self.dispatch.clone(),
            auth: client.auth.clone(),
        };
        let choice = Choice::new(client.transports.clone(), client.reconnection.clone(), self.best);
        let mut driver = Driver::new(context, self.sessions, choice, client.window, auth);
        for command in self.waiting.drain(..) {
            driver.take(command);
        }
        driver.run(&mut client.commands).await
    }

    /// Tells of the end, and waits until it is time for another session. False if there is to be none.
    async fn goes_on(&mut self, mut end: End) -> bool {
        let limits = &self.client.reconnection;
        let over = end.told
            || end.closed
            || end.reaction == Reaction::Never
            || end.code == "no_transport"
            || limits.attempts == Some(0);
        self.tell(&end, over);
        self.best = end.best;
        if over {
            while end.farewells.join_next().await.is_some() {}
            return false;
        }
        end.farewells.detach_all();
        self.tries = if end.stood { 0 } else { self.tries + 1 };
        if end.reaction == Reaction::Open && end.stood {
            return true;
        }
        let pause = limits.pause(self.tries, random()).max(end.retry);
        self.beside(tokio::time::sleep(pause)).await.is_some()
    }

    fn tell(&self, end: &End, over: bool) {
        let connected = self.client.shared.disconnected();
        let (code, reason) = (end.code.clone(), end.reason.clone());
        if end.told {
            return;
        }
        let unconfirmed = end.unconfirmed;
        // One that was never connected may have lost events, too.
        if connected || unconfirmed > 0 {
            let (code, reason) = (code.clone(), reason.clone());
            self.dispatch.local("disconnect", Disconnect { code, reason, unconfirmed });
        }
        if !connected && !end.closed && (over || !end.opened) {
            let message = reason.unwrap_or_default();
            self.dispatch.local("connect_error", ConnectError::new(&code, &message));
        }
    }

    /// Waits for something, and keeps what is wanted meanwhile. None if that is the end.
    async fn beside<T>(&mut self, what: impl Future<Output = T>) -> Option<T> {
        let mut what = std::pin::pin!(what);
        loop {
            tokio::select! {
                value = &mut what => return Some(value),
                command = self.client.commands.recv() => match command? {
                    Command::Close => return None,
                    command @ (Command::Emit { .. } | Command::Forget(_)) => self.waiting.push_back(command),
                    // They belong to a session that is over.
                    Command::Answer { .. } | Command::Consumed { .. } | Command::Volatile(_) => {}
                },
            }
        }
    }
}
