//! Random numbers that are the same on every machine.

use crate::job::JobGraph;

/// SplitMix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014).
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// Seeded from the times of `jobs`: one instance, one sequence.
    pub(crate) fn seeded(jobs: &JobGraph) -> Self {
        let times = jobs.ids().map(|job| jobs[job].duration.single_thread.0);
        Self(times.fold(jobs.len() as u64, |seed, time| {
            (seed ^ time).wrapping_mul(0x0000_0100_0000_01B3)
        }))
    }

    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Normal with mean 0 and variance 1, as the sum of twelve uniform numbers: within ±6, and
    /// of additions alone, which every machine rounds alike.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_have_mean_0_and_variance_1() {
        let mut random = Random(1);
        let drawn: Vec<f64> = (0..20_000).map(|_| random.normal()).collect();
        let n = drawn.len() as f64;
        let mean = drawn.iter().sum::<f64>() / n;
        let variance = drawn.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        assert!(mean.abs() < 0.02, "{mean}");
        assert!((variance - 1.0).abs() < 0.03, "{variance}");
        let within_one = drawn.iter().filter(|x| x.abs() < 1.0).count() as f64 / n;
        assert!((within_one - 0.683).abs() < 0.01, "{within_one}");
    }
}
