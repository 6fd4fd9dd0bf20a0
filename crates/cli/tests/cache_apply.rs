//! `hmtool cache apply` with the real Nix: the example's packages are built and pushed by plan into
//! a small cache, another machine pulls from it what was predicted, an update evicts within the
//! budget, and whoever kills it at any point leaves a cache that `hmtool cache verify` accepts.

#[allow(dead_code)]
mod example;
#[allow(dead_code)]
mod nix;
#[allow(dead_code)]
mod run;
mod schema;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use example::{EXAMPLE, replace};
use nix::Nix;
use run::text;
use serde_json::Value;

const HMTOOL: &str = env!("CARGO_BIN_EXE_hmtool");
const MACHINES: [&str; 2] = ["shoshin", "gyakusatsu"];

/// The example in a Nix of its own, with a cache in a directory that has less room than there is to
/// push, and another cache beside it that holds what nobody changes.
struct World {
    nix: Nix,
    workspace: PathBuf,
    cache: PathBuf,
    upstream: PathBuf,
}

impl World {
    /// With one `-march` for both machines, and what shoshin makes of it built.
    fn new(test: &str, capacity: &str, buffer: &str) -> Option<Self> {
        let nix = Nix::building(test)?;
        let root = nix.root();
        let world = Self {
            workspace: root.join("workspace"),
            cache: root.join("cache"),
            upstream: root.join("upstream"),
            nix,
        };
        let example = fs::canonicalize(EXAMPLE).expect("the example is in the repository");
        let to = world.workspace.to_str().expect("UTF-8");
        world
            .nix
            .run("cp", &["-r", example.to_str().expect("UTF-8"), to]);
        let (capacity, buffer) = (
            format!("capacity = \"{capacity}\""),
            format!("buffer = \"{buffer}\""),
        );
        let changes = [
            (
                "kind = \"cachix\"",
                "kind = \"file\"\ndir = \"../cache\"\nsecret-key = \"../secret\"",
            ),
            ("capacity = \"5 GB\"", &*capacity),
            ("buffer = \"500 MB\"", &*buffer),
            (
                "path-info = \"graphs/cache.path-info.json.gz\"",
                "dir = \"../upstream\"",
            ),
        ];
        replace(&world.workspace, "hmtool.toml", &changes);
        let keys = ["secret", "public"].map(|name| root.join(name).display().to_string());
        let [secret, public] = keys.each_ref().map(String::as_str);
        let generate = ["--generate-binary-cache-key", "test-1", secret, public];
        world.nix.run("nix-store", &generate);
        world.common_march("x86-64-v3");
        world.fill_upstream(secret);
        Some(world)
    }

    /// Has both machines build for one architecture, and shoshin build everything.
    fn common_march(&self, march: &str) {
        for machine in MACHINES {
            for (key, value) in [("march", march), ("mtune", "generic")] {
                let key = format!("build.compiler.{key}");
                self.hmtool(&["profile", "set", machine, &key, value, "--write"]);
            }
            let drv = self.instantiate(&["--argstr", "machine", machine]);
            let graphs = self.workspace.join("graphs");
            let graph = graphs.join(format!("{machine}.json.gz"));
            fs::write(graph, self.nix.show(&drv)).expect("a graph");
            fs::write(graphs.join(format!("{machine}.roots")), &drv).expect("a root");
        }
        self.nix
            .run("nix-store", &["--realise", &self.root_of("shoshin")]);
    }

    /// Copies what everything else is built with.
    fn fill_upstream(&self, secret: &str) {
        let root = self.root_of("shoshin");
        let query = ["--query", "--requisites", "--include-outputs", &root];
        let all = self.nix.run("nix-store", &query);
        let is_first = |path: &&str| {
            path.contains("-bootstrap-")
                && Path::new(path).extension().is_none_or(|end| end != "drv")
        };
        let first: Vec<&str> = all.lines().filter(is_first).collect();
        assert!(!first.is_empty(), "{all}");
        let to = format!("file://{}?secret-key={secret}", self.upstream.display());
        self.nix
            .run("nix", &[&["copy", "--to", &to][..], &first].concat());
    }

    fn instantiate(&self, args: &[&str]) -> String {
        let file = self.workspace.join("default.nix");
        let root = self.nix.folder().join("root.drv");
        let (file, link) = (file.to_str().expect("UTF-8"), root.to_str().expect("UTF-8"));
        self.nix.run(
            "nix-instantiate",
            &[&[file, "--add-root", link], args].concat(),
        );
        let drv = fs::read_link(&root).expect("nix-instantiate made the root");
        drv.to_str().expect("store paths are ASCII").to_owned()
    }

    fn root_of(&self, machine: &str) -> String {
        let file = self.workspace.join(format!("graphs/{machine}.roots"));
        fs::read_to_string(file)
            .expect("it was written")
            .trim()
            .to_owned()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.nix.command(HMTOOL);
        command
            .args(args)
            .current_dir(&self.workspace)
            .env_remove("CLICOLOR_FORCE")
            .env_remove("HMTOOL_HISTORY")
            .env_remove("RUST_LOG");
        command
    }

    fn attempt(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("hmtool runs")
    }

    /// What it prints when it ends well.
    #[track_caller]
    fn hmtool(&self, args: &[&str]) -> Output {
        let output = self.attempt(args);
        let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{args:?}: {said}");
        output
    }

    #[track_caller]
    fn json(&self, args: &[&str]) -> Value {
        schema::document(&self.hmtool(&[args, &["--format", "json"]].concat()))
    }

    /// The plan, which has nothing to do.
    #[track_caller]
    fn nothing_is_left_to_do(&self) -> Value {
        let plan = self.json(&["cache", "plan", "--check"]);
        assert_eq!(list(&plan, "steps"), &Vec::<Value>::new());
        plan
    }

    /// Everything that a cache promises holds of this one, and of its budget.
    #[track_caller]
    fn verify(&self, limits: [&str; 4]) {
        let cache = self.cache.to_str().expect("UTF-8");
        let upstream = self.upstream.to_str().expect("UTF-8");
        let args = ["cache", "verify", cache, "--upstream", upstream];
        self.hmtool(&[&args[..], &limits].concat());
    }

    /// Puts the store with all that was built aside, so that paths of the same names are those of
    /// another machine; gives it back by [`World::back`].
    fn away(&self) {
        for part in ["store", "state"] {
            let root = self.nix.root();
            fs::rename(root.join(part), root.join(format!("{part}-of-shoshin")))
                .expect("it is ours");
        }
    }

    fn back(&self) {
        for part in ["store", "state"] {
            let root = self.nix.root();
            let here = root.join(part);
            // Nix takes the permission to write away from what it builds.
            self.nix
                .run("chmod", &["-R", "u+w", here.to_str().expect("UTF-8")]);
            fs::remove_dir_all(&here).expect("it is ours");
            fs::rename(root.join(format!("{part}-of-shoshin")), here).expect("it is ours");
        }
    }
}

const SMALL: (&str, &str) = ("24 kB", "2.4 kB");
const LIMITS: [&str; 4] = ["--capacity", "24kB", "--buffer", "2.4kB"];
/// Capacity without buffer.
const LIMIT: u64 = 21_600;

fn list<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value[key].as_array().expect("a list")
}

fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().expect("a string")
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().expect("a whole number")
}

/// Goes through what was done with the sizes that turned out: never more than the limit. What is held
/// in the end.
#[track_caller]
fn replay(done: &Value, held: &mut BTreeMap<String, u64>) {
    for step in list(done, "steps") {
        let path = word(step, "path").to_owned();
        match word(step, "action") {
            "push" => assert_eq!(held.insert(path, number(step, "bytes")), None),
            "evict" => assert_eq!(held.remove(&path), Some(number(step, "bytes"))),
            _ => {}
        }
        let sum: u64 = held.values().sum();
        assert!(sum <= LIMIT, "{sum} after {step}");
    }
    assert_eq!(held.values().sum::<u64>(), number(done, "occupiedBytes"));
}

/// The paths of tier 1 that the plan knows, with whether they are held.
fn tier_one(plan: &Value) -> BTreeMap<&str, bool> {
    let paths = list(plan, "paths").iter();
    let first = paths.filter(|path| path["tier"] == 1 && path["isUpstream"] == false);
    let wanted = first.filter(|path| path["why"]["reason"] == "tier-one");
    wanted
        .map(|path| (word(path, "path"), path["isHeld"] == true))
        .collect()
}

#[test]
fn what_is_pushed_by_plan_is_what_another_machine_pulls() {
    let test = "what_is_pushed_by_plan_is_what_another_machine_pulls";
    let Some(world) = World::new(test, SMALL.0, SMALL.1) else {
        return;
    };
    let mut held = BTreeMap::new();
    let done = world.json(&["cache", "apply"]);
    assert_eq!(done["isCarriedOut"], true);
    replay(&done, &mut held);
    // What was packed turned out larger than estimated, and not everything fits.
    eprintln!(
        "{} {} {}",
        done["rounds"],
        done["occupiedBytes"],
        list(&done, "steps").len()
    );
    let p = world.json(&["cache", "plan"]);
    for t in list(&p, "tiers") {
        eprintln!("{t}");
    }
    for c in list(&p, "consumers") {
        eprintln!("{c}");
    }
    let plan = world.nothing_is_left_to_do();
    world.verify(LIMITS);
    assert!(tier_one(&plan).len() > 10);
    assert!(tier_one(&plan).values().all(|held| *held));
    let worth_less = list(&plan, "paths").iter();
    let worth_less = worth_less.filter(|path| path["why"]["reason"] == "worth-less");
    assert!(worth_less.count() > 0, "everything fits");
    // Again there is nothing to do, and nothing is done.
    let again = world.json(&["cache", "apply"]);
    assert_eq!(number(&again, "rounds"), 0);

    // Another machine, whose store is empty, builds and fetches what was predicted.
    let predicted = &list(&plan, "consumers")[0];
    world.away();
    let drv = world.instantiate(&["--argstr", "machine", "gyakusatsu"]);
    assert_eq!(drv, world.root_of("gyakusatsu"));
    let caches = [&world.cache, &world.upstream].map(|dir| format!("file://{}", dir.display()));
    let caches = caches.join(" ");
    let key = fs::read_to_string(world.nix.root().join("public")).expect("it was generated");
    let output = world
        .nix
        .command("nix-store")
        .args(["--realise", &drv, "--option", "substitute", "true"])
        .args(["--option", "substituters", &caches])
        .args(["--option", "require-sigs", "true"])
        .args(["--option", "trusted-public-keys", key.trim()])
        .output()
        .expect("it runs");
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    let lines = |start: &str| said.lines().filter(|line| line.starts_with(start)).count() as u64;
    assert_eq!(lines("building '"), number(predicted, "builds"), "{said}");
    assert_eq!(
        lines("copying path '"),
        number(predicted, "fetches"),
        "{said}"
    );
    let from = |dir: &Path| {
        let end = format!("from 'file://{}'...", dir.display());
        said.lines().filter(|line| line.ends_with(&end)).count()
    };
    assert!(
        from(&world.cache) > 20 && from(&world.upstream) > 0,
        "{said}"
    );
    world.back();

    // An update of everything: within the budget old paths go and new ones come, and tier 1 is
    // there at the end.
    world.common_march("x86-64-v2");
    let done = AtomicBool::new(false);
    let done = thread::scope(|scope| {
        let reader = scope.spawn(|| read_until(&done, &world.cache, &world.upstream));
        let document = world.json(&["cache", "apply"]);
        done.store(true, Ordering::Relaxed);
        assert!(reader.join().expect("the reader found no gap") > 100);
        document
    });
    replay(&done, &mut held);
    assert!(!list(&done, "evicted").is_empty());
    // Shoshin's store still has what it built before.
    let evicted = list(&done, "evicted").iter();
    let from: BTreeSet<&str> = evicted.map(|it| word(it, "restoredFrom")).collect();
    assert_eq!(from, BTreeSet::from(["store"]));
    let plan = world.nothing_is_left_to_do();
    world.verify(LIMITS);
    assert!(tier_one(&plan).values().all(|held| *held));
    let files: BTreeSet<String> = fs::read_dir(&world.cache)
        .expect("it is there")
        .map(|entry| entry.expect("it is there").file_name())
        .filter_map(|name| Some(name.to_str()?.strip_suffix(".narinfo")?.to_owned()))
        .collect();
    let hash = |path: &String| {
        let name = Path::new(path).file_name().and_then(|name| name.to_str());
        name.expect("a name")[..32].to_owned()
    };
    assert_eq!(files, held.keys().map(hash).collect());
}

/// Reads a cache over and over as those who use it: what a narinfo refers to is there as long as the
/// narinfo is, and so is its NAR. How many narinfos were read.
fn read_until(done: &AtomicBool, cache: &Path, upstream: &Path) -> u64 {
    let mut read = 0;
    while !done.load(Ordering::Relaxed) {
        for entry in fs::read_dir(cache).expect("it is there").flatten() {
            let file = entry.path();
            if file.extension().is_none_or(|end| end != "narinfo") {
                continue;
            }
            let Ok(text) = fs::read_to_string(&file) else {
                continue;
            };
            let of = |key: &str| {
                let mut lines = text.lines().filter_map(|line| line.split_once(": "));
                lines.find(|(it, _)| *it == key).map(|(_, value)| value)
            };
            let references = of("References").unwrap_or_default().split_whitespace();
            let mut needed: Vec<PathBuf> = references
                .map(|name| format!("{}.narinfo", &name[..32]))
                .filter(|name| !upstream.join(name).exists())
                .map(|name| cache.join(name))
                .collect();
            needed.push(cache.join(of("URL").expect("a URL")));
            let missing = needed.iter().find(|file| !file.exists());
            // Evicted in the meantime it may have lost what it refers to.
            if let Some(missing) = missing {
                assert!(
                    !file.exists(),
                    "{} without {}",
                    file.display(),
                    missing.display()
                );
            }
            read += 1;
        }
    }
    read
}

#[test]
fn whoever_kills_it_leaves_a_cache_in_order() {
    let test = "whoever_kills_it_leaves_a_cache_in_order";
    let Some(world) = World::new(test, SMALL.0, SMALL.1) else {
        return;
    };
    world.hmtool(&["cache", "apply"]);
    world.common_march("x86-64-v2");
    // An update pushes, pins, unpins and evicts. It begins with the same cache each time.
    let before = world.nix.root().join("before");
    let (cache, kept) = (
        world.cache.to_str().expect("UTF-8"),
        before.to_str().expect("UTF-8"),
    );
    world.nix.run("cp", &["-r", cache, kept]);
    let begin = Instant::now();
    world.hmtool(&["cache", "apply"]);
    let whole = begin.elapsed();
    let mut interrupted = 0;
    for part in 1..=KILLS {
        fs::remove_dir_all(&world.cache).expect("it is ours");
        world.nix.run("cp", &["-r", kept, cache]);
        let mut child = world
            .command(&["cache", "apply"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("hmtool runs");
        thread::sleep(whole * part / (KILLS + 1));
        // Where it has ended by itself there is nothing to kill.
        let _ = child.kill();
        let status = child.wait().expect("it ends");
        interrupted += u32::from(!status.success());
        world.verify(LIMITS);
        world.hmtool(&["cache", "apply"]);
        world.nothing_is_left_to_do();
        world.verify(LIMITS);
        let work = world.cache.join(".hmtool");
        for folder in ["staging", "evicting"] {
            let left = fs::read_dir(work.join(folder))
                .expect("it is there")
                .count();
            assert_eq!(left, 0, "{folder}");
        }
    }
    assert!(interrupted > KILLS / 2, "{interrupted} of {KILLS}");
}

/// How often it is killed, at moments that are evenly spread over the time it takes.
const KILLS: u32 = 8;

#[test]
fn nothing_is_done_where_it_cannot_be_done_as_a_whole() {
    let test = "nothing_is_done_where_it_cannot_be_done_as_a_whole";
    let Some(world) = World::new(test, SMALL.0, SMALL.1) else {
        return;
    };
    // Somebody else's directory.
    fs::create_dir(&world.cache).expect("it is ours");
    fs::write(world.cache.join("letter"), "to somebody").expect("it is ours");
    let refused = |expected: &str| {
        let output = world.attempt(&["cache", "apply"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            text(&output.stderr).contains(expected),
            "{}",
            text(&output.stderr)
        );
    };
    refused("is not empty and not a binary cache");
    fs::remove_file(world.cache.join("letter")).expect("it is ours");
    // A cache for another store.
    let info = world.cache.join("nix-cache-info");
    fs::write(&info, "StoreDir: /gnu/store\n").expect("it is ours");
    refused("the cache is for /gnu/store");
    fs::remove_file(&info).expect("it is ours");
    // Somebody else at work.
    world.hmtool(&["cache", "apply"]);
    let lock = fs::File::open(world.cache.join(".hmtool/lock")).expect("it is there");
    lock.lock().expect("nobody has it");
    refused("another hmtool is at work");
    drop(lock);
    world.nothing_is_left_to_do();

    // Others say what is held, and the directory says it itself.
    let output = world.attempt(&["cache", "apply", "--held", "graphs/shoshin.roots"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--held says of a cache in a directory"));

    // What is not built is said, with the command that builds it, and nothing is pushed.
    let listing = || {
        let entries = fs::read_dir(&world.cache).expect("it is there");
        let names = entries.map(|entry| entry.expect("it is there").file_name());
        names.collect::<BTreeSet<_>>()
    };
    let held = listing();
    world.away();
    let drv = world.instantiate(&["--argstr", "machine", "shoshin"]);
    assert_eq!(drv, world.root_of("shoshin"));
    fs::remove_file(world.cache.join("hmtool-pins.json")).expect("it was written");
    for entry in fs::read_dir(&world.cache).expect("it is there").flatten() {
        if entry.path().extension().is_some_and(|end| end == "narinfo") {
            fs::remove_file(entry.path()).expect("it is ours");
        }
    }
    let output = world.attempt(&["cache", "apply", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let document = schema::document(&output);
    assert_eq!(document["isCarriedOut"], false);
    assert_eq!(list(&document, "steps"), &Vec::<Value>::new());
    assert!(list(&document, "unbuilt").len() > 10);
    assert!(list(&document, "unbuilt")[0]["drv"].is_string());
    let output = world.attempt(&["cache", "apply"]);
    assert!(text(&output.stdout).contains("nix-store --realise "));
    assert!(held.len() > listing().len() + 10, "nothing was held");
    world.back();
}

#[test]
fn what_cannot_be_had_again_is_not_deleted_unsaid() {
    let test = "what_cannot_be_had_again_is_not_deleted_unsaid";
    let Some(world) = World::new(test, SMALL.0, SMALL.1) else {
        return;
    };
    world.hmtool(&["cache", "apply"]);
    // Another machine's store: what was built for the other architecture is not there.
    world.away();
    world.common_march("x86-64-v2");
    let output = world.attempt(&["cache", "apply", "--only-restorable", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let document = schema::document(&output);
    assert_eq!(list(&document, "evicted"), &Vec::<Value>::new());
    assert!(!list(&document, "unrestorable").is_empty());
    world.verify(LIMITS);
    let output = world.hmtool(&["cache", "apply", "--format", "json"]);
    let document = schema::document(&output);
    let evicted = list(&document, "evicted").iter();
    let nowhere = evicted.filter(|it| it["restoredFrom"].is_null());
    let nowhere: Vec<&str> = nowhere.map(|it| word(it, "path")).collect();
    assert!(!nowhere.is_empty());
    let said = text(&output.stderr);
    let named = said
        .lines()
        .filter_map(|line| line.strip_prefix("deleting "));
    let named: Vec<&str> = named.filter_map(|rest| rest.split(',').next()).collect();
    assert_eq!(named, nowhere);
    world.nothing_is_left_to_do();
    world.back();
}
