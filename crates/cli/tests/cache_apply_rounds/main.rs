//! `hmtool cache apply` with the real Nix where things turn out to be other than they were taken
//! for: larger, alike to the last bit, not built; and where Nix gives up half-way.

mod desk;
mod lost_generations;
#[path = "../nix/mod.rs"]
#[allow(dead_code)]
mod nix;
#[path = "../run/mod.rs"]
#[allow(dead_code)]
mod run;
#[path = "../schema/mod.rs"]
mod schema;
mod turning_out;
mod unreadable;
