//! The rules that profiles are checked by.

use crate::Severity;

/// What is looked for in profiles, and what it costs to leave it.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// Its stable name, in kebab case: [`Diagnostic::id`](crate::Diagnostic::id).
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What it looks for, in one line.
    pub summary: &'static str,
    /// Markdown: what it finds, what it costs, what to write instead, and when to leave it.
    pub explanation: &'static str,
}

/// Defines each rule with its page, `rules/ID.md`, and the list of all.
macro_rules! rules {
    ($($name:ident: $id:literal, $severity:ident, $summary:literal;)*) => {
        $(
            pub(crate) static $name: Rule = Rule {
                id: $id,
                severity: Severity::$severity,
                summary: $summary,
                explanation: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/", $id, ".md")),
            };
        )*

        static ALL: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    ARCHITECTURE_NOT_KNOWN: "architecture-not-known", Error,
        "an architecture that the compiler has no name for yet";
    BARE_MEMORY_NUMBER: "bare-memory-number", Note,
        "a size without a unit";
    COMPRESSION_RATIO: "compression-ratio", Error,
        "a compression ratio below 1";
    CORES_ABOVE_THREADS: "cores-above-threads", Warning,
        "a job with more threads than the machine has";
    CUDA_CAPABILITY: "cuda-capability", Error,
        "a compute capability that the stated CUDA does not support";
    CUDA_WITHOUT_GPU: "cuda-without-gpu", Warning,
        "CUDA on a machine without a GPU of NVIDIA";
    DIFFERS_FROM_MACHINE: "differs-from-machine", Warning,
        "a profile that says something else than the machine is";
    INSTRUCTION_SET_MISSING: "instruction-set-missing", Warning,
        "an instruction set that the architecture does not have";
    LEVEL_AS_TUNE: "level-as-tune", Warning,
        "a level such as x86-64-v3 as -mtune";
    MARCH_DIFFERS: "march-differs", Warning,
        "machines that share a cache and build for different architectures";
    MARCH_NOT_RUNNABLE: "march-not-runnable", Error,
        "an architecture whose code the machine cannot run";
    MAX_JOBS_PER_PACKAGE: "max-jobs-per-package", Warning,
        "a limit of jobs for one package, which Nix does not have";
    MEMORY_EXCEEDED: "memory-exceeded", Warning,
        "more memory for builds than the reserve leaves";
    MEMORY_OVERCOMMITTED: "memory-overcommitted", Warning,
        "jobs at their limits need more memory than there is";
    MEMORY_UNKNOWN: "memory-unknown", Error,
        "a machine that does not tell its memory";
    NATIVE_ARCHITECTURE: "native-architecture", Warning,
        "native as an architecture";
    NEGATIVE_NUMBER: "negative-number", Error,
        "a number below zero";
    NO_MEMORY_LEFT: "no-memory-left", Error,
        "a reserve that leaves nothing for builds";
    NO_THREADS: "no-threads", Error,
        "no thread for builds";
    NUMBER_AS_TEXT: "number-as-text", Note,
        "a number in quotes";
    ONE_JOB: "one-job", Note,
        "maxJobs = 1 where 0 may be meant";
    OVERSUBSCRIBED: "oversubscribed", Warning,
        "many more processes than threads";
    SETTINGS_DIFFER: "settings-differ", Warning,
        "machines that share a cache and build a package in different ways";
    THREADS_BELOW_CORES: "threads-below-cores", Error,
        "fewer threads than cores";
    THREADS_CALLED_CORES: "threads-called-cores", Note,
        "more cores for a job than there are physical ones";
    THREADS_EXCEEDED: "threads-exceeded", Warning,
        "more threads for builds than the machine has";
    THREADS_UNKNOWN: "threads-unknown", Error,
        "a machine that does not tell its threads";
    TIER_ABOVE_HOT_MEMORY: "tier-above-hot-memory", Warning,
        "a tier whose single job is more than the memory that can be in use at once";
    TIER_ABOVE_MEMORY: "tier-above-memory", Error,
        "a tier whose single job is more than all memory for builds";
    TIERS_OVERFLOW: "tiers-overflow", Warning,
        "tiers that need more memory together than there is";
    TOTAL_OVERSTATED: "total-overstated", Warning,
        "a total above the RAM, without zram";
    UNEVEN_CORES: "uneven-cores", Warning,
        "threads that do not spread evenly over the cores";
    UNKNOWN_ARCHITECTURE: "unknown-architecture", Warning,
        "an architecture that is not known";
    UNREADABLE_VALUE: "unreadable-value", Error,
        "a value that is no number";
    ZRAM_COUNTED_AS_RAM: "zram-counted-as-ram", Warning,
        "zram counted as if it were RAM";
    ZRAM_TOO_LARGE: "zram-too-large", Warning,
        "more zram than RAM can fill";
}

/// All rules, in the order of their ids.
pub fn rules() -> &'static [&'static Rule] {
    ALL
}

/// The rule of that id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    let at = ALL.binary_search_by_key(&id, |rule| rule.id).ok()?;
    Some(ALL[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_in_order_and_have_pages() {
        assert!(ALL.is_sorted_by_key(|rule| rule.id));
        for each in rules() {
            let heading = format!("# {}\n", each.id);
            assert!(each.explanation.starts_with(&heading), "{}", each.id);
            for section in [
                "\n## What it costs\n",
                "\n## Instead\n",
                "\n## When to leave it\n",
            ] {
                assert!(each.explanation.contains(section), "{}: {section}", each.id);
            }
            assert_eq!(rule(each.id), Some(*each));
        }
        assert_eq!(rule("no-such-rule"), None);
    }
}
