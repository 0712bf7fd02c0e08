//! Says a line for each thing that happens to a client: `watch URL TRANSPORT MILLISECONDS`. At each connection it asks `echo`, and ends when that is answered, or
//! when the time is over.
#![allow(clippy::print_stdout, reason = "that is what it is for")]

use std::time::Duration;

use everwire_client::{
    AckError, ConnectError, Data, Disconnect, Failure, Reconnection, Socket, Transport, connect,
};
use tokio::sync::mpsc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, transport, millis] = &arguments[..] else {
        return Err("watch URL TRANSPORT MILLISECONDS".into());
    };
    let transport =
        Transport::ALL.into_iter().find(|one| one.name() == transport).ok_or("no such transport")?;
    let mut reconnection = Reconnection::default();
    reconnection.delay = Duration::from_millis(100);
    reconnection.max_delay = Duration::from_secs(1);
    let (answered, mut answers) = mpsc::unbounded_channel();
    let asked = answered.clone();
    let socket = connect(url)
        .transports([transport])
        .reconnection(reconnection)
        .on("connect", move |socket: Socket| {
            println!("connect");
            ask(socket, answered.clone());
            async {}
        })
        .on("resumed", move |socket: Socket| {
            println!("resumed");
            ask(socket, asked.clone());
            async {}
        })
        .on("suspended", || async { println!("suspended") })
        .on("connect_error", |Data(error): Data<ConnectError>| async move {
            println!("connect_error {}", error.code);
        })
        .on("disconnect", |Data(end): Data<Disconnect>| async move { println!("disconnect {}", end.code) })
        .on("error", |Data(failure): Data<Failure>| async move { println!("error {}", failure.code) })
        .on("x", || async { println!("event x") })
        .open()?;
    tokio::select! {
        _ = answers.recv() => println!("works"),
        () = tokio::time::sleep(Duration::from_millis(millis.parse()?)) => {}
    }
    socket.close();
    Ok(())
}

fn ask(socket: Socket, answered: mpsc::UnboundedSender<()>) {
    tokio::spawn(async move {
        let answer: Result<String, AckError> = socket.emit_with_ack("echo", ()).await;
        if answer.is_ok() {
            let _ = answered.send(());
        }
    });
}
