//! Latencies in buckets of 3 %.

const STEPS: u32 = 32;

pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: vec![0; (64 * STEPS) as usize], count: 0 }
    }
}

impl Histogram {
    pub fn record(&mut self, nanos: u64) {
        let nanos = nanos.max(u64::from(STEPS));
        let power = nanos.ilog2();
        let step = (nanos >> (power - STEPS.ilog2())) as u32 - STEPS;
        self.buckets[(power * STEPS + step) as usize] += 1;
        self.count += 1;
    }

    /// The latency in milliseconds that this share of all stay below.
    pub fn quantile(&self, share: f64) -> f64 {
        let mut left = (self.count as f64 * share) as u64;
        for (index, count) in (0u32..).zip(&self.buckets) {
            if *count > left {
                let (power, step) = (index / STEPS, index % STEPS);
                return f64::from(STEPS + step) * 2f64.powi(power as i32 - STEPS.ilog2() as i32) / 1e6;
            }
            left -= count;
        }
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::Histogram;

    #[test]
    fn quantiles_are_right_within_a_bucket() {
        let mut histogram = Histogram::default();
        (1..=1000).for_each(|millis| histogram.record(millis * 1_000_000));
        for (share, expected) in [(0.5, 500.0), (0.99, 990.0)] {
            let found = histogram.quantile(share);
            assert!((found / expected - 1.0).abs() < 0.04, "{share}: {found}");
        }
    }
}
