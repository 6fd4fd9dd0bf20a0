//! How long every derivation of a graph takes to build.

use drv_graph::DrvId;
use hw_profile::{Bytes, Cores};
use tier_planner::Millis;
use tier_planner::subject::subjects;

use super::args::{HistoryArgs, MachineArgs};
use super::{Estimates, Input, Remark, Workspace, classifier};
use crate::failure::Failure;
use crate::progress::Progress;

/// Threads where nothing says how many the machine has: those of an ordinary one. No tier of the
/// standard ones gives a build more than six.
const THREADS: Cores = Cores(8);

/// The time of each build, with the threads of its tier and the machine to itself.
pub(crate) struct Durations {
    times: Vec<Time>,
}

/// How long one build takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time {
    pub(crate) duration: Millis,
    /// In two cases of three the true time is within the duration divided and multiplied by this.
    pub(crate) factor: f64,
}

impl Durations {
    /// By the estimates that a plan goes by, and what of their sources could not be used.
    pub(crate) fn new(
        workspace: &Workspace,
        machine: &MachineArgs,
        history: &HistoryArgs,
        input: &Input,
        progress: &Progress,
    ) -> Result<(Self, Vec<Remark>), Failure> {
        let profile = workspace.read_profile(progress)?;
        let config = workspace.config.as_ref();
        let own = workspace.machine.threads.map(Cores);
        let threads = machine.cores.map(Cores).or(own).or(profile.threads());
        let threads = threads.unwrap_or(THREADS);
        // Only a tier that says nothing of its memory asks for it.
        let memory = machine.mem.unwrap_or(Bytes::from_gb(16.0));
        let classifier = classifier(config, threads, memory);
        let today = config.and_then(|config| config.cores);
        let estimates = Estimates {
            profile: &profile,
            machine: workspace.machine_name.as_deref(),
            classifier: &classifier,
            history_cores: today
                .map(Cores)
                .or(profile.max_cores())
                .filter(|cores| cores.0 > 0)
                .unwrap_or(threads),
        };
        let (estimator, remarks) =
            estimates.estimator(&history.files, workspace, input, progress)?;
        let attribute = |id| input.attributes.get(&id).map(String::as_str);
        let subjects = subjects(&input.graph, attribute);
        let (classes, _) = classifier.classify_all(&subjects);
        let times = subjects.iter().zip(classes).map(|(subject, class)| {
            let estimate = estimator.estimate(subject, class.tier);
            let most = estimate
                .max_threads
                .unwrap_or(classifier.tiers()[class.tier].cores);
            Time {
                duration: estimate.duration.at(most.min(threads).max(Cores(1))),
                factor: estimate.duration_evidence.factor(),
            }
        });
        let times = times.collect();
        Ok((Self { times }, remarks))
    }

    /// The time of a derivation of the graph they were made for.
    pub(crate) fn of(&self, id: DrvId) -> Time {
        self.times[id.index()]
    }
}
