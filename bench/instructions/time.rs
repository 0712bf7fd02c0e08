//! The same in time, for who is at work on it: `cargo bench` in this folder.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use everwire_instructions::WORK;

const TIMES: u64 = 1000;

fn messages(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("message");
    group.throughput(Throughput::Elements(TIMES));
    for (name, work) in WORK {
        group.bench_function(name, |bencher| bencher.iter(|| work(TIMES)));
    }
    group.finish();
}

criterion_group!(all, messages);
criterion_main!(all);
