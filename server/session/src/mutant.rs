//! Defects that can be planted, to prove that the tests would see them.
//!
//! Each stands as `planted(Mutant::…)` at the place where somebody could make that mistake. Without the feature `mutants` that is a
//! constant, and nothing of it is left in the program. With it one defect at a time can be switched on for a thread.

#[cfg(feature = "mutants")]
use std::cell::Cell;
#[cfg(feature = "mutants")]
use std::sync::atomic::{AtomicBool, Ordering};

macro_rules! mutants {
    ($($(#[doc = $meaning:literal])+ $name:ident,)*) => {
        /// A defect.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[cfg_attr(not(feature = "mutants"), expect(unreachable_pub, reason = "it is private then"))]
        pub enum Mutant { $($(#[doc = $meaning])+ $name,)* }

        #[cfg(feature = "mutants")]
        impl Mutant {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

mutants! {
    /// A message behind a gap counts as received, though it is not taken.
    AckBeforeAccept,
    /// Any close of the client confirms all that was sent.
    AnyCloseConfirms,
    /// Any refusal confirms all that a closing client has sent.
    AnyRefusalConfirms,
    /// Any close of the server confirms all that was sent.
    AnyServerCloseConfirms,
    /// A token that was never issued, or long ago, proves the session.
    AnyTokenProves,
    /// Every attach has the same number.
    AttachNumberStands,
    /// What went in a body does not count as sent.
    BatchNotSent,
    /// Room in the queue is not given back.
    BytesNeverFreed,
    /// A close of the client that is not answered goes on for ever.
    ClientCloseNeverGivenUp,
    /// The client closes before what waits for credit was sent.
    ClientClosesEarly,
    /// The client's application is not told that the session has ended.
    ClientEndUntold,
    /// The final count of the client's close is one less than was sent.
    ClientFinalWrong,
    /// The client's close is answered before all that it counts has come.
    CloseAnsweredEarly,
    /// A close is said before what waits for credit.
    CloseBeforeCredit,
    /// A close does not wait for what was emitted before it.
    CloseDropsQueue,
    /// A close that is not answered goes on for ever.
    CloseNeverGivenUp,
    /// A refusal that answers the client's close confirms nothing.
    CloseRefusalUnheard,
    /// A close whose request has failed is not said again.
    CloseSaidOnce,
    /// The message behind the confirmed ones is taken for confirmed.
    ConfirmsOneMore,
    /// A poll is not answered for counts alone.
    CountsNoNews,
    /// Counts are said only when they are asked for.
    CountsNotOwed,
    /// The count said is one more than was received.
    CountsOneAhead,
    /// What is consumed is counted twice.
    CreditGivenTwice,
    /// Messages are sent without credit.
    CreditIgnored,
    /// What is consumed gives no credit back.
    CreditKept,
    /// A replay spends its credit again.
    CreditSpentTwice,
    /// The client is not told that the session has ended.
    EndUnsaid,
    /// The application is not told that the session has ended.
    EndUntold,
    /// Whoever comes after the end is told of an unknown session.
    EndedUnknown,
    /// An attach with the number of the last one wins.
    EqualAttachTaken,
    /// A poll with the number of the last one is taken.
    EqualPollTaken,
    /// The client answers a close before all that it counts has come.
    FarewellEarly,
    /// The client does not answer a close.
    FarewellUnsaid,
    /// The final count of a close is one less than was sent.
    FinalOneLess,
    /// The final count of a close is one more than was sent.
    FinalOneMore,
    /// The former carrier is not told that it was taken over.
    FormerCarrierKept,
    /// The client does not let go of its former carrier.
    FormerCarrierUsed,
    /// A message behind a gap is taken for the next one.
    GapTaken,
    /// The grace time goes on though a carrier has attached.
    GraceGoesOn,
    /// A suspended session is kept for ever.
    GraceNeverEnds,
    /// What the peer has consumed is not looked at.
    GrantIgnored,
    /// No heartbeat is sent.
    HeartbeatMissed,
    /// The client does not answer heartbeats.
    HeartbeatUnanswered,
    /// A heartbeat comes without the counts that have changed.
    HeartbeatWithoutCounts,
    /// The key dies when it is answered, not when the token is used.
    KeyDiesEarly,
    /// The key of an ended session opens another one.
    KeyForgottenAtEnd,
    /// The key proves the session after a token was used.
    KeyLivesOn,
    /// A WebSocket goes on though what must come first on it is gone.
    LateWebSocketKept,
    /// The queue takes one message more than its limit.
    LimitOneOver,
    /// The application is told of messages that were confirmed.
    LossOvertold,
    /// The application is not told of the last message that was not confirmed.
    LossUntold,
    /// What a lost answer held is not written again in the next.
    LostAnswerForgotten,
    /// An attach with a lower number wins.
    LowerAttachTaken,
    /// A client that is mute keeps its carrier.
    MuteClientKept,
    /// The client keeps a carrier that is mute.
    MutePathKept,
    /// An ended session is never forgotten.
    NeverForgotten,
    /// What is confirmed is kept.
    NeverTrimmed,
    /// The client goes on with the token that it had first.
    NewTokenIgnored,
    /// The end of a former carrier is taken for that of the current one.
    OldPipeEndsCurrent,
    /// A poll of a former carrier is taken.
    OldPollTaken,
    /// What is said of an old proof ends the session.
    OldRefusalEnds,
    /// The stream of a former carrier takes the place of the current one.
    OldTicketTaken,
    /// A token is good though its successor was used.
    OldTokenLives,
    /// A welcome to another session is taken.
    OtherSessionTaken,
    /// A WebSocket goes on where another carrier stood.
    PlaceOfOtherCarrier,
    /// The client does not count the messages on a carrier.
    PlaceStands,
    /// Something malformed may stand at the same place for ever.
    PoisonForgotten,
    /// A poll hangs until there is news.
    PollHeldForEver,
    /// Every poll has the same number.
    PollNumberStands,
    /// The answer to a post is taken for a sign of life of the way down.
    PostAnswerIsLife,
    /// A post does not count as a sign of life.
    PostIsNoLife,
    /// A replay leaves out its first message.
    ReplayOneLate,
    /// The client waits for an answer for ever.
    RequestKept,
    /// Secrets of one length are taken for the same.
    SecretsByLength,
    /// A message that was seen before does not move the position.
    SeenKeepsItsPlace,
    /// The last message is taken once more when it is repeated.
    SeenTakenAgain,
    /// Every try of a batch has a serial of its own.
    SerialPerTry,
    /// Every batch has the same serial.
    SerialStands,
    /// A stream opened by ticket goes on behind what the answers brought, or did not.
    StreamNotRewound,
    /// A token dies when its successor is issued, not when that is used.
    TokenDiesEarly,
    /// Every answer has the same token.
    TokenNeverRenewed,
    /// A repeated attach gets another successor.
    TokenRedrawn,
    /// A batch is sent while the one before is under way.
    TwoBatches,
    /// The client attaches anew to a session that the server does not know.
    UnknownSessionKept,
    /// The peer may confirm what was never sent.
    UnsentConfirmed,
    /// Volatile events of a repeated serial are applied again.
    VolatileOfRepeated,
    /// A WebSocket goes on behind what is confirmed, not where its welcome says.
    WebSocketGoesOnAnywhere,
    /// The welcome names the number behind its first message.
    WelcomeNamesNext,
    /// A client with a session writes on a WebSocket that was not welcomed.
    WrittenBeforeWelcome,
    /// What comes on a former WebSocket is taken.
    ZombieTaken,
}

#[cfg(feature = "mutants")]
thread_local! {
    static PLANTED: Cell<Option<Mutant>> = const { Cell::new(None) };
}

#[cfg(feature = "mutants")]
static REACHED: [AtomicBool; Mutant::ALL.len()] = [const { AtomicBool::new(false) }; Mutant::ALL.len()];

/// Plants a defect in this thread, in place of any other.
#[cfg(feature = "mutants")]
pub fn plant(mutant: Option<Mutant>) {
    PLANTED.set(mutant);
}

/// Has any thread come to the place of this defect?
#[cfg(feature = "mutants")]
pub fn is_reached(mutant: Mutant) -> bool {
    REACHED[mutant as usize].load(Ordering::Relaxed)
}

/// Is this defect planted?
#[cfg(feature = "mutants")]
pub(crate) fn planted(mutant: Mutant) -> bool {
    let reached = &REACHED[mutant as usize];
    if !reached.load(Ordering::Relaxed) {
        reached.store(true, Ordering::Relaxed);
    }
    PLANTED.get() == Some(mutant)
}

/// Is this defect planted?
#[cfg(not(feature = "mutants"))]
pub(crate) const fn planted(_: Mutant) -> bool {
    false
}
