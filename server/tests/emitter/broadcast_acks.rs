//! A broadcast that all shall answer.

use std::collections::HashMap;
use std::time::Duration;

use everwire::{AckError, Everwire};

use crate::client;

#[tokio::test(start_paused = true)]
async fn answers_come_one_by_one_and_who_is_silent_times_out() {
    let wire = Everwire::new();
    let mut clients = [client(&wire).await, client(&wire).await, client(&wire).await, client(&wire).await];
    let mut answers = wire.emit_with_ack::<u8>("vote", "cat").timeout(Duration::from_secs(5));
    assert_eq!(answers.len(), 4);
    let mut ids = Vec::new();
    for client in &mut clients {
        ids.push(client.next_event().await.unwrap());
    }
    assert!(ids.iter().all(|event| event.ack == ids[0].ack), "one id, so that it is encoded once");
    clients[2].ack(&ids[2], 2);
    assert_eq!(answers.next().await, Some((clients[2].id().to_owned(), Ok(2))));
    clients[0].ack(&ids[0], 0);
    clients[0].ack(&ids[0], 9);
    clients[1].ack(&ids[1], "no number");
    let mut found = HashMap::new();
    while let Some((socket, answer)) = answers.next().await {
        assert_eq!(found.insert(socket, answer), None, "each answers once");
    }
    assert_eq!(found.len(), 3);
    assert_eq!(found[clients[0].id()], Ok(0));
    assert!(matches!(found[clients[1].id()], Err(AckError::Data(_))));
    assert_eq!(found[clients[3].id()], Err(AckError::Timeout));
}

#[tokio::test(start_paused = true)]
async fn who_leaves_is_told_of_and_nobody_is_no_answer() {
    let wire = Everwire::new();
    let one = client(&wire).await;
    let id = one.id().to_owned();
    let mut answers = wire.emit_with_ack::<u8>("vote", ());
    one.disconnect().await;
    assert_eq!(answers.next().await, Some((id, Err(AckError::SessionEnded))));
    assert_eq!(answers.next().await, None);
    assert_eq!(wire.to("nobody").emit_with_ack::<u8>("vote", ()).next().await, None);
}
