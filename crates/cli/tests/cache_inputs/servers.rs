//! Caches that are asked over HTTP.

use std::process::Command;
use std::thread;
use std::time::Duration;

use expect_test::expect;
use serde_json::json;

use crate::http::{Server, nobody, reply};
use crate::run::text;
use crate::workspace::{APP, STALE, Workspace, narinfo, path};
use crate::{names, steps};

#[test]
fn a_server_tells_what_the_cache_holds_as_its_directory_does() {
    let workspace = Workspace::new();
    let dir = workspace.cache();
    let server = Server::serving(&dir);
    let dir = dir.to_str().expect("UTF-8");
    let held = |held: &str| workspace.document("plan", &["--held", held]);
    let from_dir = held(dir);
    assert_eq!(names(&from_dir, "isHeld"), ["base-1.0", "lib-2.0", "data"]);
    assert_eq!(from_dir["occupiedBeforeBytes"], 3_100);
    assert_eq!(steps(&from_dir), ["push app-3.0", "pin app-3.0"]);
    for other in [
        format!("file://{dir}"),
        format!("file://{dir}?compression=zstd"),
        server.url.clone(),
        format!("{}/", server.url),
    ] {
        assert_eq!(held(&other), from_dir, "{other}");
    }
    // A server can only be asked for what somebody needs, and for what that refers to.
    let letters = ["a", "b", "c", "d"].map(|letter| format!("/{}.narinfo", letter.repeat(32)));
    let mut asked = server.asked();
    asked.dedup();
    assert_eq!(asked, letters);
    let (file, narinfo) = narinfo(STALE, 500, &[]);
    workspace.write(&format!("cache/{file}"), &narinfo);
    assert_eq!(held(&server.url), from_dir);
    assert_eq!(steps(&held(dir))[0], "evict stale");
    // Of several each tells its part.
    let list = workspace.write("list", &path(APP));
    let list = list.to_str().expect("UTF-8");
    let both = workspace.document("plan", &["--held", &server.url, "--held", list]);
    assert_eq!(steps(&both), ["pin app-3.0"]);
}

#[test]
fn a_server_that_has_nothing_is_an_empty_cache() {
    let workspace = Workspace::new();
    let nothing = workspace.document("plan", &[]);
    assert_eq!(nothing["isHeldKnown"], false);
    for status in ["404 Not Found", "403 Forbidden", "410 Gone"] {
        let server = Server::new(move |_, stream| reply(stream, status, b"no"));
        let empty = workspace.document("plan", &["--held", &server.url]);
        assert_eq!(empty["isHeldKnown"], true);
        assert_eq!(empty["occupiedBeforeBytes"], 0);
        assert_eq!(empty["steps"], nothing["steps"]);
        // Nobody else has anything, too.
        let hits = workspace.document("hits", &["--cache", &server.url]);
        assert_eq!(hits["upstream"]["derivations"], 0, "{status}");
    }
    // A path of that hash with another name is another path.
    let other = Server::new(|path, stream| {
        let letter = path.chars().nth(1).unwrap_or('a');
        let (_, text) = narinfo((letter, "something-else"), 10, &[]);
        reply(stream, "200 OK", text.as_bytes());
    });
    let document = workspace.document("plan", &["--held", &other.url]);
    assert_eq!(document["occupiedBeforeBytes"], 0);
}

#[test]
fn a_server_that_is_broken_is_an_error_not_an_empty_cache() {
    let workspace = Workspace::new();
    let check = |url: &str, words: &[&str]| {
        workspace.fails_saying(&["--held", url], words);
        workspace.fails_saying(&["--cache", url], words);
        workspace.configure(
            "kind = \"cachix\"",
            &format!("[[caches]]\nname = \"far\"\nurl = {url:?}\n"),
        );
        // As it stands in the configuration it is asked only where that is wanted.
        assert_eq!(workspace.run("hits", &[]).status.code(), Some(0));
        workspace.configure(
            "kind = \"file\"\ndir = \"nowhere\"",
            &format!("[[caches]]\nname = \"far\"\nurl = {url:?}\n"),
        );
        workspace.fails_saying(&["--online"], words);
        workspace.configure("kind = \"cachix\"", "");
    };
    check(&nobody(), &["cannot ask http://127.0.0.1", ".narinfo"]);
    let broken = Server::new(|_, stream| reply(stream, "500 Internal Server Error", b""));
    check(&broken.url, &["status 500", ".narinfo"]);
    let silent = Server::new(|_, _| thread::sleep(Duration::from_secs(5)));
    check(&silent.url, &["cannot ask", "timeout"]);
    let welcome = Server::new(|_, stream| reply(stream, "200 OK", b"<html>welcome</html>"));
    check(&welcome.url, &["address of a binary cache?", ".narinfo"]);
    let halves = Server::new(|path, stream| {
        let letter = path.chars().nth(1).unwrap_or('a');
        let (_, text) = narinfo((letter, "base-1.0"), 10, &[]);
        let text = text.replace("NarSize: 40", "NarSize: forty");
        reply(stream, "200 OK", text.as_bytes());
    });
    check(&halves.url, &["NarSize", "a size in bytes", ".narinfo"]);
    let endless = Server::new(|_, stream| reply(stream, "200 OK", &vec![b'\n'; 5 << 20]));
    check(&endless.url, &["cannot ask", ".narinfo"]);
}

#[test]
fn what_is_no_cache_is_said() {
    let workspace = Workspace::new();
    workspace.fails(
        &["--held", "s3://bucket"],
        &expect![[r#"
        error[usage]: --held s3://bucket: s3:// is not understood
         |
         = help: https://, http:// and file:// are, and directories and files
    "#]],
    );
    workspace.fails(
        &["--held", "file:///nowhere/at/all"],
        &expect![[r#"
        error[file]: cannot read /nowhere/at/all: No such file or directory (os error 2)
         |
         = help: check the path; paths in hmtool.toml are relative to that file
    "#]],
    );
    workspace.fails(
        &["--held", "nowhere"],
        &expect![[r#"
        error[file]: cannot read nowhere: No such file or directory (os error 2)
         |
         = help: check the path; paths in hmtool.toml are relative to that file
    "#]],
    );
    let file = workspace.write("cache/x.narinfo", "StorePath: nowhere\n");
    let dir = file.parent().expect("a folder").to_str().expect("UTF-8");
    let output = workspace.run("plan", &["--held", dir]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(
        said.contains("x.narinfo: \"nowhere\" is not a store path"),
        "{said}"
    );
}

/// There is no Cachix here; a proxy sees who would be asked.
#[test]
fn a_cache_at_cachix_is_asked_online_alone() {
    let workspace = Workspace::new();
    let proxy = Server::new(|_, stream| reply(stream, "403 Forbidden", b""));
    let run = |args: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_hmtool"))
            .args(["cache", "plan"])
            .args(args)
            .current_dir(workspace.0.path())
            .env("HTTPS_PROXY", &proxy.url)
            .env_remove("NO_PROXY")
            .env_remove("no_proxy")
            .output()
            .expect("hmtool runs")
    };
    assert_eq!(run(&[]).status.code(), Some(0));
    assert!(proxy.asked().is_empty());
    let output = run(&["--online"]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(
        said.contains("cannot ask https://ours.cachix.org/"),
        "{said}"
    );
    let asked = proxy.asked();
    assert!(!asked.is_empty());
    assert!(
        asked.iter().all(|it| it == "ours.cachix.org:443"),
        "{asked:?}"
    );
    // What is said is not asked for.
    let list = workspace.write("list", &path(APP));
    let list = list.to_str().expect("UTF-8");
    assert_eq!(run(&["--online", "--held", list]).status.code(), Some(0));
    assert_eq!(proxy.asked().len(), asked.len());
}

#[test]
fn caches_of_the_configuration_are_asked_online() {
    let workspace = Workspace::new();
    let server = Server::serving(&workspace.cache());
    workspace.configure(
        "kind = \"file\"\ndir = \"own\"",
        &format!("[[caches]]\nname = \"far\"\nurl = {:?}\n", server.url),
    );
    let plan = |args: &[&str]| workspace.document("plan", args);
    let hits = |args: &[&str]| {
        let document = workspace.document("hits", args);
        ["upstream", "fromProducer"].map(|key| document[key]["derivations"].clone())
    };
    assert_eq!(
        steps(&plan(&[])),
        [
            "push base-1.0",
            "push lib-2.0",
            "push app-3.0",
            "pin app-3.0"
        ]
    );
    assert_eq!(hits(&[]), [json!(0), json!(3)]);
    assert!(server.asked().is_empty());
    let online = plan(&["--online"]);
    assert_eq!(steps(&online), ["push app-3.0", "pin app-3.0"]);
    assert_eq!(names(&online, "isUpstream"), ["base-1.0", "lib-2.0"]);
    assert_eq!(hits(&["--online"]), [json!(2), json!(1)]);
    // As a flag it is asked in any case.
    workspace.configure("kind = \"file\"\ndir = \"own\"", "");
    assert_eq!(hits(&["--cache", &server.url]), [json!(2), json!(1)]);
    assert_eq!(steps(&plan(&["--cache", &server.url])), steps(&online));
}
