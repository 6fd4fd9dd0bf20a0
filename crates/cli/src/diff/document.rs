//! The document that everything is rendered from.

use drv_graph::compare::{Descent, Fate, Step, TextDifference, Why, text_edits};
use drv_graph::{DrvId, StorePath};

use super::args::DiffArgs;
use super::context;
use super::ends::Ends;
use super::source;
use crate::dto::diff as dto;
use crate::dto::difference::Difference;
use crate::dto::graph::Derivation;
use crate::workspace::{Input, derivation, matched_by};

/// What of the descent is not too deep, with both graphs' names for it.
pub(super) fn new(args: &DiffArgs, ends: &Ends, descent: &Descent) -> dto::Diff {
    let (before, after) = (ends.before(), ends.after());
    let comparison = &descent.comparison;
    let is_too_deep = |step: &&Step| args.depth.is_some_and(|depth| step.depth > depth);
    let is_cause = |step: &&Step| step.why == Some(Why::Cause);
    let deeper = descent.steps.iter().filter(is_too_deep);
    let deeper = deeper.filter(|step| !step.differences.is_empty());
    let same_outputs = after
        .graph
        .ids()
        .filter(|&id| match comparison.fate_after(id) {
            Fate::Unchanged(other) => before.graph[other].path() != after.graph[id].path(),
            _ => false,
        });
    let same_outputs: Vec<Derivation> = same_outputs.map(|id| derivation(after, id)).collect();
    let of = |input: &Input, ids: &[DrvId]| ids.iter().map(|&id| derivation(input, id)).collect();
    let shown = descent.steps.iter().filter(|step| !is_too_deep(step));
    dto::Diff {
        schema: dto::Diff::SCHEMA_ID,
        before: end(before, ends.pair.0),
        after: end(after, ends.pair.1),
        verdict: verdict(ends, descent).to_owned(),
        summary: dto::Summary {
            fates: comparison.into(),
            same_outputs: comparison.unchanged_with_other_file() as u64,
            reached_causes: descent.steps.iter().filter(is_cause).count() as u64,
            deeper: deeper.count() as u64,
        },
        steps: shown
            .map(|step| self::step(args, ends, descent, step))
            .collect(),
        added: of(after, comparison.added()),
        gone: of(before, comparison.gone()),
        same_outputs,
    }
}

fn verdict(ends: &Ends, descent: &Descent) -> &'static str {
    let (a, b) = ends.pair;
    match descent.comparison.fate_after(b) {
        Fate::Unchanged(_) if ends.before().graph[a].path() == ends.after().graph[b].path() => {
            "same-file"
        }
        Fate::Unchanged(_) => "same-outputs",
        _ => "other-outputs",
    }
}

fn end(input: &Input, id: DrvId) -> dto::End {
    dto::End {
        sources: input.shown.clone(),
        derivation: derivation(input, id),
        closure: input.graph.closure(&[id]).len() as u64,
    }
}

fn step(args: &DiffArgs, ends: &Ends, descent: &Descent, step: &Step) -> dto::Step {
    let (before, after) = (ends.before(), ends.after());
    let mut causes = descent.comparison.causes().iter();
    let cause = causes.find(|cause| cause.change.after == step.after);
    let inputs = step.inputs.iter().map(|input| dto::InputDifference {
        before: input.before.map(|id| derivation(before, id)),
        after: input.after.map(|id| derivation(after, id)),
        outputs_before: input.outputs_before.clone(),
        outputs_after: input.outputs_after.clone(),
        only_hashes: input.before.is_some()
            && input.after.is_some()
            && input.outputs_before == input.outputs_after,
    });
    let sources = step.sources.iter().map(|source| {
        let text = |path: &Option<StorePath>| path.as_ref().map(ToString::to_string);
        let either = source.after.as_ref().or(source.before.as_ref());
        let texts = source.before.as_ref().zip(source.after.as_ref());
        let texts = texts.and_then(|(was, is)| {
            let text = |path| source::text(path, &ends.folders);
            Some((text(was)?, text(is)?))
        });
        let lines = texts.map(|(was, is)| context::lines(&text_edits(&was, &is), args.context));
        dto::SourceDifference {
            lines: lines.unwrap_or_default(),
            name: either.map_or("", StorePath::name).to_owned(),
            before: text(&source.before),
            after: text(&source.after),
        }
    });
    dto::Step {
        before: derivation(before, step.before),
        after: derivation(after, step.after),
        depth: step.depth as u64,
        found_by: step.found_by.map(|at| at as u64),
        matched_by: matched_by(step.matched_by).to_owned(),
        kind: match step.why {
            Some(Why::Cause) => "cause",
            Some(Why::Cascade) => "cascade",
            None => "same-outputs",
        }
        .to_owned(),
        drags: cause.map(|cause| cause.drags as u64),
        differences: step
            .differences
            .iter()
            .map(|text| attribute(args, text))
            .collect(),
        inputs: inputs.collect(),
        sources: sources.collect(),
    }
}

fn attribute(args: &DiffArgs, text: &TextDifference) -> dto::AttributeDifference {
    dto::AttributeDifference {
        difference: Difference::from(&text.difference),
        only_hashes: text.only_hashes,
        lines: context::lines(&text.lines, args.context),
    }
}
