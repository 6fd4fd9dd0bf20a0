//! What differs, where it comes from, and what is left out of it.

use expect_test::expect;
use serde_json::json;

use crate::made_up::{BOTH, Drv, deep, everywhere, folder};
use crate::run::text;
use crate::{diff, document, list, names, shown};

#[test]
fn a_deep_difference_is_found() {
    let folder = deep();
    let screen = shown(folder.path(), &[&["app"], &BOTH[..]].concat());
    expect![[r#"
          before  /nix/store/33333333333333333333333333333333-app-3.0.drv  from a.json
          after   /nix/store/77777777777777777777777777777777-app-3.0.drv  from b.json

        The two make different outputs
          changed    4  1 says something else itself, 3 follow from it
          unchanged  1

        Differences  the nearest first
          tool-1.0  3 inputs down, drags 3 along
              by way of lib-2.0, base-1.0
              FLAGS  -O2 {+-march=skylake+} -pipe
    "#]]
    .assert_eq(&screen);
    let all = document(folder.path(), &[&["app"], &BOTH[..]].concat());
    let steps = list(&all["steps"]);
    assert_eq!(
        names(steps, "after"),
        ["app-3.0", "lib-2.0", "base-1.0", "tool-1.0"]
    );
    let tool = &steps[3];
    assert_eq!(tool["kind"], "cause");
    assert_eq!(
        (&tool["depth"], &tool["foundBy"], &tool["drags"]),
        (&3.into(), &2.into(), &3.into())
    );
    let [flags] = list(&tool["differences"]) else {
        panic!("one difference: {tool}");
    };
    assert_eq!(flags["added"], json!(["-march=skylake"]));
    // Without names the roots are meant.
    assert_eq!(document(folder.path(), &BOTH), all);
}

#[test]
fn the_descent_ends_at_its_limit() {
    let folder = deep();
    let of_depth = |depth: &str| {
        document(
            folder.path(),
            &[&["app", "--depth", depth], &BOTH[..]].concat(),
        )
    };
    for (depth, steps, deeper) in [("0", 1, 1), ("2", 3, 1), ("3", 4, 0), ("9", 4, 0)] {
        let of_depth = of_depth(depth);
        assert_eq!(list(&of_depth["steps"]).len(), steps, "{depth}");
        assert_eq!(of_depth["summary"]["deeper"], deeper, "{depth}");
        // What is counted does not depend on what is shown.
        assert_eq!(of_depth["summary"]["changed"], 4);
        assert_eq!(of_depth["summary"]["reachedCauses"], 1);
    }
    let screen = shown(
        folder.path(),
        &[&["app", "--depth", "1"], &BOTH[..]].concat(),
    );
    assert!(
        screen.contains("1 differs further down: a greater --depth shows more"),
        "{screen}"
    );
}

#[test]
fn every_attribute_is_compared() {
    let folder = everywhere();
    let screen = shown(folder.path(), &[&["app"], &BOTH[..]].concat());
    expect![[r#"
          before  /nix/store/11111111111111111111111111111111-app-3.0.drv  from a.json
          after   /nix/store/22222222222222222222222222222222-app-3.0.drv  from b.json

        The two make different outputs
          changed    1  1 says something else itself
          new        2  more-1, new-1
          gone       1  old-1
          unchanged  2

        Differences  the nearest first
          app-3.0
              buildInputs  [-/nix/store/mmmm…-old-1-] /nix/store/nnnn…-both-1 {+/nix/store/kkkk…-new-1
                  /nix/store/jjjj…-more-1+} /nix/store/vvvv…-multi-1
              buildPhase
                  set -e
                  cd src
                  for dir in a b c; do
                ~   make -C $dir [--j4-] {+-j8+} all
                  done
                - make check
                  make install
                + make clean
                  echo done
              gone  - yes
              new  + ""
              space  differs in white space
              version  [-3.0-]{+3.1+}
              args
                  -e
                  builder.sh
                - --fast
                + --slow
                + --safe
              inputDrvs  + more-1
              inputDrvs  - multi-1 (dev)
              inputDrvs  + multi-1 (dev, out)
              inputDrvs  + new-1
              inputDrvs  - old-1
              inputSrcs  ~ builder.sh [pppp] -> [rrrr]
              inputSrcs  + new.patch
              inputSrcs  - old.patch
    "#]].assert_eq(&screen);
    let narrow = shown(
        folder.path(),
        &[&["app", "--context", "0"], &BOTH[..]].concat(),
    );
    assert!(narrow.contains("… 3 lines …"), "{narrow}");
    assert!(!narrow.contains("set -e"), "{narrow}");
    let wide = shown(
        folder.path(),
        &[&["app", "--context", "99"], &BOTH[..]].concat(),
    );
    assert!(!wide.contains("… "), "{wide}");
    assert!(
        wide.contains("set -e") && wide.contains("echo done"),
        "{wide}"
    );
}

/// Lines with neither what was left out nor what was removed are the text after.
#[test]
fn an_edit_makes_the_text_after() {
    let folder = everywhere();
    let all = document(
        folder.path(),
        &[&["app", "--context", "1000"], &BOTH[..]].concat(),
    );
    let differences = list(&list(&all["steps"])[0]["differences"]);
    let mut texts = 0;
    for one in differences {
        let Some(after) = one["after"].as_str().filter(|_| one["isVariable"] == true) else {
            continue;
        };
        // White space that differs is told in a word.
        if one["attribute"] == "space" {
            continue;
        }
        let mut lines = Vec::new();
        for line in list(&one["lines"]) {
            match line["edit"].as_str() {
                Some("removed") => {}
                Some("changed") => {
                    let words = list(&line["words"]).iter();
                    let words = words.filter(|words| words["edit"] != "removed");
                    let words = words.map(|words| words["text"].as_str().expect("a text"));
                    lines.push(words.collect::<String>());
                }
                _ => lines.push(line["text"].as_str().expect("a text").to_owned()),
            }
        }
        assert_eq!(lines.join("\n"), after);
        texts += 1;
    }
    assert!(texts >= 4, "{texts}");
}

#[test]
fn equal_derivations_are_said_to_be_equal() {
    let folder = deep();
    let args = [
        "same",
        "same",
        "--graph",
        "a.json",
        "--no-config",
        "--check",
    ];
    let screen = shown(folder.path(), &args);
    assert!(screen.contains("The two are one derivation"), "{screen}");
    let document = document(folder.path(), &args);
    assert_eq!(document["verdict"], "same-file");
    assert_eq!(document["steps"], json!([]));
    let args = [&["app", "--check"], &BOTH[..]].concat();
    let output = diff(folder.path(), &args);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(output.stderr.is_empty());
}

/// Another fetcher of the same source changes files, and no output; another content does.
#[test]
fn what_is_fetched_ends_the_descent() {
    let set = |curl, src, app, flags, fetches| {
        let mut source = Drv::new(src, "src.tar.gz")
            .needs(curl, "curl-8")
            .env("urls", flags);
        source.fetches = Some(fetches);
        [
            Drv::new(curl, "curl-8").env("FLAGS", flags),
            source,
            Drv::new(app, "app-3.0").needs(src, "src.tar.gz"),
        ]
    };
    let folder = folder(&[
        ("a.json", &set("1", "2", "3", "-O2", "f")),
        ("b.json", &set("4", "5", "6", "-O3", "f")),
        ("c.json", &set("7", "8", "9", "-O3", "d")),
    ]);
    let of = |args: &[&str]| document(folder.path(), &[args, &["--no-config"]].concat());
    // Why the files differ is told all the same, also behind the fetch.
    let source = of(&["src.tar.gz", "--before", "a.json", "--after", "b.json"]);
    assert_eq!(source["verdict"], "same-outputs");
    assert_eq!(source["summary"]["sameOutputs"], 1);
    assert_eq!(
        names(list(&source["steps"]), "after"),
        ["src.tar.gz", "curl-8"]
    );
    assert_eq!(list(&source["steps"])[0]["kind"], "same-outputs");
    let other = of(&["src.tar.gz", "--before", "a.json", "--after", "c.json"]);
    assert_eq!(other["verdict"], "other-outputs");
    assert_eq!(names(list(&other["steps"]), "after"), ["src.tar.gz"]);
    assert_eq!(other["summary"]["causes"], 2);
    assert_eq!(other["summary"]["reachedCauses"], 1);
    let all = of(&[
        "src.tar.gz",
        "--before",
        "a.json",
        "--after",
        "c.json",
        "--all",
    ]);
    assert_eq!(
        names(list(&all["steps"]), "after"),
        ["src.tar.gz", "curl-8"]
    );
    let screen = shown(
        folder.path(),
        &[
            "src.tar.gz",
            "--before",
            "a.json",
            "--after",
            "c.json",
            "--no-config",
        ],
    );
    assert!(
        screen.contains("1 cause is needed only for what is fetched"),
        "{screen}"
    );
    let app = of(&["app", "--before", "a.json", "--after", "c.json"]);
    assert_eq!(
        names(list(&app["steps"]), "after"),
        ["app-3.0", "src.tar.gz"]
    );
}

#[test]
fn noise_is_shown_when_asked_for() {
    let folder = deep();
    let quiet = shown(folder.path(), &[&["app"], &BOTH[..]].concat());
    assert!(
        !quiet.contains("buildInputs") && !quiet.contains("inputDrvs"),
        "{quiet}"
    );
    let all = document(folder.path(), &[&["app", "--all"], &BOTH[..]].concat());
    let app = &list(&all["steps"])[0];
    let noise = list(&app["differences"]);
    let attributes: Vec<&str> = noise
        .iter()
        .filter_map(|one| one["attribute"].as_str())
        .collect();
    assert_eq!(attributes, ["buildInputs", "out", "outputs"]);
    assert!(noise.iter().all(|one| one["onlyHashes"] == true));
    assert_eq!(names(list(&app["inputs"]), "after"), ["lib-2.0"]);
    let screen = shown(folder.path(), &[&["app", "--all"], &BOTH[..]].concat());
    assert!(
        screen.contains("inputDrvs  ~ lib-2.0 [2222] -> [6666]"),
        "{screen}"
    );
    assert!(
        screen.contains("app-3.0  follows from its inputs"),
        "{screen}"
    );
}
