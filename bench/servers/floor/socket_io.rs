//! Socket.IO's packets, as far as one handler per event needs them: no acks, rooms, namespaces or polling.

use serde_json::Value;

use super::frames;

pub fn greeting() -> Vec<u8> {
    let mut out = Vec::new();
    let open =
        br#"0{"sid":"floor","upgrades":[],"pingInterval":10000,"pingTimeout":8000,"maxPayload":1000000}"#;
    frames::write(&mut out, &[open]);
    out
}

pub fn heartbeat() -> Vec<u8> {
    let mut out = Vec::new();
    frames::write(&mut out, &[b"2"]);
    out
}

pub fn answer(text: &[u8], back: &mut Vec<u8>, all: &mut Vec<u8>) {
    match text {
        [b'4', b'0', ..] => frames::write(back, &[br#"40{"sid":"floor"}"#]),
        [b'4', b'2', body @ ..] => {
            let Ok(mut values) = serde_json::from_slice::<Vec<Value>>(body) else { return };
            match values.first().and_then(Value::as_str) {
                Some("echo") => event(back, &values),
                Some("pub") => {
                    values[0] = "ev".into();
                    event(all, &values);
                }
                _ => {}
            }
        }
        _ => {}
    }
}

fn event(out: &mut Vec<u8>, values: &[Value]) {
    if let Ok(body) = serde_json::to_vec(values) {
        frames::write(out, &[b"42", &body]);
    }
}
