//! `hmtool plan` as a whole: what it prints, how it ends.

mod caches;
mod command_line;
mod dry_run_of_nix;
mod formats;
#[path = "../http/mod.rs"]
mod http;
mod knowledge;
mod messages;
#[path = "../nix/mod.rs"]
#[allow(dead_code)]
mod nix;
mod partial;
mod real_nix;
mod roots;
mod script;
mod unusable;
mod workspace;
