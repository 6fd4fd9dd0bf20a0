//! `hmtool cache verify`: what it finds in a directory, and that it finds nothing in one that is
//! in order.

mod by_hand;
mod configuration;
#[path = "../http/mod.rs"]
mod http;
#[path = "../nix/mod.rs"]
#[allow(dead_code)]
mod nix;
mod real_nix;
#[path = "../run/mod.rs"]
mod run;
#[path = "../schema/mod.rs"]
mod schema;
mod signatures;
