//! The run notices what must not happen: here the proxy takes single events out of requests, which no network does.

use clap::Parser;
use everwire_chaos::run::{Options, run};

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lying_proxy_is_found_out() {
    // Many events a request, and nothing else that could go wrong. It ends with the first lie.
    let told = "chaos --kinds rust --clients 6 --seconds 60 --seed 1 --pause-ms 60 --refused 0 --requests 0 --moments 0 \
                --droughts 0 --lies 100";
    let found = run(Arguments::parse_from(told.split_whitespace()).options).await.unwrap_err();
    assert!(found.contains("VIOLATION: rust "), "{found}");
    assert!(found.contains("EVERWIRE_SEED=1"), "{found}");
}
