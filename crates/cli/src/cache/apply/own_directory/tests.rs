use std::io;

use cache_policy::audit::{File as Listed, Flaw, Listing, audit};
use drv_graph::narinfo;

use super::*;

const STORE: &str = "/nix/store";

fn path(digit: char) -> StorePath {
    let text = format!("{STORE}/{}-it", digit.to_string().repeat(32));
    StorePath::parse(&text).expect("a store path")
}

/// What Nix would write about a path, whose NAR is of five bytes.
fn narinfo(path: &StorePath, references: &[&StorePath], nar: &str) -> String {
    let references: Vec<String> = references
        .iter()
        .map(|path| format!("{}-{}", path.hash_part(), path.name()))
        .collect();
    format!(
        "StorePath: {path}\nURL: nar/{nar}\nCompression: none\nFileSize: 5\n\
         NarHash: sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73\nNarSize: 5\n\
         References: {}\n",
        references.join(" ")
    )
}

/// As if Nix had packed a path into the staging folder.
fn packed(own: &OwnDirectory, path: &StorePath, references: &[&StorePath], nar: &str) -> Staged {
    let folder = own.staging().join(path.hash_part());
    fs::create_dir_all(folder.join("nar")).expect("it is ours");
    let text = narinfo(path, references, nar);
    fs::write(folder.join(narinfo_name(path)), text).expect("it is ours");
    fs::write(folder.join("nar").join(nar), "12345").expect("it is ours");
    Staged::read(&folder, path).expect("it is there")
}

/// What an audit says of the directory: nothing but what only takes up room.
#[track_caller]
fn flaws(dir: &Path) -> Vec<Flaw> {
    let mut listing = Listing {
        cache_info: fs::read_to_string(dir.join(CACHE_INFO)).ok(),
        ..Listing::default()
    };
    let mut open = vec![String::new()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(dir.join(&folder)).expect("it is there") {
            let entry = entry.expect("it is there");
            let name = entry.file_name().into_string().expect("a name");
            let name = if folder.is_empty() {
                name
            } else {
                format!("{folder}/{name}")
            };
            if entry.path().is_dir() {
                open.push(name);
            } else if folder.is_empty() && name.ends_with(".narinfo") {
                let bytes = fs::read(entry.path()).expect("it is there");
                listing.narinfos.insert(name, narinfo::read(&bytes));
            } else {
                let file = Listed {
                    bytes: Bytes(entry.metadata().expect("it is there").len()),
                    ..Listed::default()
                };
                listing.files.insert(name, file);
            }
        }
    }
    let flaws = audit(&listing, |_| false, None);
    assert!(!flaws.iter().any(Flaw::is_violation), "{flaws:?}");
    flaws
}

#[test]
fn what_is_published_is_served_and_what_is_evicted_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("a").join("cache");
    let mut own = OwnDirectory::open(&dir, STORE).expect("it is made");
    let (a, b, c) = (path('a'), path('b'), path('c'));
    for (path, references, nar) in [
        (&a, &[][..], "one"),
        (&b, &[&a, &b][..], "two"),
        // Of two packages that are alike to the last bit.
        (&c, &[][..], "one"),
    ] {
        own.publish(packed(&own, path, references, nar))
            .expect("it is published");
        assert!(own.narinfo(path).is_some_and(|file| file.exists()));
    }
    assert_eq!(flaws(&own.dir), []);
    assert_eq!(own.unnamed().expect("it can be listed"), Bytes(0));
    fs::write(own.dir.join("nar/three"), "123").expect("it is ours");
    assert_eq!(own.unnamed().expect("it can be listed"), Bytes(3));
    fs::remove_file(own.dir.join("nar/three")).expect("it is ours");
    own.evict(&a).expect_err("it is needed");
    own.evict(&b).expect("nothing needs it but itself");
    own.evict(&a).expect("nothing needs it");
    assert!(
        own.dir.join("nar/one").exists(),
        "another path has the same NAR"
    );
    own.evict(&c).expect("nothing needs it");
    // A narinfo that names something else than a NAR does not take that along.
    let text = narinfo(&c, &[], "one").replace("nar/one", CACHE_INFO);
    fs::write(own.dir.join(narinfo_name(&c)), text).expect("it is ours");
    own.look_again().expect("it can be read");
    own.evict(&c).expect("nothing needs it");
    assert!(own.dir.join(CACHE_INFO).exists());
    assert_eq!(
        entries(&own.dir.join("nar")).expect("it is there"),
        Vec::<PathBuf>::new()
    );
    drop(own);
    assert_eq!(flaws(&dir), []);
}

/// Nix packs two packages that are alike to the last bit into one file.
#[test]
fn what_is_packed_together_may_have_one_nar() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut own = OwnDirectory::open(folder.path(), STORE).expect("it is made");
    let together = own.staging().join("batch");
    fs::create_dir_all(together.join("nar")).expect("it is ours");
    fs::write(together.join("nar/one"), "12345").expect("it is ours");
    let [a, b, c] = ['a', 'b', 'c'].map(|digit| {
        let path = path(digit);
        let text = narinfo(&path, &[], "one");
        fs::write(together.join(narinfo_name(&path)), text).expect("it is ours");
        Staged::read(&together, &path).expect("it is there")
    });
    own.publish(a).expect("it is published");
    assert!(own.has_nar(&b));
    own.publish(b).expect("its NAR is there");
    flaws(folder.path());
    own.evict(&path('a')).expect("nothing needs it");
    own.evict(&path('b')).expect("nothing needs it");
    assert!(!own.has_nar(&c), "it was deleted with the others");
}

/// What its staging folder is called, which stays with what is in it.
fn killed(own: OwnDirectory) -> PathBuf {
    own.staging.keep()
}

/// Each file operation fails in turn, and nothing after it is done: what is there is in order,
/// and whoever comes next finds nothing left over.
#[test]
fn an_interruption_anywhere_leaves_nothing_behind() {
    let (a, b) = (path('a'), path('b'));
    let begun = |dir: &Path| {
        let mut own = OwnDirectory::open(dir, STORE).expect("it is made");
        own.publish(packed(&own, &a, &[], "one"))
            .expect("it is published");
        own
    };
    let rename =
        |dir: &Path, from: PathBuf, to: &str| -> io::Result<()> { fs::rename(from, dir.join(to)) };
    let name = |path: &StorePath| narinfo_name(path);
    // After so many operations of a publication, or of an eviction.
    for done in 0..3 {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("cache");
        let own = begun(&dir);
        let staged = packed(&own, &b, &[&a], "two");
        if done > 0 {
            rename(&own.dir, staged.nar.clone(), "nar/two").expect("it is ours");
        }
        if done > 1 {
            rename(&own.dir, staged.narinfo.clone(), &name(&b)).expect("it is ours");
        }
        flaws(&dir);
        let left = killed(own);
        let own = OwnDirectory::open(&dir, STORE).expect("it is tidied up");
        assert!(!left.exists());
        assert_eq!(own.narinfo(&b).is_some(), done > 1);
        assert_eq!(own.dir.join("nar/two").exists(), done > 1);
        drop(own);
        assert_eq!(flaws(&dir), []);
    }
    for done in 0..4 {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("cache");
        let own = begun(&dir);
        let served = own.dir.join(name(&a));
        let evicting = format!("{WORK_DIR}/evicting/{}", name(&a));
        if done > 0 {
            rename(&own.dir, served, &evicting).expect("it is ours");
        }
        if done > 1 {
            fs::remove_file(own.dir.join("nar/one")).expect("it is ours");
        }
        if done > 2 {
            fs::remove_file(own.dir.join(&evicting)).expect("it is ours");
        }
        drop(own);
        flaws(&dir);
        let own = OwnDirectory::open(&dir, STORE).expect("it is tidied up");
        assert_eq!(own.narinfo(&a).is_some(), done == 0);
        drop(own);
        assert_eq!(flaws(&dir), []);
    }
}

#[test]
fn a_directory_of_something_else_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("letter"), "to somebody").expect("it is ours");
    let refused = OwnDirectory::open(folder.path(), STORE).err();
    assert!(matches!(refused, Some(Failure::Usage { .. })));
    assert_eq!(entries(folder.path()).expect("it is there").len(), 1);
}

#[test]
fn a_directory_that_is_there_and_empty_becomes_a_cache() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().expect("a folder");
    let disk = folder.path().join("disk");
    fs::create_dir_all(disk.join("lost+found")).expect("it is ours");
    let link = folder.path().join("link");
    symlink(&disk, &link).expect("it is ours");
    drop(OwnDirectory::open(&link, STORE).expect("it is made"));
    assert!(link.is_symlink());
    assert!(disk.join(CACHE_INFO).is_file());
    // Killed before there was more than this.
    fs::remove_file(disk.join(CACHE_INFO)).expect("it is ours");
    fs::remove_dir(disk.join("nar")).expect("it is ours");
    fs::write(disk.join(WORK_DIR).join("new-1"), "").expect("it is ours");
    OwnDirectory::open(&link, STORE).expect("it is made");
    assert_eq!(flaws(&disk), []);
}

#[test]
fn one_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = OwnDirectory::open(folder.path(), STORE).expect("it is made");
    let second = OwnDirectory::open(folder.path(), STORE).err();
    assert!(second.is_some_and(|error| error.to_string().contains("at work")));
    drop(own);
    OwnDirectory::open(folder.path(), STORE).expect("nobody is at work");
    let other = OwnDirectory::open(folder.path(), "/gnu/store").err();
    assert!(matches!(
        other,
        Some(Failure::Data {
            code: "store-dir",
            ..
        })
    ));
}
