//! path-info, narinfo, dry runs and nix-eval-jobs: quirks and faults that the captured fixtures
//! do not show.

use drv_graph::{
    Bytes, CacheStatus, Error, Format, StorePath, dry_run, dump_db, eval_jobs, narinfo, path_info,
};

const HASH: &str = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
const PATH: &str = "/nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-hook";

fn path(text: &str) -> StorePath {
    StorePath::parse(text).unwrap()
}

/// The code of an error, and where it is.
fn at(error: &Error) -> (&'static str, Option<usize>) {
    (error.code(), error.position().map(|position| position.line))
}

#[test]
fn narinfo_with_every_quirk() {
    let text = "StorePath: /nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-hook\r
URL: nar/x.nar
FileHash: sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
FileSize: 0
NarHash: sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73
NarSize: 18446744073709551615
References: 8vh17lfiabqfl2bd2rasxrh94g9pf9dd-hook 00rl60x00pkff58mdw66qcxigrgw2yq0-lib
Deriver: unknown-deriver
Sig: a-1:AAAA==
Sig: b-1:BBBB==
X-Extra: anything: at all

";
    assert_eq!(Format::detect(text.as_bytes()), Some(Format::NarInfo));
    let read = narinfo::read(text.as_bytes()).unwrap();
    assert_eq!(read.compression, "bzip2");
    assert_eq!(read.file_hash.unwrap().to_string(), HASH);
    assert_eq!(read.info.nar_hash.unwrap().to_string(), HASH);
    assert_eq!(read.info.path, path(PATH));
    assert_eq!(read.info.nar_size, Bytes(u64::MAX));
    assert_eq!(read.info.download_size, None);
    assert_eq!(read.info.deriver, None);
    assert_eq!(read.info.signatures, ["a-1:AAAA==", "b-1:BBBB=="]);
    let lib = path("/nix/store/00rl60x00pkff58mdw66qcxigrgw2yq0-lib");
    assert_eq!(read.info.references, [path(PATH), lib]);
}

#[test]
fn narinfo_of_another_store() {
    let text = "StorePath: /gnu/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-hook\nURL: x\n\
        Compression: lzip\nNarHash: sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73\n\
        NarSize: 1\nReferences: \nDeriver: 00rl60x00pkff58mdw66qcxigrgw2yq0-hook.drv\n";
    let read = narinfo::read(text.as_bytes()).unwrap();
    assert!(read.info.references.is_empty());
    let deriver = path("/gnu/store/00rl60x00pkff58mdw66qcxigrgw2yq0-hook.drv");
    assert_eq!(read.info.deriver, Some(deriver));
}

#[test]
fn narinfo_faults() {
    let whole = "StorePath: /nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-hook\nURL: x\n\
        NarHash: sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73\nNarSize: 1\n";
    narinfo::read(whole.as_bytes()).unwrap();
    for (from, to, expected) in [
        ("URL: x\n", "", ("missing-field", Some(1))),
        ("URL: x", "URL:", ("missing-field", Some(1))),
        ("NarSize: 1\n", "", ("missing-field", Some(1))),
        ("NarSize: 1", "NarSize 1", ("syntax", Some(4))),
        ("NarSize: 1", "NarSize: -1", ("bad-value", Some(4))),
        ("NarSize: 1", "NarSize:", ("bad-value", Some(4))),
        (
            "NarSize: 1",
            "NarSize: 18446744073709551616",
            ("number-overflow", Some(4)),
        ),
        (
            "NarSize: 1",
            "NarSize: 1\nNarSize: 1",
            ("duplicate-key", Some(5)),
        ),
        (
            "NarHash: sha256:0m",
            "NarHash: sha256:zm",
            ("bad-value", Some(3)),
        ),
        ("StorePath: /", "StorePath: ", ("store-path", Some(1))),
        (
            "NarSize: 1",
            "NarSize: 1\nReferences: ../x",
            ("store-path", Some(5)),
        ),
    ] {
        let error = narinfo::read(whole.replace(from, to).as_bytes()).expect_err(to);
        assert_eq!(at(&error), expected, "{to}");
    }
    let error = narinfo::read(b"StorePath: \xff").expect_err("bytes");
    assert_eq!(at(&error), ("not-utf8", Some(1)));
}

#[test]
fn path_info_of_newer_versions() {
    let text = format!(
        r#"{{"version":3,"storeDir":"/gnu/store","info":{{
            "8vh17lfiabqfl2bd2rasxrh94g9pf9dd-hook":{{
                "ca":{{"method":"nar","hash":"{HASH}"}},
                "deriver":"00rl60x00pkff58mdw66qcxigrgw2yq0-hook.drv",
                "narHash":{{"algorithm":"sha256","format":"base64","hash":"{}"}},
                "narSize":7,"references":[],
                "signatures":[{{"keyName":"k","sig":"AAAA=="}},"l:BBBB=="]}}}}}}"#,
        &HASH[7..]
    );
    assert_eq!(Format::detect(text.as_bytes()), Some(Format::PathInfoJson));
    let infos = path_info::read(text.as_bytes()).unwrap();
    let info = &infos.valid[0];
    assert_eq!(info.path.store_dir(), "/gnu/store");
    assert_eq!(info.deriver.as_ref().unwrap().store_dir(), "/gnu/store");
    assert_eq!(info.signatures, ["k:AAAA==", "l:BBBB=="]);
    assert_eq!(info.nar_hash.as_ref().unwrap().to_string(), HASH);
    assert_eq!(
        info.ca.as_deref(),
        Some("fixed:r:sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73")
    );
}

#[test]
fn path_info_faults() {
    for (text, expected) in [
        ("", ("truncated", Some(1))),
        ("[", ("truncated", Some(1))),
        ("[null]", ("wrong-type", Some(1))),
        (r#"[{"narSize":1}]"#, ("missing-field", Some(1))),
        (r#"[{"path":"PATH"}]"#, ("missing-field", Some(1))),
        (
            r#"{"PATH":{"narSize":1},"PATH":null}"#,
            ("duplicate-key", Some(1)),
        ),
        (
            r#"[{"path":"PATH","narSize":1},{"path":"PATH","narSize":2}]"#,
            ("duplicate-key", Some(1)),
        ),
        (r#"{"PATH":{"narSize":"1"}}"#, ("wrong-type", Some(1))),
        (
            r#"{"PATH":{"narSize":99999999999999999999}}"#,
            ("number-overflow", Some(1)),
        ),
        (
            r#"{"PATH":{"narSize":1,"narHash":"x"}}"#,
            ("bad-value", Some(1)),
        ),
        (
            r#"{"PATH":{"narSize":1,"references":["x"]}}"#,
            ("store-path", Some(1)),
        ),
        (r#"{"version":9,"info":{}}"#, ("unknown-version", Some(1))),
        (r#"{"x":null}"#, ("store-path", Some(1))),
        ("{} {}", ("syntax", Some(1))),
    ] {
        let text = text.replace("PATH", PATH);
        let error = path_info::read(text.as_bytes()).expect_err(&text);
        assert_eq!(at(&error), expected, "{text}");
    }
}

#[test]
fn dry_runs_of_every_age() {
    let text = "warning: something
these 2 derivations will be built:
  /nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-b.drv
  /nix/store/00rl60x00pkff58mdw66qcxigrgw2yq0-a.drv
this path will be fetched (0.50 MiB download, 2.00 GiB unpacked):
  /nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-hook
don't know how to build these paths (may be caused by read-only store access):
  /nix/store/00rl60x00pkff58mdw66qcxigrgw2yq0-x
";
    assert_eq!(Format::detect(text.as_bytes()), Some(Format::DryRun));
    let run = dry_run::read(text.as_bytes()).unwrap();
    let names: Vec<_> = run.build.iter().map(StorePath::name).collect();
    assert_eq!(names, ["a.drv", "b.drv"]);
    assert_eq!(run.fetch, [path(PATH)]);
    assert_eq!(run.download_size, Some(Bytes(1 << 19)));
    assert_eq!(run.unpacked_size, Some(Bytes(2 << 30)));
    assert_eq!(run.unknown.len(), 1);

    for heading in [
        "this derivation will be built:",
        "these derivations will be built:",
        "these 12 derivations will be built:",
    ] {
        let text = format!("{heading}\n  /nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-b.drv\n");
        assert_eq!(dry_run::read(text.as_bytes()).unwrap().build.len(), 1);
    }
    for heading in [
        "these paths will be fetched:",
        "these 2 paths will be fetched (1.0 KiB download, 3 B unpacked):",
    ] {
        let text = format!("{heading}\n  {PATH}\n");
        assert_eq!(dry_run::read(text.as_bytes()).unwrap().fetch.len(), 1);
    }
    assert_eq!(dry_run::read(b"").unwrap(), dry_run::DryRun::default());
}

#[test]
fn a_warning_amid_a_list_does_not_end_it() {
    let text = "these 2 derivations will be built:
  /nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-b.drv
warning: the cache is slow:
         it took 3 s
  /nix/store/00rl60x00pkff58mdw66qcxigrgw2yq0-a.drv

this path will be fetched:
  /nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-hook
";
    let run = dry_run::read(text.as_bytes()).unwrap();
    assert_eq!((run.build.len(), run.fetch.len()), (2, 1));
}

#[test]
fn paths_below_no_known_heading_do_not_vanish() {
    for heading in ["", "these 2 paths will be conjured up:\n"] {
        let known = format!("this path will be fetched:\n  {PATH}\n");
        for before in ["", &known] {
            if heading.is_empty() && !before.is_empty() {
                continue;
            }
            let text = format!("{before}{heading}  {PATH}\n");
            let error = dry_run::read(text.as_bytes()).expect_err(&text);
            assert_eq!(error.code(), "bad-value", "{text}");
        }
    }
}

#[test]
fn dry_run_faults() {
    let heading = "this derivation will be built:\n";
    for (text, expected) in [
        ("  nonsense\n", ("store-path", Some(2))),
        (
            "  /nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-hook\n",
            ("bad-value", Some(2)),
        ),
        (
            "  /nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-b.drv",
            ("truncated", Some(2)),
        ),
    ] {
        let error = dry_run::read(format!("{heading}{text}").as_bytes()).expect_err(text);
        assert_eq!(at(&error), expected, "{text}");
    }
}

#[test]
fn eval_jobs_lines() {
    let text = r#"{"attr":"a.b","attrPath":["a","b"],"drvPath":"/nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-b.drv","inputDrvs":{"/nix/store/00rl60x00pkff58mdw66qcxigrgw2yq0-a.drv":["out"]},"isCached":false,"name":"b","outputs":{"out":"/nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-hook","dev":null},"system":"x86_64-linux"}
{"attr":"broken","attrPath":["broken"],"error":"error: attribute 'x' missing\n"}
{"attr":"c","cacheStatus":"local","drvPath":"/nix/store/00rl60x00pkff58mdw66qcxigrgw2yq0-c.drv","name":"c","neededBuilds":["/nix/store/00rl60x00pkff58mdw66qcxigrgw2yq0-c.drv"],"neededSubstitutes":[],"outputs":{},"system":"aarch64-linux"}
"#;
    assert_eq!(Format::detect(text.as_bytes()), Some(Format::EvalJobs));
    let jobs = eval_jobs::read(text.as_bytes()).unwrap();
    assert_eq!(jobs.len(), 3);
    let first = jobs[0].result.as_ref().unwrap();
    assert_eq!(jobs[0].attr, "a.b");
    assert_eq!(first.cache, Some(CacheStatus::NotBuilt));
    assert_eq!(
        first.outputs,
        [("dev".into(), None), ("out".into(), Some(path(PATH)))]
    );
    assert!(jobs[1].result.as_ref().unwrap_err().contains("missing"));
    let third = jobs[2].result.as_ref().unwrap();
    assert_eq!(third.cache, Some(CacheStatus::Local));
    assert_eq!(third.needed_builds.len(), 1);
    assert_eq!(eval_jobs::read(b"").unwrap(), []);
}

#[test]
fn eval_jobs_faults() {
    let good = r#"{"attr":"x","error":"e"}"#;
    for (text, expected) in [
        ("{", ("truncated", Some(2))),
        ("[]", ("wrong-type", Some(2))),
        (r#"{"attr":"x"}"#, ("missing-field", Some(2))),
        (r#"{"error":"x"}"#, ("missing-field", Some(2))),
        (r#"{"attr":"x","drvPath":"x"}"#, ("store-path", Some(2))),
        (r#"{"attr":"x","cacheStatus":"x"}"#, ("bad-value", Some(2))),
        (r#"{"attr":1}"#, ("wrong-type", Some(2))),
    ] {
        let error = eval_jobs::read(format!("{good}\n{text}").as_bytes()).expect_err(text);
        assert_eq!(at(&error), expected, "{text}");
    }
}

#[test]
fn formats_are_told_by_their_start() {
    for (text, expected) in [
        ("", None),
        (" \n", None),
        ("hello", None),
        ("{", None),
        ("{}", Some(Format::DerivationJson)),
        ("[]", Some(Format::PathInfoJson)),
        ("[1", Some(Format::PathInfoJson)),
        (
            r#"{"version":4,"derivations":{"#,
            Some(Format::DerivationJson),
        ),
        (
            r#"{"storeDir":"/s","version":2,"info":{}}"#,
            Some(Format::PathInfoJson),
        ),
        (
            r#"{"/nix/store/x.drv":{"name":"x","outputs":"#,
            Some(Format::DerivationJson),
        ),
        (
            r#"{"/nix/store/x.drv":{"narHash":"#,
            Some(Format::PathInfoJson),
        ),
        (r#"{"/nix/store/x":null,"#, Some(Format::PathInfoJson)),
        (r#"{"attr":"x""#, Some(Format::EvalJobs)),
        (r#"{"x":1}"#, None),
        ("Derive(", Some(Format::ATerm)),
        (r#"DrvWithVersion("x"#, Some(Format::ATerm)),
        ("NarSize: 1\n", Some(Format::NarInfo)),
        ("x\nthis path will be fetched:\n", Some(Format::DryRun)),
    ] {
        assert_eq!(Format::detect(text.as_bytes()), expected, "{text}");
    }
    assert_eq!(Format::detect(b"\xff\xfe{"), None);
    assert_eq!(Format::detect(b"{\"\xff"), None);
}

/// What Nix 2.8 writes: the second path refers to the first and to itself.
const DUMP: &str = "/nix/store/00rl60x00pkff58mdw66qcxigrgw2yq0-lib
10551daed7fa467d0b58826e7eb9a0f2af7d693de319f2ef775fffcda244b9f6
120

0
/nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-hook
sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73
216
/nix/store/00rl60x00pkff58mdw66qcxigrgw2yq0-hook.drv
2
/nix/store/00rl60x00pkff58mdw66qcxigrgw2yq0-lib
/nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-hook
";

#[test]
fn a_dumped_database_is_read() {
    assert_eq!(Format::detect(DUMP.as_bytes()), Some(Format::DumpDb));
    let infos = dump_db::read(DUMP.as_bytes()).unwrap();
    let [lib, hook] = &infos[..] else {
        panic!("{infos:?}")
    };
    assert_eq!((lib.nar_size, hook.nar_size), (Bytes(120), Bytes(216)));
    assert_eq!((lib.references.len(), lib.deriver.is_none()), (0, true));
    assert_eq!(hook.nar_hash.as_ref().unwrap().to_string(), HASH);
    assert_eq!(hook.references, [lib.path.clone(), path(PATH)]);
    assert!(hook.deriver.as_ref().unwrap().is_derivation());

    let joined = [DUMP, "\n", DUMP].concat();
    assert_eq!(dump_db::read(joined.as_bytes()).unwrap(), infos);
    // One store path a line is another format.
    let list = format!("{PATH}\n{PATH}\n");
    assert_eq!(Format::detect(list.as_bytes()), None);
}

#[test]
fn what_is_wrong_with_a_dump_has_a_place() {
    let conflicting = [DUMP, &DUMP.replace("\n120\n", "\n121\n")].concat();
    for (text, code, line) in [
        (DUMP.replace("\n120\n", "\n-120\n"), "bad-value", 3),
        (
            DUMP.replace("\n120\n", "\n99999999999999999999\n"),
            "number-overflow",
            3,
        ),
        (DUMP.replace("\n1055", "\nX055"), "bad-value", 2),
        (DUMP.replace("\n2\n", "\n3\n"), "truncated", 13),
        (DUMP.replace("\n2\n", "\n1\n"), "truncated", 13),
        (DUMP.trim_end().to_owned(), "truncated", 12),
        (conflicting, "duplicate-key", 13),
        (DUMP.replacen("/nix", "nix", 1), "store-path", 1),
    ] {
        let error = dump_db::read(text.as_bytes()).unwrap_err();
        assert_eq!(at(&error), (code, Some(line)), "{error}\n{text}");
    }
}
