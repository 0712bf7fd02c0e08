//! Client, server and the network between them, and what must be true of them.

use stateright::{Model, Property};

use super::client::{Client, Sent};
use super::rules::{Bounds, Mutant};
use super::server::{Order, Server};
use super::wire::{Code, Down, Kind, Link, Number, Up};

/// The model: its bounds, and the rule that is broken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World {
    pub(crate) bounds: Bounds,
    pub(crate) mutant: Option<Mutant>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) client: Client,
    pub(crate) server: Server,
    links: Vec<Link>,
    /// Attaches that the client may still make without need, and disturbances that may still happen.
    moves: u8,
    losses: u8,
    /// An attach that was no newer than the last has changed something.
    stale_changed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// An item arrives at the server: of this attach, at this place.
    ArriveUp(Number, usize),
    /// An item arrives at the client.
    ArriveDown(Number, usize),
    /// The client has no carrier, and attaches.
    Attach(Kind),
    ClientEmits,
    ClientSays,
    /// A disturbance: a request is made twice.
    Duplicate(Number, usize),
    /// What is left of a carrier that the client has given up is lost.
    Forget(Number),
    /// A disturbance: the client gives a carrier up. What it sent may still arrive, or not.
    Lose(Number),
    /// The client attaches beside the carrier that it has: a race or a move.
    Move(Kind),
    ServerEmits,
    ServerSays,
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            client: Client::new(),
            server: Server::new(),
            links: Vec::new(),
            moves: self.bounds.carriers - 1,
            losses: self.bounds.losses,
            stale_changed: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.progress(state, actions);
        if state.moves > 0 && !state.client.roads.is_empty() {
            actions.extend([Action::Move(Kind::Duplex), Action::Move(Kind::Poll)]);
        }
        if self.bounds.counts && state.client.owes() {
            actions.push(Action::ClientSays);
        }
        if self.bounds.counts
            && state.server.current.iter().any(|current| current.is_owed(state.server.received()))
        {
            actions.push(Action::ServerSays);
        }
        for link in state.links.iter().filter(|link| !state.client.has(link.attach)) {
            actions.extend(link.heads(&link.up).into_iter().map(|at| Action::ArriveUp(link.attach, at)));
            actions.push(Action::Forget(link.attach));
        }
        if state.losses > 0 {
            actions.extend(state.client.roads.iter().map(|road| Action::Lose(road.attach)));
            for link in state.links.iter().filter(|link| link.kind == Kind::Poll) {
                actions.extend(link.heads(&link.up).into_iter().map(|at| Action::Duplicate(link.attach, at)));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::ArriveUp(attach, at) => self.arrive_up(&mut state, attach, at),
            Action::ArriveDown(attach, at) => {
                let down = state.link(attach).down.remove(at);
                let sent = state.client.handle(attach, down, self.mutant);
                state.send(sent);
            }
            Action::Attach(kind) => state.attach(kind),
            Action::ClientEmits => {
                let sent = state.client.emit(self.bounds.burst);
                state.send(sent);
            }
            Action::ClientSays => {
                let sent = state.client.say(self.mutant);
                state.send(sent);
            }
            Action::Duplicate(attach, at) => {
                state.losses -= 1;
                let link = state.link(attach);
                let copy = link.up[at].clone();
                link.send_up(copy);
            }
            Action::Forget(attach) => state.link(attach).up.clear(),
            Action::Lose(attach) => {
                state.losses -= 1;
                let sent = state.client.lose(attach, self.mutant);
                state.send(sent);
            }
            Action::Move(kind) => {
                state.moves -= 1;
                state.attach(kind);
            }
            Action::ServerEmits => {
                let orders = state.server.emit(self.bounds.burst);
                state.obey(orders);
            }
            Action::ServerSays => {
                let orders = state.server.say();
                state.obey(orders);
            }
        }
        state.tidy();
        Some(state)
    }

    /// A broken rule may lead to attaches or polls without end: it is enough to have seen that.
    fn within_boundary(&self, state: &State) -> bool {
        state.client.attach < 20 && state.client.roads.iter().all(|road| road.polls < 40)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(PREFIX, |_, state: &State| {
                is_prefix(&state.server.delivered, state.client.emitted)
                    && is_prefix(&state.client.delivered, state.server.emitted)
            }),
            Property::always(ONE_CURRENT, |_, state: &State| {
                state.server.current.len() <= 1
                    && state.server.current.iter().all(|current| current.attach == state.server.attach)
            }),
            Property::always(STALE_IS_NOTHING, |_, state: &State| !state.stale_changed),
            Property::always(NEVER_LOCKED_OUT, |_, state: &State| state.server.proves(state.client.proof)),
            Property::always(NO_FAULT, |_, state: &State| !state.refused([Code::Gap, Code::BadAck])),
            Property::always(BOUNDED, |world: &World, state: &State| {
                let (bounds, client) = (&world.bounds, &state.client);
                let polls = client.roads.iter().map(|road| road.polls).max().unwrap_or(0);
                client.attach <= bounds.carriers + bounds.losses - state.losses
                    && polls <= 2 * (2 * bounds.messages + bounds.losses + 1)
            }),
            Property::always(QUIET_IS_COMPLETE, |world: &World, state: &State| {
                let mut actions = Vec::new();
                world.progress(state, &mut actions);
                !actions.is_empty() || world.is_complete(state)
            }),
            Property::sometimes("all arrives though all losses happened", |world: &World, state: &State| {
                state.losses == 0 && world.is_complete(state)
            }),
            Property::sometimes("an attach or poll is refused as stale", |_, state: &State| {
                state.refused([Code::Stale, Code::StalePoll])
            }),
            Property::sometimes("a used up proof is refused", |_, state: &State| {
                state.refused([Code::StaleToken, Code::UnknownSession])
            }),
            Property::sometimes("a carrier is taken over", |_, state: &State| {
                state.refused([Code::TakenOver, Code::TakenOver])
            }),
        ]
    }
}

pub(crate) const PREFIX: &str = "what is delivered is a prefix of what was sent";
pub(crate) const ONE_CURRENT: &str = "one carrier is current";
pub(crate) const STALE_IS_NOTHING: &str = "a stale attach changes nothing";
pub(crate) const NEVER_LOCKED_OUT: &str = "the client's newest proof is valid";
pub(crate) const NO_FAULT: &str = "nobody is accused of a gap or a bad ack";
pub(crate) const BOUNDED: &str = "attaches and polls are bounded";
pub(crate) const QUIET_IS_COMPLETE: &str = "where nothing is left to do all has arrived";

impl World {
    /// What happens without disturbance. Each of it uses something up (an item in flight, a message to emit, an attach or a poll, which
    /// are bounded), so a network that has healed comes to rest.
    fn progress(&self, state: &State, actions: &mut Vec<Action>) {
        if state.client.emitted < self.bounds.messages {
            actions.push(Action::ClientEmits);
        }
        if state.server.secrets.is_some() && state.server.emitted < self.bounds.messages {
            actions.push(Action::ServerEmits);
        }
        if state.client.roads.is_empty() {
            actions.extend([Action::Attach(Kind::Duplex), Action::Attach(Kind::Poll)]);
        }
        for link in state.links.iter().filter(|link| state.client.has(link.attach)) {
            actions.extend(link.heads(&link.up).into_iter().map(|at| Action::ArriveUp(link.attach, at)));
            actions.extend(link.heads(&link.down).into_iter().map(|at| Action::ArriveDown(link.attach, at)));
        }
    }

    fn is_complete(&self, state: &State) -> bool {
        let all = usize::from(self.bounds.messages);
        state.client.delivered.len() == all && state.server.delivered.len() == all
    }

    fn arrive_up(&self, state: &mut State, attach: Number, at: usize) {
        let link = state.link(attach);
        let kind = link.kind;
        let up = link.up.remove(at);
        let before = state.server.clone();
        let orders = state.server.handle(attach, kind, &up, self.mutant);
        let stale = matches!(&up, Up::Head(head) if head.poll == 0) && attach <= before.attach;
        state.stale_changed |= stale && state.server != before;
        state.obey(orders);
    }
}

impl State {
    fn link(&mut self, attach: Number) -> &mut Link {
        self.links.iter_mut().find(|link| link.attach == attach).expect("an action names a link")
    }

    fn attach(&mut self, kind: Kind) {
        let sent = self.client.attach(kind);
        self.links.push(Link::new(self.client.attach, kind));
        self.send(sent);
    }

    fn send(&mut self, sent: Sent) {
        for (attach, up) in sent {
            self.link(attach).send_up(up);
        }
    }

    fn obey(&mut self, orders: Vec<Order>) {
        for order in orders {
            let (Order::Close(attach) | Order::Send(attach, _)) = order;
            let Some(link) = self.links.iter_mut().find(|link| link.attach == attach) else { continue };
            match order {
                Order::Close(_) => {
                    link.closed = true;
                    link.up.clear();
                }
                Order::Send(_, down) => link.send_down(down),
            }
        }
    }

    /// Nobody reads what comes down on a carrier that the client has given up, or to a request that has had its answer.
    fn tidy(&mut self) {
        let client = &self.client;
        for link in &mut self.links {
            link.down.retain(|down| client.wants(link.attach, down));
        }
        self.links.retain(|link| client.has(link.attach) || !link.up.is_empty());
    }

    fn refused(&self, codes: [Code; 2]) -> bool {
        let mut downs = self.links.iter().flat_map(|link| &link.down);
        downs.any(|down| matches!(down, Down::Refusal(_, code) if codes.contains(code)))
    }
}

fn is_prefix(delivered: &[Number], emitted: Number) -> bool {
    delivered.len() <= usize::from(emitted)
        && delivered.iter().copied().zip(1..).all(|(is, should)| is == should)
}
