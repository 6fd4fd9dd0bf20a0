//! How long builds take and what they need, by all that is known here.

use std::path::PathBuf;

use hw_profile::{Cores, Profile};
use tier_planner::classify::Classifier;
use tier_planner::estimate::Estimator;
use tier_planner::history::{BadRow, History};

use super::source::Input;
use super::{Workspace, measured};
use crate::failure::Failure;
use crate::input;
use crate::progress::Progress;

/// The builder's name in nix-output-monitor's file, which is empty for the machine itself.
const HERE: &str = "";

/// What estimates are made with.
pub(crate) struct Estimates<'a> {
    /// The profile of the machine that builds.
    pub(crate) profile: &'a Profile,
    /// The machine's name.
    pub(crate) machine: Option<&'a str>,
    pub(crate) classifier: &'a Classifier,
    /// The cores Nix gave the builds of a history.
    pub(crate) history_cores: Cores,
}

/// What of the sources of estimates could not be used.
pub(crate) enum Remark {
    /// Rows of a history that were left out.
    BadRows { file: PathBuf, bad: Vec<BadRow> },
    /// Rows of a history, by host: this machine's and others'.
    Hosts {
        file: PathBuf,
        here: Vec<(String, u32)>,
        elsewhere: Vec<(String, u32)>,
        /// Whether rows were left out.
        some_bad: bool,
    },
    /// A package of the configuration that no build is called.
    UnknownPackage(String),
}

impl Estimates<'_> {
    /// The estimator, and what it could not use.
    pub(crate) fn estimator(
        &self,
        history_files: &[PathBuf],
        workspace: &Workspace,
        input: &Input,
        progress: &Progress,
    ) -> Result<(Estimator, Vec<Remark>), Failure> {
        let classifier = self.classifier;
        let mut remarks = Vec::new();
        let mut estimator = Estimator::new(classifier.tiers().clone(), classifier.default_tier());
        let mut history = History::default();
        for file in history_files {
            let bytes = input::content::read(file, progress)?;
            let (here, elsewhere): (Vec<_>, Vec<_>) = History::hosts(&bytes)
                .into_iter()
                .partition(|(host, _)| self.goes_by(host));
            // What is wrong with the rows is the same whichever host is asked for.
            let (rows, bad) = History::parse(&bytes, HERE);
            history.merge(rows);
            for (host, _) in here.iter().filter(|(host, _)| host != HERE) {
                history.merge(History::parse(&bytes, host).0);
            }
            let some_bad = !bad.is_empty();
            remarks.push(Remark::BadRows {
                file: file.clone(),
                bad,
            });
            remarks.push(Remark::Hosts {
                file: file.clone(),
                here,
                elsewhere,
                some_bad,
            });
        }
        if !history.is_empty() {
            estimator = estimator.with_history(history, self.history_cores);
        }
        estimator = estimator.with_profile(self.profile);
        let Some(config) = &workspace.config else {
            return Ok((estimator, remarks));
        };
        if let Some(seconds) = config.seconds_per_sbu {
            estimator = estimator.with_seconds_per_sbu(seconds);
        }
        let (estimator, unknown) = measured::add(estimator, &config.packages, classifier, input);
        remarks.extend(unknown.into_iter().map(Remark::UnknownPackage));
        Ok((estimator, remarks))
    }

    /// Whether a builder of that name is this machine. The machine that wrote the list has none.
    fn goes_by(&self, host: &str) -> bool {
        host.is_empty() || self.machine == Some(host) || self.profile.hostname() == Some(host)
    }
}
