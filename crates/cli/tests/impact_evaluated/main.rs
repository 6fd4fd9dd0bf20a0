//! `hmtool impact` held to what the real Nix evaluates.

#[path = "../example/mod.rs"]
mod example;
#[path = "../nix/mod.rs"]
#[allow(dead_code)]
mod nix;
mod overrides;
mod repository;
#[path = "../schema/mod.rs"]
mod schema;
mod since;
mod stopping;
