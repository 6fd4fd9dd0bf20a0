//! What builds may use of a machine.

use crate::rule;
use crate::{Bytes, Cores, Diagnostic, Profile};

/// How many times smaller zram keeps a page than it was, where it was not measured.
///
/// The kernel's documentation of zram (admin-guide/blockdev/zram.rst) expects 2:1, and sees
/// little point in a disksize of more than twice the RAM therefore. Ratios reported from the
/// field are higher: lz4 2.6, lzo-rle 2.2–2.9, zstd 4.0–4.2.
const COMPRESSION_RATIO: f64 = 2.0;

/// The part of RAM that cannot be given to compressed pages: kernel, page cache and the pages in
/// use at the moment. A quarter is a judgement; with the usual disksizes of up to 100 % of RAM it
/// does not bind.
const HOT_MINIMUM: f64 = 0.25;

/// zram keeps a table of about 0.1 % of its disksize even while it is empty (kernel
/// documentation of zram).
const TABLE: f64 = 0.001;

/// What stays free for system and desktop from [`RESERVE_FROM`] on: the lower end of the 6–8 GB
/// that a desktop with a browser asks for.
const RESERVE: Bytes = Bytes(6 << 30);

/// Machines with less RAM than this reserve [`RESERVE_SHARE`] of it.
const RESERVE_FROM: Bytes = Bytes(16 << 30);

/// A judgement: the share that 6 GB are of 16 GB, so that the reserve has no step; 3 GB of 8 GB
/// hold a session without a browser.
const RESERVE_SHARE: f64 = 3.0 / 8.0;

/// Threads that stay free, so that the machine can be used meanwhile.
const SPARE_THREADS: Cores = Cores(1);

/// By how much a declared total may exceed the computed one without a word. Totals are declared
/// in whole GB.
const TOLERANCE: Bytes = Bytes(1 << 29);

/// What the caller wants otherwise than [`Profile::budget`] would have it. The default changes
/// nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BudgetOptions {
    /// Threads for builds, outright.
    pub threads: Option<Cores>,
    /// Memory for builds, outright.
    pub memory: Option<Bytes>,
    /// Memory that stays free. Default: 6 GB on machines with 16 GB of RAM or more, 3/8 of the
    /// RAM below that.
    pub reserve: Option<Bytes>,
    /// How many times smaller zram keeps a page; at least 1. Default: 2.
    pub compression_ratio: Option<f64>,
    /// RAM that cannot be given to compressed pages. Default: a quarter of it.
    pub hot_minimum: Option<Bytes>,
}

/// What builds may use of a machine.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Budget {
    /// Threads for all builds together; at least one.
    pub threads: Cores,
    /// Memory for all builds together.
    pub memory: MemoryBudget,
}

/// What builds may use of a machine's memory, and how it comes about.
///
/// With RAM R, a zram disksize D, a compression ratio c and RAM h that stays uncompressed, zram
/// takes up at most S = min(D, c · (R − h)) of pages, which then occupy S / c of the RAM:
///
/// - effective = R + S − S/c − 0.001 · D, and never below R, since what gains nothing is not
///   swapped out;
/// - hot = R − S/c, the memory that is not compressed while the swap is full.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MemoryBudget {
    /// RAM.
    pub ram: Bytes,
    /// The disksize of the zram swap: uncompressed data, not RAM.
    pub zram_disksize: Bytes,
    /// How many times smaller zram is taken to keep a page.
    pub ratio: f64,
    /// How much data RAM and zram hold together.
    pub effective: Bytes,
    /// How much of that can be in use at once without swapping back and forth, while the swap is
    /// full. Parallel compilers are in use at once.
    pub hot: Bytes,
    /// What stays free.
    pub reserve: Bytes,
    /// What all builds together may use: effective − reserve, unless the caller says otherwise.
    pub for_builds: Bytes,
}

impl Profile {
    /// What builds may use of this machine: all threads but one, and the memory after a reserve;
    /// with what is wrong with the numbers that this rests on.
    ///
    /// A machine that does not tell its threads has one, and one that does not tell its memory
    /// has none; both are diagnostics of severity [`Error`](crate::Severity::Error), unless `options` say them.
    pub fn budget(&self, options: &BudgetOptions) -> (Budget, Vec<Diagnostic>) {
        let mut found = Vec::new();
        let threads = self.thread_budget(options, &mut found);
        let memory = self.memory_budget(options, &mut found);
        (Budget { threads, memory }, found)
    }

    fn thread_budget(&self, options: &BudgetOptions, found: &mut Vec<Diagnostic>) -> Cores {
        if let Some(threads) = options.threads {
            if threads == Cores(0) {
                found.push(
                    Diagnostic::new(
                        &rule::NO_THREADS,
                        "cpu.threads",
                        "no thread is allowed for builds; one is counted",
                    )
                    .hint("allow at least one"),
                );
            } else if let Some(there) = self.threads()
                && threads > there
            {
                found.push(Diagnostic::new(
                    &rule::THREADS_EXCEEDED,
                    "cpu.threads",
                    format!("{threads} threads are allowed for builds; the machine has {there}"),
                ));
            }
            return threads.max(Cores(1));
        }
        let Some(threads) = self.threads() else {
            found.push(
                Diagnostic::new(
                    &rule::THREADS_UNKNOWN,
                    "cpu.threads",
                    "the number of threads is not known; one is counted",
                )
                .hint("set cpu.threads"),
            );
            return Cores(1);
        };
        Cores(threads.0.saturating_sub(SPARE_THREADS.0)).max(Cores(1))
    }

    fn memory_budget(&self, options: &BudgetOptions, found: &mut Vec<Diagnostic>) -> MemoryBudget {
        let known = self.ram();
        if known.is_none() && options.memory.is_none() {
            found.push(
                Diagnostic::new(
                    &rule::MEMORY_UNKNOWN,
                    "memory.total",
                    "the amount of memory is not known; none is counted",
                )
                .hint("set memory.total, in GB"),
            );
        }
        // Where only the caller tells, the machine has what builds may use.
        let ram = known.or(options.memory).unwrap_or_default();
        let disksize = self.zram_disksize();
        let ratio = compression_ratio(options, found);
        let hot_minimum = options
            .hot_minimum
            .unwrap_or(Bytes::from_gb(ram.as_gb() * HOT_MINIMUM))
            .min(ram);
        let (effective, hot) = zram(ram, disksize, ratio, hot_minimum);
        self.declared_total(effective, hot, ratio, found);

        let wanted = match (options.reserve, known) {
            (Some(reserve), _) => reserve,
            (None, None) => Bytes(0),
            (None, Some(ram)) if ram >= RESERVE_FROM => RESERVE,
            (None, Some(ram)) => Bytes::from_gb(ram.as_gb() * RESERVE_SHARE),
        };
        let reserve = wanted.min(effective);
        let left = effective.saturating_sub(reserve);
        if let Some(memory) = options.memory
            && memory > left
            && known.is_some()
        {
            found.push(
                Diagnostic::new(&rule::MEMORY_EXCEEDED,
                    "memory.total",
                    format!(
                        "{memory} are allowed for builds; {effective} less a reserve of {reserve} leave {left}"
                    ),
                )
                .hint(format!("builds that are all in use at once fit {hot}")),
            );
        } else if known.is_some() && options.memory.is_none() && left == Bytes(0) {
            found.push(Diagnostic::new(
                &rule::NO_MEMORY_LEFT,
                "memory.total",
                format!("a reserve of {wanted} leaves nothing of {effective} for builds"),
            ));
        }
        MemoryBudget {
            ram,
            zram_disksize: disksize,
            ratio,
            effective,
            hot,
            reserve,
            for_builds: options.memory.unwrap_or(left),
        }
    }

    /// Says by how much `memory.effectiveTotal` exceeds what the machine holds.
    fn declared_total(
        &self,
        effective: Bytes,
        hot: Bytes,
        ratio: f64,
        found: &mut Vec<Diagnostic>,
    ) {
        let Some(&declared) = self
            .memory
            .effective_total
            .as_ref()
            .and_then(|it| it.value())
        else {
            return;
        };
        let over = declared.saturating_sub(effective);
        if self.ram().is_none() || over <= TOLERANCE {
            return;
        }
        let path = "memory.effectiveTotal";
        found.push(if self.zram_disksize() == Bytes(0) {
            Diagnostic::new(&rule::TOTAL_OVERSTATED,
                path,
                format!("declares {declared}; the machine has {effective} and no zram; overstated by {over}"),
            )
            .hint(format!("declare {effective}, or leave it out"))
        } else {
            Diagnostic::new(&rule::ZRAM_COUNTED_AS_RAM,
                path,
                format!(
                    "declares {declared}; zram lives in RAM: about {effective} effective at ratio {ratio}, \
                     of which {hot} hot; overstated by {over}"
                ),
            )
            .hint("compressed pages take RAM too, and a page has to leave zram before it is used")
        });
    }
}

fn compression_ratio(options: &BudgetOptions, found: &mut Vec<Diagnostic>) -> f64 {
    match options.compression_ratio {
        None => COMPRESSION_RATIO,
        Some(ratio) if ratio.is_finite() && ratio >= 1.0 => ratio,
        Some(ratio) => {
            let used = if ratio.is_finite() {
                1.0
            } else {
                COMPRESSION_RATIO
            };
            found.push(
                Diagnostic::new(
                    &rule::COMPRESSION_RATIO,
                    "memory.zramPercentage",
                    format!("a compression ratio of {ratio} cannot be; {used} is counted"),
                )
                .hint("it is the original size over the compressed one, at least 1"),
            );
            used
        }
    }
}

/// What RAM with zram holds, and how much of it uncompressed while the swap is full. See
/// [`MemoryBudget`].
fn zram(ram: Bytes, disksize: Bytes, ratio: f64, hot_minimum: Bytes) -> (Bytes, Bytes) {
    let compressible = ram.saturating_sub(hot_minimum);
    let held = disksize.min(scaled(compressible, ratio));
    let occupied = scaled(held, 1.0 / ratio).min(compressible);
    let gain = held
        .saturating_sub(occupied)
        .saturating_sub(scaled(disksize, TABLE));
    (ram + gain, ram.saturating_sub(occupied))
}

/// `bytes · factor`, saturating.
fn scaled(bytes: Bytes, factor: f64) -> Bytes {
    Bytes((bytes.0 as f64 * factor).round() as u64)
}
