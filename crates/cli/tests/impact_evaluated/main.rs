//! `hmtool impact` held to what the real Nix evaluates.

#[path = "../example/mod.rs"]
#[allow(dead_code)]
mod example;
#[path = "../nix/mod.rs"]
#[allow(dead_code)]
mod nix;
mod overrides;
#[path = "../schema/mod.rs"]
mod schema;
