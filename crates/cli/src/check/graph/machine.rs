//! A machine with its graph, and all that the rules of graphs ask of it.

use std::collections::HashSet;
use std::path::Path;

use cache_policy::Inventory;
use drv_graph::compare::{Comparison, Side, compare};
use drv_graph::{DrvId, rebuild};
use hw_profile::{BudgetOptions, Bytes, Cores, Profile};
use overlay_ast::{Key, KeyPath};
use tier_planner::classify::Classifier;
use tier_planner::rule::RuleProblem;
use tier_planner::subject::{JobClass, Subject, subjects};
use tier_planner::work::work_for;
use tier_planner::{Millis, tier::TierId};

use super::super::args::CheckArgs;
use crate::caches::{self, Known};
use crate::failure::Failure;
use crate::input::graph::Keep;
use crate::progress::Progress;
use crate::workspace::args::{EvaluationArgs, MachineArgs, SourceArgs};
use crate::workspace::{Estimates, Input, Source, Workspace, classifier, stores};

/// A machine whose graph is known.
pub(in crate::check) struct Machine {
    /// Its name in hmtool.toml.
    pub(in crate::check) name: Option<String>,
    pub(super) workspace: Workspace,
    pub(super) profile: Profile,
    pub(super) input: Input,
    /// What the roots need, as a flag of every derivation.
    in_closure: Vec<bool>,
    /// Builds among these: what is no download.
    pub(super) builds: u64,
    pub(super) inventory: Inventory,
    /// What must be built or downloaded from where its hash says: no cache has it.
    pub(super) to_do: HashSet<DrvId>,
    pub(super) classifier: Classifier,
    pub(super) costs: Vec<Cost>,
    /// What the graph tells of the tiers' rules.
    pub(super) rule_problems: Vec<RuleProblem>,
    /// Memory for builds; none where no profile says.
    pub(super) memory: Option<Bytes>,
    pub(super) upstream: Option<Upstream>,
}

/// What a build costs.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    pub(super) tier: TierId,
    pub(super) class: JobClass,
    /// With the threads of its tier and the machine to itself.
    pub(super) duration: Millis,
    /// With one thread.
    pub(super) least_memory: Bytes,
}

/// The machine's graph without what the repository changes of the package set.
pub(super) struct Upstream {
    pub(super) input: Input,
    pub(super) inventory: Inventory,
    pub(super) comparison: Comparison,
}

impl Machine {
    /// The machine of that name, or the one that the graph of the command line is for; none where
    /// no graph is known.
    pub(in crate::check) fn read(
        args: &CheckArgs,
        dir: &Path,
        name: Option<&str>,
        progress: &Progress,
    ) -> Result<Option<Self>, Failure> {
        let source_args = SourceArgs {
            target: Some(dir.to_string_lossy().into_owned()),
            graph: args.graphs.graph.clone(),
            roots: args.graphs.roots.clone(),
            attributes: args.graphs.attributes.clone(),
            evaluate: false,
            evaluation: EvaluationArgs::NONE,
            no_config: !args.report.rules.heeds_config(),
        };
        let machine_args = MachineArgs {
            machine: name.map(str::to_owned),
            profile: None,
            mem: None,
            cores: None,
        };
        let workspace = Workspace::new(&source_args, &machine_args)?;
        if source_args.graph.is_empty() && workspace.machine.graph.is_none() {
            return Ok(None);
        }
        let source = workspace.source(&source_args)?;
        let upstream = upstream_source(args, &workspace);
        let input = source.read(Keep::ToCheck, progress)?;
        let profile = workspace.read_profile(progress)?;
        let config = workspace.config.as_ref();
        let held = |input: &Input| {
            let stores = stores(&args.caches, config, false, progress)?;
            caches::inventory(&input.graph, &input.roots, stores, progress)
        };
        let inventory = held(&input)?;
        let upstream = match upstream {
            None => None,
            Some(source) => {
                let before = source.read(Keep::ToCheck, progress)?;
                Some(Upstream {
                    inventory: held(&before)?,
                    comparison: compare(&side(&before), &side(&input)),
                    input: before,
                })
            }
        };
        let to_do = work_for(&input.graph, &input.roots, &Known(&inventory)).build;
        let (budget, _) = profile.budget(&BudgetOptions {
            threads: workspace.machine.threads.map(Cores),
            reserve: workspace.machine.reserve,
            ..BudgetOptions::default()
        });
        let memory = profile.ram().map(|_| budget.memory.for_builds);
        let classifier = classifier(
            config,
            budget.threads.max(Cores(1)),
            memory.unwrap_or(Bytes::from_gb(16.0)),
        );
        let (costs, rule_problems) = costs(
            args,
            &workspace,
            &profile,
            &classifier,
            &input,
            budget.threads,
            progress,
        )?;
        let mut in_closure = vec![false; input.graph.len()];
        let mut builds = 0;
        for id in input.graph.closure(&input.root_derivations()) {
            in_closure[id.index()] = true;
            builds += u64::from(!input.graph[id].is_fixed_output());
        }
        Ok(Some(Self {
            name: workspace.machine_name.clone(),
            profile,
            in_closure,
            builds,
            to_do: to_do.into_iter().collect(),
            memory,
            inventory,
            upstream,
            classifier,
            costs,
            rule_problems,
            input,
            workspace,
        }))
    }

    /// What it is called in messages.
    pub(super) fn shown(&self) -> &str {
        self.name.as_deref().unwrap_or("this machine")
    }

    /// Whether a derivation is a build that the roots need.
    pub(super) fn is_build(&self, id: DrvId) -> bool {
        self.in_closure[id.index()] && !self.input.graph[id].is_fixed_output()
    }

    /// The time of a build that must be done; none for what a cache has.
    pub(super) fn build_ms(&self, id: DrvId) -> u64 {
        if self.to_do.contains(&id) {
            self.costs[id.index()].duration.0
        } else {
            0
        }
    }

    /// The sum of that.
    pub(super) fn sum_ms(&self, ids: &[DrvId]) -> u64 {
        let times = ids.iter().map(|&id| self.build_ms(id));
        times.fold(0, u64::saturating_add)
    }

    /// How many builds of the roots are done again when the package changes.
    pub(in crate::check) fn dependents(&self, package: &KeyPath) -> usize {
        let all = rebuild::of(&self.input.graph, &self.called(package));
        all.into_iter().filter(|&id| self.is_build(id)).count()
    }

    /// The builds that the package set calls that, or whose names say so.
    pub(super) fn called(&self, package: &KeyPath) -> Vec<DrvId> {
        let ids = called(&self.input, package).into_iter();
        ids.filter(|&id| self.is_build(id)).collect()
    }

    /// How a derivation is called: its attribute, else its name.
    pub(super) fn label(&self, id: DrvId) -> String {
        let attribute = self.input.attributes.get(&id);
        attribute.map_or_else(|| self.input.graph[id].name().to_owned(), Clone::clone)
    }
}

/// The builds of a graph that the package set calls that; where it says nothing, those whose
/// names do.
pub(super) fn called(input: &Input, package: &KeyPath) -> Vec<DrvId> {
    let path = package.to_string();
    let attributes = input.attributes.iter();
    let named = attributes.filter(|(_, attribute)| **attribute == path);
    let found: Vec<DrvId> = named.map(|(&id, _)| id).collect();
    if !found.is_empty() {
        // The same package is built in several stages, and others of its name are others.
        let of_package = |id: DrvId| {
            let own = &input.graph[id];
            found.iter().any(|&it| input.graph[it].name() == own.name())
        };
        return input.graph.ids().filter(|&id| of_package(id)).collect();
    }
    let Some(Key::Static(name)) = package.keys().last() else {
        return Vec::new();
    };
    let graph = &input.graph;
    let is_called = |&id: &DrvId| {
        let derivation = &graph[id];
        !derivation.is_fixed_output()
            && (derivation.pname() == name
                || derivation.name() == name
                || Subject::of(derivation).is_attribute_like(name))
    };
    graph.ids().filter(is_called).collect()
}

/// The graph of the machine without the overlays, if it is known.
fn upstream_source(args: &CheckArgs, workspace: &Workspace) -> Option<Source> {
    let graphs = &args.graphs;
    if !graphs.graph.is_empty() {
        let (files, roots) = (graphs.upstream.clone(), graphs.upstream_roots.clone());
        return (!files.is_empty()).then(|| Source::files(files, roots, None));
    }
    let machine = &workspace.machine;
    let roots = machine.upstream_roots.clone().into_iter().collect();
    Some(Source::files(
        vec![machine.upstream_graph.clone()?],
        roots,
        None,
    ))
}

fn side(input: &Input) -> Side<'_> {
    let attributes = input.attributes.iter();
    Side::new(&input.graph)
        .with_roots(&input.root_derivations())
        .with_attributes(attributes.map(|(&id, name)| (id, name.as_str())))
}

fn costs(
    args: &CheckArgs,
    workspace: &Workspace,
    profile: &Profile,
    classifier: &Classifier,
    input: &Input,
    threads: Cores,
    progress: &Progress,
) -> Result<(Vec<Cost>, Vec<RuleProblem>), Failure> {
    let today = workspace.config.as_ref().and_then(|config| config.cores);
    let estimates = Estimates {
        profile,
        machine: workspace.machine_name.as_deref(),
        classifier,
        history_cores: today
            .map(Cores)
            .or(profile.max_cores())
            .filter(|cores| cores.0 > 0)
            .unwrap_or(threads),
    };
    let (estimator, _) = estimates.estimator(&args.history.files, workspace, input, progress)?;
    let attribute = |id| input.attributes.get(&id).map(String::as_str);
    let subjects = subjects(&input.graph, attribute);
    let (classes, problems) = classifier.classify_all(&subjects);
    let costs = subjects.iter().zip(classes).map(|(subject, class)| {
        let estimate = estimator.estimate(subject, class.tier);
        let tier = &classifier.tiers()[class.tier];
        let most = estimate.max_threads.unwrap_or(tier.cores);
        Cost {
            tier: class.tier,
            class: class.class,
            duration: estimate.duration.at(most.min(threads).max(Cores(1))),
            least_memory: estimate.memory.at(Cores(1)),
        }
    });
    Ok((costs.collect(), problems))
}
