//! What the planner refuses.

use thiserror::Error;

use crate::job::JobId;

/// Why no plan can be made from what was given.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// An edge leads to a job that is not there.
    #[error("an edge names job {}, but there are only {jobs} jobs", job.0)]
    UnknownJob {
        /// The id that is too large.
        job: JobId,
        /// How many jobs there are.
        jobs: usize,
    },
    /// The jobs wait for each other.
    #[error("{}", cycle(jobs))]
    Cycle {
        /// The jobs of one cycle, each before the next, the last before the first.
        jobs: Vec<JobId>,
    },
}

fn cycle(jobs: &[JobId]) -> String {
    if let [job] = jobs {
        return format!("job {} waits for itself", job.0);
    }
    let names: Vec<String> = jobs
        .iter()
        .chain(jobs.first())
        .map(|job| job.0.to_string())
        .collect();
    format!("jobs {} wait for each other", names.join(" → "))
}

impl Error {
    /// A stable name of the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownJob { .. } => "unknown-job",
            Self::Cycle { .. } => "cycle",
        }
    }

    /// The way out, for whoever built the graph.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::UnknownJob { .. } => "add the job before the edge",
            Self::Cycle { .. } => {
                "derivations cannot depend on each other; check the edges' direction"
            }
        }
    }
}
