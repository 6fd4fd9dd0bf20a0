//! A `.drv` file of any bytes: an error or a value, never a panic; what is printed of a value
//! reads as that value, and prints the same again.
#![no_main]

use drv_graph::aterm::Aterm;
use drv_graph::{DrvFiles, KeepEnv, ReadOptions, StorePath};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    match Aterm::parse(input) {
        Ok(file) => {
            let printed = file.print();
            let again = Aterm::parse(&printed).expect("what was printed reads");
            assert_eq!(again, file);
            assert_eq!(again.print(), printed);
        }
        Err(error) => {
            let position = error.position().expect("a parse error has a place");
            assert!(position.offset <= input.len());
        }
    }
    let root = StorePath::parse("/nix/store/00rl60x00pkff58mdw66qcxigrgw2yq0-a.drv")
        .expect("a store path");
    let mut files = DrvFiles::new(ReadOptions {
        keep_env: KeepEnv::All,
        ..ReadOptions::default()
    });
    files.want(&root);
    if files.give(&root, input).is_ok() {
        let _ = files.finish();
    }
});
