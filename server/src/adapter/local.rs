//! Sockets and rooms of this process.
//!
//! Sockets stand in a slab, and a room is a dense list of their seats, so that a broadcast looks nothing up per receiver. Each membership knows its place in
//! the other list, so that both lists can be kept dense by moving their last element into a gap.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use slab::Slab;

use super::{Adapter, Seat, Target};
use crate::error::RoomError;
use crate::outlet::SharedOutlet;
use crate::socket::Socket;

/// Rooms of one socket.
const MAX_ROOMS: usize = 1_000;
/// Bytes of a room's name.
const MAX_ROOM_NAME: usize = 256;

/// One lock; it is held to find receivers, never to send to them.
#[derive(Default)]
pub(crate) struct Local(Mutex<Tables>);

#[derive(Default)]
struct Tables {
    seats: Slab<Entry>,
    rooms: Slab<Room>,
    names: HashMap<Arc<str>, u32>,
    /// Counts sockets, to tell those of one index apart.
    stamps: u32,
    /// Counts broadcasts; a seat marked with the current one has been seen by it.
    stamp: u64,
}

struct Entry {
    socket: Socket,
    /// The socket's own, here so that a broadcast follows no pointer to find it.
    outlet: SharedOutlet,
    rooms: Vec<Membership>,
    stamp: u32,
    mark: u64,
    muted: bool,
}

/// A room that a socket is in.
struct Membership {
    room: u32,
    /// Where the socket stands in [`Room::members`].
    place: u32,
}

struct Room {
    name: Arc<str>,
    members: Vec<Member>,
}

/// A socket that is in a room.
struct Member {
    seat: u32,
    /// Where the room stands in [`Entry::rooms`].
    place: u32,
}

impl Tables {
    fn index(&self, seat: Seat) -> Option<u32> {
        let (index, stamp) = (seat as u32, (seat >> 32) as u32);
        self.seats.get(index as usize).filter(|entry| entry.stamp == stamp).map(|_| index)
    }

    fn join(&mut self, seat: Seat, name: &str) -> Result<(), RoomError> {
        if name.len() > MAX_ROOM_NAME {
            return Err(RoomError::Name);
        }
        let seat = self.index(seat).ok_or(RoomError::Closed)?;
        let entry = &mut self.seats[seat as usize];
        let room = self.names.get(name).copied();
        if room.is_some_and(|room| entry.rooms.iter().any(|membership| membership.room == room)) {
            return Ok(());
        }
        if entry.rooms.len() >= MAX_ROOMS {
            return Err(RoomError::TooMany);
        }
        let room = room.unwrap_or_else(|| {
            let name: Arc<str> = name.into();
            // Many rooms have one member, and room for four would be wasted on each.
            let room = self.rooms.insert(Room { name: name.clone(), members: Vec::with_capacity(1) }) as u32;
            self.names.insert(name, room);
            room
        });
        let members = &mut self.rooms[room as usize].members;
        entry.rooms.push(Membership { room, place: members.len() as u32 });
        members.push(Member { seat, place: (entry.rooms.len() - 1) as u32 });
        Ok(())
    }

    fn leave(&mut self, seat: Seat, name: &str) {
        let Some(&room) = self.names.get(name) else { return };
        let Some(seat) = self.index(seat) else { return };
        if let Some(place) =
            self.seats[seat as usize].rooms.iter().position(|membership| membership.room == room)
        {
            self.part(seat, place);
        }
    }

    /// Takes a socket out of the room at `place` of its list, and closes the gaps in both lists.
    fn part(&mut self, seat: u32, place: usize) {
        let entry = &mut self.seats[seat as usize];
        let membership = entry.rooms.swap_remove(place);
        if let Some(moved) = entry.rooms.get(place) {
            self.rooms[moved.room as usize].members[moved.place as usize].place = place as u32;
        }
        let room = &mut self.rooms[membership.room as usize];
        room.members.swap_remove(membership.place as usize);
        if let Some(moved) = room.members.get(membership.place as usize) {
            self.seats[moved.seat as usize].rooms[moved.place as usize].place = membership.place;
        }
        if room.members.is_empty() {
            let room = self.rooms.remove(membership.room as usize);
            self.names.remove(&room.name);
        }
    }

    /// Receivers at the most.
    fn most(&self, target: &Target) -> usize {
        let members =
            |name: &str| self.names.get(name).map_or(0, |room| self.rooms[*room as usize].members.len());
        if target.rooms.is_empty() {
            return self.seats.len();
        }
        target.rooms.iter().map(|name| members(name)).sum::<usize>().min(self.seats.len())
    }

    /// Visits each receiver once.
    fn visit(&mut self, target: &Target, mut visit: impl FnMut(&Entry)) {
        self.stamp += 1;
        let stamp = self.stamp;
        if let Some(seat) = target.except_seat.and_then(|seat| self.index(seat)) {
            self.seats[seat as usize].mark = stamp;
        }
        for room in target.except.iter().filter_map(|name| self.names.get(&**name)) {
            for member in &self.rooms[*room as usize].members {
                self.seats[member.seat as usize].mark = stamp;
            }
        }
        let mut once = |entry: &mut Entry| {
            if entry.mark != stamp && !entry.muted {
                entry.mark = stamp;
                visit(entry);
            }
        };
        if target.rooms.is_empty() {
            self.seats.iter_mut().for_each(|(_, entry)| once(entry));
        }
        for room in target.rooms.iter().filter_map(|name| self.names.get(&**name)) {
            for member in &self.rooms[*room as usize].members {
                once(&mut self.seats[member.seat as usize]);
            }
        }
    }
}

impl Adapter for Local {
    fn add(&self, socket: Socket) -> Seat {
        let outlet = socket.inner().link.outlet.clone();
        let mut tables = self.0.lock();
        tables.stamps = tables.stamps.wrapping_add(1);
        let stamp = tables.stamps;
        let entry = Entry { socket, outlet, rooms: Vec::new(), stamp, mark: 0, muted: false };
        (u64::from(stamp) << 32) | tables.seats.insert(entry) as u64
    }

    fn remove(&self, seat: Seat) {
        let mut tables = self.0.lock();
        let Some(seat) = tables.index(seat) else { return };
        while let Some(last) = tables.seats[seat as usize].rooms.len().checked_sub(1) {
            tables.part(seat, last);
        }
        let entry = tables.seats.remove(seat as usize);
        drop(tables);
        // The user's data may go with the last handle: not under the lock.
        drop(entry);
    }

    fn mute(&self, seat: Seat) {
        let mut tables = self.0.lock();
        if let Some(seat) = tables.index(seat) {
            tables.seats[seat as usize].muted = true;
        }
    }

    fn join(&self, seat: Seat, room: &str) -> Result<(), RoomError> {
        self.0.lock().join(seat, room)
    }

    fn leave(&self, seat: Seat, room: &str) {
        self.0.lock().leave(seat, room);
    }

    fn rooms(&self, seat: Seat) -> Vec<String> {
        let tables = self.0.lock();
        tables.index(seat).map_or_else(Vec::new, |seat| {
            tables.seats[seat as usize]
                .rooms
                .iter()
                .map(|membership| tables.rooms[membership.room as usize].name.to_string())
                .collect()
        })
    }

    fn receivers(&self, target: &Target) -> Vec<SharedOutlet> {
        let mut tables = self.0.lock();
        let mut found = Vec::with_capacity(tables.most(target));
        tables.visit(target, |entry| found.push(entry.outlet.clone()));
        found
    }

    fn sockets(&self, target: &Target) -> Vec<Socket> {
        let mut found = Vec::new();
        self.0.lock().visit(target, |entry| found.push(entry.socket.clone()));
        found
    }

    fn counts(&self) -> (usize, usize) {
        let tables = self.0.lock();
        (tables.seats.len(), tables.rooms.len())
    }
}
