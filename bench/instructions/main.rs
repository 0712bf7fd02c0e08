//! For callgrind: `instructions WORK TIMES`.

use everwire_instructions::WORK;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, times] = &arguments[..] else { panic!("instructions WORK TIMES") };
    let (_, work) = WORK.iter().find(|(name, _)| name == what).expect("the name of some work");
    work(times.parse().expect("a number"));
}
