#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| everwire_session::fuzz::server_session(data));
