//! What a plan comes to if its estimates are as wrong as they say they may be.
//!
//! Each estimate tells its [uncertainty](crate::estimate::Evidence::sigma); here the plan is
//! carried out in worlds drawn by these (Monte Carlo simulation of a network of activities, R. Van
//! Slyke, *Monte Carlo methods and the PERT problem*, Operations Research 11, 1963). The
//! dispatcher decides as ever, by what it believes; the builds take what they take in that world.
//!
//! # Model
//! The logarithm of the true time over the estimated one is normal with mean 0, so that the
//! estimate is the median. It has two parts: the [machine](Doubt::machine) is slower or faster
//! than the one that the figures are from, which all of these share, and the package takes more or
//! less, which its [kin](Doubt::kin) share. Worlds come in pairs that are wrong in opposite
//! directions (antithetic variates; J. Hammersley, K. Morton, 1956), so that fewer tell as much.
//! Memory is as estimated.

use crate::cost::DurationModel;
use crate::dispatch::Dispatch;
use crate::job::{JobGraph, JobId};
use crate::random::Random;
use crate::simulate::makespan;
use crate::{Cores, Millis};

/// How far, and with which others, the estimated time of a job may be wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Doubt {
    /// Jobs of the same number are wrong by the same factor: the builds of one package.
    pub kin: u32,
    /// Standard deviation of the logarithm of that factor.
    pub own: f64,
    /// The same of the factor that all jobs share: 0 for what this machine has measured.
    pub machine: f64,
}

/// Endless worlds in which jobs take other times than estimated.
#[derive(Clone, Debug)]
pub struct Worlds<'a> {
    doubts: &'a [Doubt],
    /// By job: the position of its kin among all.
    kin: Vec<usize>,
    kins: usize,
    random: Random,
    /// What the machine and each kin are wrong by, in standard deviations; the next world has the
    /// opposite where there is one.
    opposite: Option<Draw>,
}

#[derive(Clone, Debug)]
struct Draw {
    machine: f64,
    kin: Vec<f64>,
}

/// One world: what each job's time is multiplied by there.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    factors: Vec<f64>,
}

impl<'a> Worlds<'a> {
    /// Worlds for `jobs`, the same on every machine. O(n log n), and O(n) for each world.
    ///
    /// # Panics
    /// If `doubts` are not as many as `jobs`.
    pub fn new(jobs: &JobGraph, doubts: &'a [Doubt]) -> Self {
        assert_eq!(jobs.len(), doubts.len(), "one doubt for each job");
        let mut kins: Vec<u32> = doubts.iter().map(|doubt| doubt.kin).collect();
        kins.sort_unstable();
        kins.dedup();
        let position = |doubt: &Doubt| kins.partition_point(|&kin| kin < doubt.kin);
        Self {
            doubts,
            kin: doubts.iter().map(position).collect(),
            kins: kins.len(),
            random: Random::seeded(jobs),
            opposite: None,
        }
    }

    fn draw(&mut self) -> Draw {
        Draw {
            machine: self.random.normal(),
            kin: (0..self.kins).map(|_| self.random.normal()).collect(),
        }
    }
}

impl Iterator for Worlds<'_> {
    type Item = World;

    fn next(&mut self) -> Option<World> {
        let draw = if let Some(draw) = self.opposite.take() {
            draw
        } else {
            let draw = self.draw();
            self.opposite = Some(Draw {
                machine: -draw.machine,
                kin: draw.kin.iter().map(|z| -z).collect(),
            });
            draw
        };
        let factor = |(doubt, &kin): (&Doubt, &usize)| {
            exp(doubt.own * draw.kin[kin] + doubt.machine * draw.machine)
        };
        let factors = self.doubts.iter().zip(&self.kin).map(factor).collect();
        Some(World { factors })
    }
}

impl World {
    /// How long it takes there until all is done that `dispatch` starts, as [`makespan`] has it.
    /// `jobs` are those that the world was made for.
    pub fn length(&self, jobs: &JobGraph, threads: Cores, dispatch: &mut impl Dispatch) -> Millis {
        let duration = |job: JobId| {
            let estimated = jobs[job].duration;
            let single = estimated.single_thread.0 as f64 * self.factors[job.index()];
            DurationModel {
                // To the nearest, without a call of `round`.
                single_thread: Millis((single + 0.5) as u64),
                ..estimated
            }
        };
        makespan(threads, dispatch, duration)
    }
}

/// Where some values lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range<T> {
    /// A tenth of the values is below.
    pub low: T,
    /// Half of the values, of an odd number one more, are no smaller.
    pub median: T,
    /// A tenth of the values is above.
    pub high: T,
}

impl<T: Copy> Range<T> {
    /// The range of `values`, ordered by `key`; `None` of fewer than ten, which have no tenth.
    pub fn of<K: Ord>(mut values: Vec<T>, key: impl Fn(&T) -> K) -> Option<Self> {
        values.sort_by_key(key);
        let tenth = values.len() / 10;
        (tenth > 0).then(|| Self {
            low: values[tenth],
            median: values[values.len() / 2],
            high: values[values.len() - 1 - tenth],
        })
    }
}

/// `eˣ`, by (1 + x/1024)¹⁰²⁴, of the four basic operations alone: they, unlike `exp`, give the
/// same bits on every machine. Within 1 % for |x| ≤ 4.
fn exp(x: f64) -> f64 {
    let mut power = 1.0 + x.abs() / 1024.0;
    for _ in 0..10 {
        power *= power;
    }
    if x < 0.0 { power.recip() } else { power }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Bytes;
    use crate::budget::Budget;
    use crate::cost::MemoryModel;
    use crate::dispatch::Dispatcher;
    use crate::job::Job;
    use crate::tier::{TierId, TierSet};

    fn serial(times: &[u64]) -> JobGraph {
        let jobs = times.iter().map(|&ms| Job {
            tier: TierId(0),
            max_threads: Cores(1),
            usable_threads: Job::UNLIMITED,
            duration: DurationModel::serial(Millis(ms)),
            memory: MemoryModel::default(),
        });
        let chain = (1..times.len() as u32).map(|i| (JobId(i - 1), JobId(i)));
        JobGraph::new(jobs.collect(), chain).expect("a chain")
    }

    fn lengths(jobs: &JobGraph, doubts: &[Doubt], worlds: usize) -> Vec<Millis> {
        let budget = Budget::new(Cores(4), Bytes::GB);
        let dispatcher = Dispatcher::new(jobs, &TierSet::standard(), budget);
        let length = |world: World| world.length(jobs, budget.threads, &mut dispatcher.clone());
        Worlds::new(jobs, doubts).take(worlds).map(length).collect()
    }

    #[test]
    fn without_doubt_every_world_is_as_estimated() {
        let jobs = serial(&[1000, 2000]);
        let lengths = lengths(&jobs, &[Doubt::default(); 2], 4);
        assert_eq!(lengths, [Millis(3000); 4]);
    }

    /// Of one job the length is log-normal: its tenths are `e^(∓1.2816 σ)` times the median.
    #[test]
    fn one_job_varies_as_its_doubt_says() {
        let jobs = serial(&[1_000_000]);
        let doubt = Doubt {
            own: 0.4,
            machine: 0.3,
            ..Doubt::default()
        };
        let lengths = lengths(&jobs, &[doubt], 4000);
        let range = Range::of(lengths, |length| *length).expect("many");
        let low = range.low.0 as f64 / 1e6;
        let high = range.high.0 as f64 / 1e6;
        assert!((low - 0.527).abs() < 0.015, "{low}");
        assert!((high - 1.898).abs() < 0.05, "{high}");
    }

    #[test]
    fn what_is_wrong_together_does_not_even_out() {
        let jobs = serial(&[10_000; 64]);
        let doubt = |kin: u32| Doubt {
            // Any numbers will do.
            kin: u32::MAX - 1000 * kin,
            own: 0.5,
            machine: 0.0,
        };
        let spread = |doubts: Vec<Doubt>| {
            let range = Range::of(lengths(&jobs, &doubts, 200), |length| *length);
            range.map(|range| range.high.0 as f64 / range.low.0 as f64)
        };
        let together = spread(vec![doubt(0); 64]).expect("many");
        let each = spread((0..64).map(doubt).collect()).expect("many");
        assert!(together > 3.0, "{together}");
        assert!(each < 1.3, "{each}");
    }

    #[test]
    fn a_range_leaves_out_a_tenth_at_each_end() {
        let range = |n: u32| Range::of((1..=n).rev().collect(), |value| *value);
        assert_eq!(range(9), None);
        let expected = Range {
            low: 3,
            median: 11,
            high: 18,
        };
        assert_eq!(range(20), Some(expected));
    }

    #[test]
    fn exp_is_near_enough() {
        for x in [-4.0, -1.0, -0.1, 0.0, 0.1, 1.0, 2.5, 4.0_f64] {
            let relative = exp(x) / x.exp();
            assert!((relative - 1.0).abs() < 0.01, "{x}: {relative}");
        }
    }
}
