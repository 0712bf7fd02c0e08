#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| everwire::fuzz::ws_frame(data));
