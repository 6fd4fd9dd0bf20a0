//! `hmtool cache apply` with the real Nix where things turn out to be other than they were taken
//! for: larger, alike to the last bit, not built; and where Nix gives up half-way.

#[allow(dead_code)]
mod nix;
#[allow(dead_code)]
mod run;
mod schema;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Output;

use nix::Nix;
use run::text;
use serde_json::Value;

const HMTOOL: &str = env!("CARGO_BIN_EXE_hmtool");

/// Two machines of one graph, and a cache in a directory.
const CONFIG: &str = r#"
default-machine = "desk"
[machines.desk]
graph = "graph.json"
roots = "roots"
[machines.lap]
graph = "graph.json"
roots = "roots"
[cache]
name = "mine"
kind = "file"
dir = "cache"
capacity = "1 MB"
buffer = "0 kB"
generations = 1
compression = "xz 0"
[[cache.tiers]]
tier = 1
patterns = ["base-*"]
"#;

struct Desk {
    nix: Nix,
    folder: PathBuf,
}

impl Desk {
    fn new(test: &str) -> Option<Self> {
        let nix = Nix::building(test)?;
        let folder = nix.root();
        fs::write(folder.join("hmtool.toml"), CONFIG).expect("it is ours");
        Some(Self { nix, folder })
    }

    /// Makes a graph of packages, each with its name and a script that writes `$out`, and builds
    /// those that `is_built` says.
    fn packages(&self, packages: &[(&str, &str)], is_built: impl Fn(&str) -> bool) {
        let expression = |(name, script): &(&str, &str)| {
            format!(
                "(derivation {{ name = \"{name}\"; system = \"x86_64-linux\"; builder = \"/bin/sh\"; \
                 PATH = \"/usr/bin:/bin\"; args = [ \"-c\" ''{script}'' ]; }})\n"
            )
        };
        let expressions: String = packages.iter().map(expression).collect();
        let file = self.folder.join("default.nix");
        fs::write(&file, format!("[ {expressions} ]")).expect("it is ours");
        let drvs = self
            .nix
            .run("nix-instantiate", &[file.to_str().expect("UTF-8")]);
        let drvs: Vec<&str> = drvs.lines().collect();
        let show = [&["show-derivation", "--recursive"][..], &drvs].concat();
        let graph = self.nix.attempt("nix", &show).unwrap_or_else(|_| {
            let show = [&["derivation", "show", "--recursive"][..], &drvs].concat();
            self.nix.run("nix", &show)
        });
        fs::write(self.folder.join("graph.json"), graph).expect("it is ours");
        fs::write(self.folder.join("roots"), drvs.join("\n")).expect("it is ours");
        for ((name, _), drv) in packages.iter().zip(&drvs) {
            if is_built(name) {
                self.nix.run("nix-store", &["--realise", drv]);
            }
        }
    }

    fn attempt(&self, args: &[&str], path: Option<&str>) -> Output {
        let mut command = self.nix.command(HMTOOL);
        if let Some(path) = path {
            command.env("PATH", path);
        }
        command
            .args(args)
            .current_dir(&self.folder)
            .env_remove("HMTOOL_HISTORY")
            .output()
            .expect("hmtool runs")
    }

    #[track_caller]
    fn hmtool(&self, args: &[&str]) -> Output {
        let output = self.attempt(args, None);
        let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{args:?}: {said}");
        output
    }

    #[track_caller]
    fn apply(&self, capacity: &str) -> Value {
        let args = ["cache", "apply", "--capacity", capacity];
        schema::document(
            &self.hmtool(&[&args[..], &["--buffer", "0kB", "--format", "json"]].concat()),
        )
    }

    /// Puts a program in place of Nix whose call of that number, from 1, fails; the `PATH` that has it.
    fn nix_that_fails_at(&self, n: usize) -> String {
        let path = std::env::var("PATH").expect("there is one");
        let real = std::env::split_paths(&path)
            .map(|dir| dir.join("nix"))
            .find(|file| file.exists())
            .expect("Nix is there");
        let bin = self.folder.join("bin");
        fs::create_dir_all(&bin).expect("it is ours");
        let calls = bin.join("calls");
        let text = format!(
            "#!/bin/sh\necho >> {0}\nif [ $(wc -l < {0}) = {n} ]; then echo broken >&2; exit 1; fi\n\
             exec {1} \"$@\"\n",
            calls.display(),
            real.display()
        );
        let program = bin.join("nix");
        fs::write(&program, text).expect("it is ours");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it is ours");
        let _ = fs::remove_file(&calls);
        format!("{}:{path}", bin.display())
    }

    /// The narinfo of what is called so.
    fn narinfo(&self, name: &str) -> PathBuf {
        let entries = fs::read_dir(self.folder.join("cache")).expect("it is there");
        let files = entries.map(|entry| entry.expect("it is there").path());
        let end = format!("-{name}\nURL: ");
        let is_it = |file: &PathBuf| fs::read_to_string(file).is_ok_and(|text| text.contains(&end));
        let mut found: Vec<PathBuf> = files.filter(is_it).collect();
        assert_eq!(found.len(), 1, "{name}");
        found.remove(0)
    }

    /// Deletes the narinfo of what is called so; the store path that it was about.
    fn lose(&self, name: &str) -> String {
        let file = self.narinfo(name);
        let text = fs::read_to_string(&file).expect("it is there");
        fs::remove_file(&file).expect("it is ours");
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("StorePath: "));
        line.expect("a narinfo has one").to_owned()
    }

    /// Copies a folder, or puts a copy in its place.
    fn copy(&self, from: &str, to: &str) {
        let [from, to] = [from, to].map(|name| self.folder.join(name));
        let _ = fs::remove_dir_all(&to);
        let path = |path: &PathBuf| path.to_str().expect("UTF-8").to_owned();
        self.nix.run("cp", &["-r", &path(&from), &path(&to)]);
    }

    /// What all NARs in the cache take up.
    fn nar_bytes(&self) -> u64 {
        let entries = fs::read_dir(self.folder.join("cache/nar")).expect("it is there");
        entries
            .map(|entry| {
                entry
                    .and_then(|entry| entry.metadata())
                    .expect("it is there")
                    .len()
            })
            .sum()
    }

    /// The names of what is held, in order.
    fn held(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.folder.join("cache"))
            .expect("it is there")
            .filter_map(|entry| fs::read_to_string(entry.expect("it is there").path()).ok())
            .filter_map(|text| {
                let line = text.lines().next()?.strip_prefix("StorePath: ")?;
                Some(line.rsplit_once('/')?.1[33..].to_owned())
            })
            .collect();
        names.sort();
        names
    }
}

/// The names of what a cache holds, in order, that held `before` and to which was done what a document
/// says.
fn after(done: &Value, before: &[&str]) -> Vec<String> {
    let mut held: BTreeSet<String> = before.iter().map(|&name| name.to_owned()).collect();
    for step in done["steps"].as_array().expect("a list") {
        let path = step["path"].as_str().expect("a path");
        let name = path.rsplit('/').next().expect("a name")[33..].to_owned();
        match step["action"].as_str() {
            Some("push") => assert!(held.insert(name)),
            Some("evict") => assert!(held.remove(&name)),
            _ => {}
        }
    }
    held.into_iter().collect()
}

fn number(document: &Value, key: &str) -> u64 {
    document[key].as_u64().expect("a whole number")
}

/// A script that writes so many bytes which cannot be compressed.
fn noise(bytes: usize) -> String {
    format!("head -c {bytes} /dev/urandom > $out")
}

#[test]
fn a_tier_one_that_turns_out_too_large_leaves_the_cache_as_it_was() {
    let test = "a_tier_one_that_turns_out_too_large_leaves_the_cache_as_it_was";
    let Some(desk) = Desk::new(test) else {
        return;
    };
    let (small, large) = (noise(5_000), noise(20_000));
    let packages = |version: u32, script: &str| {
        let names = ["a", "b", "c"].map(|it| format!("base-{it}-{version}"));
        let packages: Vec<(&str, &str)> = names.iter().map(|name| (&**name, script)).collect();
        desk.packages(&packages, |_| true);
    };
    packages(1, &small);
    desk.apply("45kB");
    let before = ["base-a-1", "base-b-1", "base-c-1"];
    assert_eq!(desk.held(), before);
    // By the estimate there is room for each beside what is there.
    packages(2, &large);
    let args = ["cache", "apply", "--capacity", "45kB", "--buffer", "0kB"];
    let output = desk.attempt(&args, None);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("tier 1 does not fit: 3 paths"), "{said}");
    assert_eq!(desk.held(), before);
    // What was found out is known the next time.
    let args = ["cache", "plan", "--capacity", "45kB", "--buffer", "0kB"];
    let output = desk.attempt(&args, None);
    assert!(text(&output.stderr).contains("tier 1 does not fit: 3 paths"));
    desk.apply("65kB");
    assert_eq!(desk.held(), ["base-a-2", "base-b-2", "base-c-2"]);
}

#[test]
fn packages_that_are_alike_are_pushed_together() {
    let Some(desk) = Desk::new("packages_that_are_alike_are_pushed_together") else {
        return;
    };
    let same = "echo hello > $out";
    desk.packages(
        &[("one-1", same), ("two-1", same), ("three-1", same)],
        |_| true,
    );
    desk.apply("1MB");
    assert_eq!(desk.held(), ["one-1", "three-1", "two-1"]);
    desk.hmtool(&["cache", "verify"]);
    desk.hmtool(&[
        "cache",
        "plan",
        "--check",
        "--capacity",
        "1MB",
        "--buffer",
        "0kB",
    ]);
}

/// What only an older generation refers to is in no graph, and may be in the store all the same.
#[test]
fn an_older_generation_is_made_whole_from_the_store() {
    let Some(desk) = Desk::new("an_older_generation_is_made_whole_from_the_store") else {
        return;
    };
    let config = CONFIG.replace("generations = 1", "generations = 2");
    fs::write(desk.folder.join("hmtool.toml"), config).expect("it is ours");
    let library = "echo library $out > $out";
    let packages = |version: u32| {
        let library_name = format!("lib-{version}");
        let library = format!(
            "${{derivation {{ name = \"{library_name}\"; system = \"x86_64-linux\"; builder = \
             \"/bin/sh\"; args = [ \"-c\" \"{library}\" ]; }}}}"
        );
        let script = format!("echo {library} > $out");
        desk.packages(&[(&format!("base-{version}"), &script)], |_| true);
    };
    packages(1);
    desk.apply("1MB");
    packages(2);
    desk.apply("1MB");
    let whole = ["base-1", "base-2", "lib-1", "lib-2"];
    assert_eq!(desk.held(), whole);
    desk.lose("lib-1");
    desk.apply("1MB");
    assert_eq!(desk.held(), whole);
    desk.hmtool(&["cache", "verify"]);
}

/// A path that is held nowhere any more cannot be brought back: the generation that needs it goes, is
/// named, and everything else is done.
#[test]
fn an_older_generation_that_can_never_be_whole_is_given_up() {
    let test = "an_older_generation_that_can_never_be_whole_is_given_up";
    let Some(desk) = Desk::new(test) else {
        return;
    };
    let config = CONFIG.replace("generations = 1", "generations = 3");
    fs::write(desk.folder.join("hmtool.toml"), config).expect("it is ours");
    let packages = |version: u32| {
        let library = format!(
            "${{derivation {{ name = \"lib-{version}\"; system = \"x86_64-linux\"; builder = \
             \"/bin/sh\"; args = [ \"-c\" \"echo library > $out\" ]; }}}}"
        );
        let script = format!("echo {library} > $out");
        desk.packages(&[(&format!("base-{version}"), &script)], |_| true);
    };
    for version in 1..=2 {
        packages(version);
        desk.apply("1MB");
    }
    let user = fs::read_to_string(desk.narinfo("base-1")).expect("it is there");
    let user = user.lines().next().and_then(|line| line.split(' ').nth(1));
    let lost = desk.lose("lib-1");
    let delete = ["--delete", user.expect("a path"), &lost];
    desk.nix.run("nix-store", &delete);
    packages(3);
    let args = ["cache", "plan", "--capacity", "1MB", "--buffer", "0kB"];
    let said = text(&desk.hmtool(&args).stderr);
    let expected = format!("base, 2 revisions ago, needs {lost}, which the cache does not hold");
    assert!(said.contains(&expected), "{said}");

    desk.copy("cache", "before");
    let done = desk.apply("1MB");
    assert_eq!(done["isCarriedOut"], true);
    let given_up = &done["lostGenerations"];
    assert_eq!(given_up.as_array().map(Vec::len), Some(1), "{done}");
    assert_eq!(given_up[0]["pin"], "base");
    assert_eq!(given_up[0]["age"], 2);
    assert_eq!(given_up[0]["missing"], serde_json::json!([lost]));
    assert_eq!(given_up[0]["isGivenUp"], true);
    assert_eq!(desk.held(), ["base-2", "base-3", "lib-2", "lib-3"]);
    desk.hmtool(&["cache", "verify"]);
    let again = desk.apply("1MB");
    assert_eq!(again["rounds"], 0);
    assert_eq!(again["lostGenerations"], serde_json::json!([]));

    desk.copy("before", "cache");
    let args = ["cache", "apply", "--capacity", "1MB", "--buffer", "0kB"];
    let screen = text(&desk.hmtool(&args).stdout);
    assert!(screen.contains("1 older generation lost"), "{screen}");
    assert!(screen.contains(&format!("needs {lost}")), "{screen}");
}

/// What stays pinned because something failed before its pin was dropped is not said to be gone.
#[test]
fn a_lost_generation_is_given_up_only_once_its_pin_is_dropped() {
    let test = "a_lost_generation_is_given_up_only_once_its_pin_is_dropped";
    let Some(desk) = Desk::new(test) else {
        return;
    };
    let config = CONFIG.replace(
        "generations = 1",
        "generations = 3\npins = [\"base\", \"tool\"]",
    );
    fs::write(desk.folder.join("hmtool.toml"), config).expect("it is ours");
    let packages = |version: u32| {
        let library = format!(
            "${{derivation {{ name = \"lib-{version}\"; system = \"x86_64-linux\"; builder = \
             \"/bin/sh\"; args = [ \"-c\" \"echo library > $out\" ]; }}}}"
        );
        let (base, tool) = (format!("base-{version}"), format!("tool-{version}"));
        let script = format!("echo {library} > $out");
        let base_script = format!("echo {version} > $out");
        desk.packages(&[(&base, &base_script), (&tool, &script)], |_| true);
    };
    for version in 1..=2 {
        packages(version);
        desk.apply("1MB");
    }
    let user = fs::read_to_string(desk.narinfo("tool-1")).expect("it is there");
    let user = user.lines().next().and_then(|line| line.split(' ').nth(1));
    let user = user.expect("a path");
    let lost = desk.lose("lib-1");
    desk.nix.run("nix-store", &["--delete", user, &lost]);
    packages(3);
    desk.copy("cache", "before");
    let args = ["cache", "apply", "--capacity", "1MB", "--buffer", "0kB"];
    let json = [&args[..], &["--format", "json"]].concat();
    let mut still_pinned = 0;
    for n in 1.. {
        desk.copy("before", "cache");
        let output = desk.attempt(&json, Some(&desk.nix_that_fails_at(n)));
        let file = desk.folder.join("cache/hmtool-pins.json");
        let is_pinned = fs::read_to_string(file)
            .expect("it is there")
            .contains(user);
        if output.stdout.is_empty() {
            assert!(is_pinned);
            continue;
        }
        let done = schema::document(&output);
        for generation in done["lostGenerations"].as_array().expect("a list") {
            assert_eq!(generation["path"], user);
            assert_eq!(generation["isGivenUp"], !is_pinned, "{done}");
            still_pinned += u32::from(is_pinned);
        }
        if output.status.success() {
            assert!(!is_pinned);
            break;
        }
        desk.copy("before", "cache");
        let output = desk.attempt(&args, Some(&desk.nix_that_fails_at(n)));
        let screen = text(&output.stdout);
        assert_eq!(
            screen.contains("not held any longer"),
            !is_pinned,
            "{screen}"
        );
    }
    assert!(still_pinned > 0);
}

/// A narinfo that says nothing keeps everything from being planned, and the way out is said.
#[test]
fn a_narinfo_that_cannot_be_read_is_named_with_a_way_out() {
    let test = "a_narinfo_that_cannot_be_read_is_named_with_a_way_out";
    let Some(desk) = Desk::new(test) else {
        return;
    };
    desk.packages(&[("base-1", "echo hello > $out")], |_| true);
    desk.apply("1MB");
    let file = desk.narinfo("base-1");
    let whole = fs::read(&file).expect("it is there");
    let long = [&whole[..], &b"Sig: k:c2ln\n".repeat(400_000)].concat();
    for (content, problem) in [
        (&b""[..], "the input ends at line 1, column 1"),
        (&whole[..70], "has no `URL`"),
        (&long, "too long for a narinfo: more than 4194304 bytes"),
    ] {
        fs::write(&file, content).expect("it is ours");
        for verb in ["apply", "plan"] {
            let output = desk.attempt(&["cache", verb], None);
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{said}");
            let name = file.file_name().expect("a name").to_string_lossy();
            for part in [&*name, problem, "hmtool cache verify", "delete it"] {
                assert!(said.contains(part), "{part}: {said}");
            }
        }
        let output = desk.attempt(&["cache", "verify", "--format", "json"], None);
        let document = schema::document(&output);
        assert_eq!(document["findings"][0]["code"], "narinfo", "{document}");
    }
    fs::remove_file(&file).expect("it is ours");
    desk.apply("1MB");
    desk.hmtool(&["cache", "verify"]);
}

/// Who asks for a path finds no narinfo under another name than its hash. So it is not there.
#[test]
fn a_narinfo_under_a_wrong_name_does_not_count() {
    let Some(desk) = Desk::new("a_narinfo_under_a_wrong_name_does_not_count") else {
        return;
    };
    let (base, tool) = ("echo hello > $out", noise(2_000));
    desk.packages(&[("base-1", base), ("tool-1", &tool)], |_| true);
    desk.apply("1MB");
    for name in ["base-1", "tool-1"] {
        let file = desk.narinfo(name);
        fs::rename(&file, file.with_file_name(format!("{name}.narinfo"))).expect("it is ours");
    }
    // What is wanted is pushed again, and what is not has nothing to be evicted.
    desk.packages(&[("base-1", base)], |_| true);
    let output = desk.hmtool(&["cache", "apply", "--format", "json"]);
    let done = schema::document(&output);
    assert_eq!(after(&done, &[]), ["base-1"]);
    let said = text(&output.stderr);
    for name in ["base-1", "tool-1"] {
        let named: Vec<&str> = said
            .lines()
            .filter(|line| line.contains(&format!("/{name}.narinfo is about ")))
            .collect();
        assert_eq!(named.len(), 1, "{said}");
        assert!(named[0].contains("rename it to"), "{said}");
        fs::remove_file(desk.folder.join(format!("cache/{name}.narinfo"))).expect("it is there");
    }
    assert_eq!(desk.held(), ["base-1"]);
    desk.hmtool(&["cache", "plan", "--check"]);
    desk.hmtool(&["cache", "verify"]);
}

/// Nobody but who pushed them knows whether they are still needed, so they stay.
#[test]
fn nars_that_nothing_names_are_said_to_take_up_room() {
    let Some(desk) = Desk::new("nars_that_nothing_names_are_said_to_take_up_room") else {
        return;
    };
    desk.packages(&[("base-1", "echo hello > $out")], |_| true);
    desk.apply("1MB");
    let said = || text(&desk.hmtool(&["cache", "apply"]).stderr);
    assert_eq!(said(), "");
    let orphan = desk.folder.join("cache/nar/orphan.nar.xz");
    fs::write(&orphan, [0; 5_000]).expect("it is ours");
    let said = said();
    assert!(
        said.starts_with("NARs that no narinfo names take up 5.0 kB besides"),
        "{said}"
    );
    assert!(orphan.exists());
}

/// What is not built, and does not fit by the size of its namesake, does not fit either once that is
/// evicted.
#[test]
fn what_is_evicted_still_says_how_large_its_namesakes_are() {
    let test = "what_is_evicted_still_says_how_large_its_namesakes_are";
    let Some(desk) = Desk::new(test) else {
        return;
    };
    let (large, small) = (noise(100_000), noise(8_000));
    let base = ("base-1", &*small);
    desk.packages(&[base, ("tool-1", &large)], |_| true);
    desk.apply("1MB");
    for is_recorded in [true, false] {
        desk.packages(&[base, ("tool-1", &large)], |_| true);
        desk.apply("1MB");
        // As `nix copy` leaves a cache.
        if !is_recorded {
            fs::remove_file(desk.folder.join("cache/.hmtool/paths.json")).expect("it was written");
        }
        desk.packages(&[base, ("tool-2", &large)], |name| name == "base-1");
        let done = desk.apply("20kB");
        assert_eq!(done["evicted"].as_array().map(Vec::len), Some(1), "{done}");
        assert_eq!(desk.held(), ["base-1"]);
        let args = [
            "cache",
            "plan",
            "--check",
            "--capacity",
            "20kB",
            "--buffer",
            "0kB",
        ];
        for _ in 0..2 {
            desk.hmtool(&args);
            assert_eq!(desk.apply("20kB")["rounds"], 0);
        }
    }
}

#[test]
fn whatever_call_of_nix_fails_a_further_run_goes_on() {
    let Some(desk) = Desk::new("whatever_call_of_nix_fails_a_further_run_goes_on") else {
        return;
    };
    let write = |name: &str, version: u32| {
        (
            format!("{name}-{version}"),
            format!("echo {name}{version} > $out"),
        )
    };
    let packages = |version: u32| {
        let all = ["base-a", "base-b", "tool"].map(|name| write(name, version));
        let all: Vec<(&str, &str)> = all.iter().map(|(name, text)| (&**name, &**text)).collect();
        desk.packages(&all, |_| true);
    };
    let args = ["cache", "apply", "--capacity", "1MB", "--buffer", "0kB"];
    let json = [&args[..], &["--format", "json"]].concat();
    let (mut failed, mut begun) = (0, 0);
    for n in 1.. {
        let _ = fs::remove_dir_all(desk.folder.join("cache"));
        packages(1);
        desk.apply("1MB");
        packages(2);
        let output = desk.attempt(&json, Some(&desk.nix_that_fails_at(n)));
        desk.hmtool(&["cache", "verify"]);
        if output.status.success() {
            break;
        }
        failed += 1;
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("broken"), "{said}");
        let held = desk.held();
        if output.stdout.is_empty() {
            assert_eq!(held, ["base-a-1", "base-b-1", "tool-1"]);
        } else {
            begun += 1;
            let done = schema::document(&output);
            assert_eq!(done["isCarriedOut"], false);
            assert_eq!(done["failure"]["code"], "nix");
            assert_eq!(after(&done, &["base-a-1", "base-b-1", "tool-1"]), held);
            assert_eq!(number(&done, "occupiedBytes"), desk.nar_bytes());
            // On a screen, too.
            let _ = fs::remove_dir_all(desk.folder.join("cache"));
            packages(1);
            desk.apply("1MB");
            packages(2);
            let output = desk.attempt(&args, Some(&desk.nix_that_fails_at(n)));
            let screen = text(&output.stdout);
            assert_eq!(output.status.code(), Some(2), "{screen}");
            assert!(
                screen.contains("Done") && screen.contains("run the command again"),
                "{screen}"
            );
        }
        desk.apply("1MB");
        desk.hmtool(&["cache", "verify"]);
        assert_eq!(desk.held(), ["base-a-2", "base-b-2", "tool-2"]);
    }
    assert!(failed > 2 && begun > 0, "{begun} of {failed}");
}
