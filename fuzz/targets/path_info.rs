//! What `nix path-info --json` printed, or any bytes: an error or a value, never a panic; an error
//! lies inside the input; paths come once and ascending; a cache made of them serves only what is
//! closed; a model made of them is one, or says why not.
#![no_main]

use std::collections::BTreeSet;

use cache_policy::model::{FileSize, Model, PathFacts};
use cache_policy::plan::{Budget, CacheState, PlanError, Request, plan, verify};
use cache_policy::{CacheTier, Compression, Holding, Holdings, Inventory, Source};
use drv_graph::path_info::{self, PathInfos};
use drv_graph::{Bytes, Format};
use libfuzzer_sys::fuzz_target;

fn hold(infos: &PathInfos) {
    let mut holdings = Holdings::default();
    for info in &infos.valid {
        holdings.insert(
            info.path.clone(),
            Holding {
                references: Some(info.references.clone()),
                nar_size: Some(info.nar_size),
                file_size: info.download_size,
            },
        );
    }
    let inventory = Inventory::new(vec![(Source::cache("fuzz"), holdings)]);
    let hidden = inventory.unservable().len();
    let served: Vec<_> = infos
        .valid
        .iter()
        .filter(|info| inventory.find(&info.path).is_some())
        .collect();
    assert_eq!(served.len() + hidden, infos.valid.len());
    for info in served {
        assert!(
            info.references
                .iter()
                .all(|path| inventory.find(path).is_some())
        );
    }
}

fn keep(infos: &PathInfos) {
    let facts = infos.valid.iter().map(|info| PathFacts {
        key: info.path.clone(),
        references: info.references.clone(),
        size: Some(FileSize::told(info.download_size.unwrap_or(info.nar_size))),
        tier: CacheTier::Always,
        is_upstream: false,
    });
    match Model::new(facts, []) {
        Ok(model) => {
            let request = Request {
                model: &model,
                budget: Budget {
                    capacity: Bytes(1 << 40),
                    buffer: Bytes(1 << 20),
                },
                pins: &[],
                revisions: 1,
                state: &CacheState::default(),
                lost: &BTreeSet::new(),
                compression: Compression::NIX,
            };
            match plan(&request) {
                Ok(plan) => {
                    assert_eq!(verify(&request, &plan), []);
                    assert_eq!(plan.kept.len(), infos.valid.len());
                }
                Err(error) => assert!(matches!(error, PlanError::TierOne { .. }), "{error}"),
            }
        }
        Err(errors) => assert!(!errors.0.is_empty() && errors.0.is_sorted()),
    }
}

fuzz_target!(|input: &[u8]| {
    let _ = Format::detect(input);
    match path_info::read(input) {
        Ok(infos) => {
            assert!(infos.valid.is_sorted_by(|a, b| a.path < b.path));
            assert!(infos.invalid.is_sorted_by(|a, b| a < b));
            hold(&infos);
            keep(&infos);
        }
        Err(error) => {
            if let Some(position) = error.position() {
                assert!(position.offset <= input.len(), "{error}");
            }
        }
    }
});
