//! The document that everything is rendered from.

use drv_graph::compare::{Comparison, Fate};
use drv_graph::{DrvId, chain};
use tier_planner::work::Work;

use crate::dto::difference::Difference;
use crate::dto::why::{Chain, Step, Why};
use crate::workspace::{Durations, Input, derivation, graph};

/// Everything that a document is made from.
pub(super) struct Scene {
    pub(super) before: Option<Input>,
    pub(super) input: Input,
    pub(super) comparison: Option<Comparison>,
    pub(super) work: Work,
    pub(super) durations: Durations,
}

/// What becomes of each derivation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Built,
    Fetched,
    Present,
    Unneeded,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Built => "built",
            Self::Fetched => "fetched",
            Self::Present => "present",
            Self::Unneeded => "unneeded",
        }
    }

    fn of_all(work: &Work, derivations: usize) -> Vec<Self> {
        let mut states = vec![Self::Unneeded; derivations];
        let fetched = work.fetch.iter().filter_map(|fetch| fetch.derivation);
        let fetched = fetched.map(|id| (id, Self::Fetched));
        let present = work.present.iter().map(|&id| (id, Self::Present));
        let built = work.build.iter().map(|&id| (id, Self::Built));
        for (id, state) in present.chain(fetched).chain(built) {
            states[id.index()] = state;
        }
        states
    }
}

/// Which way a chain leads, from its first derivation to the package.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Each needs the next.
    Down,
    /// Each is needed by the next.
    Up,
}

/// A chain before it is described.
struct Path {
    kind: &'static str,
    ids: Vec<DrvId>,
    way: Way,
}

impl Scene {
    /// Why `package` is there.
    pub(super) fn document(&self, machine: Option<String>, package: DrvId) -> Why {
        let states = State::of_all(&self.work, self.input.graph.len());
        let fate = self.comparison.as_ref().map(|all| all.fate_after(package));
        let verdict = match fate {
            None => "needed",
            Some(Fate::Changed(_)) => "changed",
            Some(Fate::Unchanged(_)) => "unchanged",
            Some(Fate::Alone | Fate::Outside) => "new",
        };
        let (chains, causes) = match (&self.comparison, fate) {
            (_, Some(Fate::Unchanged(_))) => (Vec::new(), 0),
            (Some(comparison), Some(Fate::Changed(_))) => self.up_to(comparison, package, &states),
            _ => (self.down_to(package, &states), 0),
        };
        let chains = chains.into_iter().map(|Path { kind, ids, way }| {
            let steps = self.steps(&ids, way, &states);
            let times = steps.iter().map(|step| step.build_ms);
            Chain {
                kind: kind.to_owned(),
                build_ms: times.fold(0, u64::saturating_add),
                steps,
            }
        });
        Why {
            schema: Why::SCHEMA_ID,
            before: self.before.as_ref().map(graph),
            graph: graph(&self.input),
            machine,
            package: self.step(package, None, &states),
            verdict: verdict.to_owned(),
            causes,
            chains: chains.collect(),
        }
    }

    /// From what is asked for down to the package. What is built is needed by something that is
    /// built, up to what is asked for: then all of the chain is built.
    fn down_to(&self, package: DrvId, states: &[State]) -> Vec<Path> {
        let graph = &self.input.graph;
        let roots = self.input.root_derivations();
        let mut in_closure = vec![false; graph.len()];
        for id in graph.closure(&roots) {
            in_closure[id.index()] = true;
        }
        let is_built = |id: DrvId| states[id.index()] == State::Built;
        let within = |id: DrvId| in_closure[id.index()] && (is_built(id) || !is_built(package));
        let cost = |id| self.build_ms(id, states);
        let down = |mut chain: Vec<DrvId>| {
            chain.reverse();
            chain
        };
        let shortest = chain::shortest(graph, &[package], &roots, within).map(down);
        let costliest = chain::costliest(graph, &[package], &roots, within, cost).map(down);
        kinds(shortest, costliest, Way::Down)
    }

    /// From a cause up to the package, through what changed; and how many causes there are.
    fn up_to(&self, comparison: &Comparison, package: DrvId, states: &[State]) -> (Vec<Path>, u64) {
        let graph = &self.input.graph;
        let causes = comparison.causes().iter().map(|cause| cause.change.after);
        let causes: Vec<DrvId> = causes.collect();
        let is_changed = |id| matches!(comparison.fate_after(id), Fate::Changed(_));
        let below = self.changed_below(package, &is_changed);
        let count = causes.iter().filter(|id| below[id.index()]).count();
        let within = |id: DrvId| below[id.index()];
        let shortest = chain::shortest(graph, &causes, &[package], within);
        let cost = |id| self.build_ms(id, states);
        let costliest = chain::costliest(graph, &causes, &[package], within, cost);
        (kinds(shortest, costliest, Way::Up), count as u64)
    }

    /// The package and the changes that it follows from.
    fn changed_below(&self, package: DrvId, is_changed: &dyn Fn(DrvId) -> bool) -> Vec<bool> {
        let graph = &self.input.graph;
        let mut below = vec![false; graph.len()];
        below[package.index()] = true;
        let mut open = vec![package];
        while let Some(id) = open.pop() {
            for input in graph.inputs(id) {
                let below = &mut below[input.id.index()];
                if is_changed(input.id) && !std::mem::replace(below, true) {
                    open.push(input.id);
                }
            }
        }
        below
    }

    fn steps(&self, chain: &[DrvId], way: Way, states: &[State]) -> Vec<Step> {
        let step = |(at, &id): (usize, &DrvId)| {
            let neighbour = match way {
                Way::Down => at.checked_sub(1),
                Way::Up => Some(at + 1),
            };
            let mut step = self.step(id, neighbour.and_then(|at| chain.get(at)).copied(), states);
            if way == Way::Up {
                step.differences = self.differences(id);
            }
            step
        };
        chain.iter().enumerate().map(step).collect()
    }

    /// A derivation, and what `needed_by` wants of it.
    fn step(&self, id: DrvId, needed_by: Option<DrvId>, states: &[State]) -> Step {
        let inputs = needed_by
            .into_iter()
            .flat_map(|id| self.input.graph.inputs(id));
        let wanted = inputs.filter(|input| input.id == id);
        Step {
            derivation: derivation(&self.input, id),
            outputs: wanted
                .flat_map(|input| input.outputs)
                .map(ToString::to_string)
                .collect(),
            state: states[id.index()].name().to_owned(),
            build_ms: self.build_ms(id, states),
            differences: Vec::new(),
        }
    }

    fn differences(&self, after: DrvId) -> Vec<Difference> {
        let causes = self.comparison.iter().flat_map(Comparison::causes);
        let of_this = causes.filter(|cause| cause.change.after == after);
        of_this
            .flat_map(|cause| &cause.differences)
            .map(Difference::from)
            .collect()
    }

    fn build_ms(&self, id: DrvId, states: &[State]) -> u64 {
        match states[id.index()] {
            State::Built => self.durations.of(id).duration.0,
            _ => 0,
        }
    }
}

fn kinds(shortest: Option<Vec<DrvId>>, costliest: Option<Vec<DrvId>>, way: Way) -> Vec<Path> {
    let path =
        |(kind, ids): (&'static str, Option<Vec<DrvId>>)| ids.map(|ids| Path { kind, ids, way });
    let both = [("shortest", shortest), ("costliest", costliest)];
    both.into_iter().filter_map(path).collect()
}
