//! What `hmtool cache plan` and `hmtool cache hits` are told besides the graphs: what the cache holds
//! and has pinned, what others have, how large things are.

mod evaluating;
#[path = "../http/mod.rs"]
mod http;
#[path = "../nix/mod.rs"]
#[allow(dead_code)]
mod nix;
mod path_info;
mod pins;
#[path = "../run/mod.rs"]
mod run;
#[path = "../schema/mod.rs"]
mod schema;
mod servers;
mod workspace;

use serde_json::Value;

/// The names of the paths of which the document says that they are so.
fn names(document: &Value, what: &str) -> Vec<String> {
    let paths = document["paths"].as_array().expect("a list").iter();
    let are = paths.filter(|path| path[what] == true);
    are.map(|path| name(&path["path"])).collect()
}

fn name(path: &Value) -> String {
    let path = path.as_str().expect("a text");
    path["/nix/store/".len() + 33..].to_owned()
}

fn steps(document: &Value) -> Vec<String> {
    let steps = document["steps"].as_array().expect("a list").iter();
    let text = |step: &Value| {
        format!(
            "{} {}",
            step["action"].as_str().expect("a text"),
            name(&step["path"])
        )
    };
    steps.map(text).collect()
}
