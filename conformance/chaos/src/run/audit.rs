//! Compares what both ends of a client's sessions know. What was sent and not told as unconfirmed must have arrived.

use super::ledger::{Client, Served};
use super::told::{GOODBYE, Seen};

pub(super) fn compare(client: &Client) -> Result<(), String> {
    both_ways(client).map_err(|why| {
        let ends = client.seen.iter().map(|seen| {
            let Seen { ordinal, code, unconfirmed, last, .. } = seen;
            format!("\n  session {ordinal} ended for the client with {code}, {unconfirmed} unconfirmed, after {last:?}")
        });
        why + &ends.collect::<String>()
    })
}

fn both_ways(client: &Client) -> Result<(), String> {
    let totals = client.totals.as_ref().ok_or("it never said goodbye")?;
    if totals.asked != totals.answered + totals.failed {
        return Err(format!(
            "of {} acks {} came and {} failed",
            totals.asked, totals.answered, totals.failed
        ));
    }
    let mut upward = Upward::default();
    let mut served = client.served.iter().peekable();
    for seen in &client.seen {
        // Sessions that the client has heard nothing of; their ends were told without a number.
        while let Some((_, unseen)) = served.next_if(|(ordinal, _)| **ordinal < seen.ordinal) {
            let unseen = unseen.lock();
            upward.take(&unseen)?;
            downward(&unseen, None)?;
        }
        if seen.ordinal > 0 {
            let (_, session) = served
                .next_if(|(ordinal, _)| **ordinal == seen.ordinal)
                .ok_or_else(|| format!("the server has no session {}", seen.ordinal))?;
            let session = session.lock();
            if upward.take(&session)? {
                upward.may_miss = 0;
            }
            downward(&session, Some(seen))?;
        }
        upward.may_miss += seen.unconfirmed;
    }
    if let Some((ordinal, _)) = served.next() {
        return Err(format!("session {ordinal} is only the server's"));
    }
    if upward.next + upward.may_miss < totals.sent + 1 {
        return Err(format!("sent {} events, the last that arrived is {}", totals.sent, upward.next - 1));
    }
    Ok(())
}

/// The numbers that must come next, session after session.
struct Upward {
    next: u64,
    /// How many of them were told as unconfirmed.
    may_miss: u64,
}

impl Default for Upward {
    fn default() -> Self {
        Self { next: 1, may_miss: 0 }
    }
}

impl Upward {
    /// Has anything come in this session?
    fn take(&mut self, served: &Served) -> Result<bool, String> {
        let Some((first, last)) = served.up else { return Ok(false) };
        let missing =
            first.checked_sub(self.next).filter(|missing| *missing <= self.may_miss).ok_or_else(|| {
                format!(
                    "session {} began with event {first}; {} was next, and {} told as unconfirmed{}",
                    served.ordinal,
                    self.next,
                    self.may_miss,
                    written(served)
                )
            })?;
        self.may_miss -= missing;
        self.next = last + 1;
        Ok(true)
    }
}

/// What went down in one session; nothing of it was seen, if there is no `seen`.
fn downward(served: &Served, seen: Option<&Seen>) -> Result<(), String> {
    let number = served.ordinal;
    let Some((code, unconfirmed)) = served.closed else {
        return Err(format!("the server never ended session {number}{}", written(served)));
    };
    let (down, news) = seen.map_or((0, 0), |seen| (seen.down, seen.news));
    let sent = served.down + served.news_count();
    if down > served.down || news > served.news_count() {
        return Err(format!(
            "session {number}: heard {down} events and {news} broadcasts, of {} and {}",
            served.down,
            served.news_count()
        ));
    }
    let clean = seen.is_some_and(|seen| seen.code == GOODBYE);
    let may_miss = if clean { 0 } else { unconfirmed + served.unsure };
    let missing = sent - down - news;
    if missing > may_miss {
        return Err(format!(
            "session {number} ({code}): {missing} of {sent} events are missing, {may_miss} were told as unconfirmed{}",
            written(served)
        ));
    }
    if served.asked != served.answered + served.failed || clean && served.failed > 0 {
        return Err(format!(
            "session {number} ({code}): the server asked {}, {} were answered, {} failed",
            served.asked, served.answered, served.failed
        ));
    }
    Ok(())
}

fn written(served: &Served) -> String {
    format!("\n  the server: {served:#?}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;
    use crate::run::told::Totals;

    /// Two sessions: the first was lost, with its events 3 and 4 and as many of the server's.
    fn client() -> Client {
        let first = Served {
            ordinal: 1,
            up: Some((1, 2)),
            down: 5,
            news: (1, 1),
            closed: Some(("grace_over", 2)),
            ..Served::default()
        };
        let second = Served {
            ordinal: 2,
            up: Some((5, 9)),
            down: 3,
            news: (4, 3),
            goodbye: true,
            closed: Some(("client_disconnect", 0)),
            ..Served::default()
        };
        let mut client = Client::default();
        for served in [first, second] {
            client.served.insert(served.ordinal, Arc::new(Mutex::new(served)));
        }
        client.seen = vec![
            Seen { ordinal: 1, down: 3, news: 1, unconfirmed: 2, ..Seen::default() },
            Seen { ordinal: 2, down: 3, code: GOODBYE.into(), ..Seen::default() },
        ];
        client.totals = Some(Totals { sent: 9, ..Totals::default() });
        client
    }

    #[test]
    fn what_was_told_may_miss_and_nothing_else() {
        assert_eq!(compare(&client()), Ok(()));
        let breaks: [fn(&mut Client); 9] = [
            |client| client.seen[0].unconfirmed = 1,
            |client| client.seen[0].down = 2,
            |client| client.seen[0].down = 6,
            |client| client.seen[1].down = 2,
            |client| client.seen[1].news = 1,
            |client| client.totals = Some(Totals { sent: 10, ..Totals::default() }),
            |client| client.totals = Some(Totals { sent: 9, asked: 1, ..Totals::default() }),
            |client| drop(client.seen.pop()),
            |client| client.served[&2].lock().up = Some((2, 9)),
        ];
        for (number, break_it) in breaks.into_iter().enumerate() {
            let mut client = client();
            break_it(&mut client);
            assert!(compare(&client).is_err(), "{number}");
        }
    }

    #[test]
    fn a_session_that_the_client_never_saw_may_only_lose_what_was_told() {
        let mut client = client();
        client.seen[0] = Seen { unconfirmed: 4, ..Seen::default() };
        client.served[&1].lock().closed = Some(("grace_over", 6));
        assert_eq!(compare(&client), Ok(()));
        client.seen[0].unconfirmed = 1;
        assert!(compare(&client).is_err());
        client.seen[0].unconfirmed = 4;
        client.served[&1].lock().closed = Some(("grace_over", 5));
        assert!(compare(&client).is_err());
    }
}
