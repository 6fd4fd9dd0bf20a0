//! A `.narinfo` of any bytes: an error or a value, never a panic; an error lies inside the input;
//! what is there comes from lines of the input; what a cache would write of it reads as the same.
#![no_main]

use std::fmt::Write as _;

use drv_graph::narinfo::{self, NarInfo};
use drv_graph::{Format, StorePath};
use libfuzzer_sys::fuzz_target;

/// A narinfo in the words of Nix.
fn written(narinfo: &NarInfo) -> String {
    let info = &narinfo.info;
    let mut out = String::new();
    let mut put = |key: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{key}: {value}");
    };
    put("StorePath", info.path.as_str());
    put("URL", info.url.as_deref().expect("a narinfo has a URL"));
    put("Compression", &narinfo.compression);
    if let Some(hash) = &narinfo.file_hash {
        put(
            "FileHash",
            &format!("{}:{}", hash.algo().as_str(), hash.to_base32()),
        );
    }
    if let Some(size) = info.download_size {
        put("FileSize", &size.0.to_string());
    }
    let hash = info.nar_hash.as_ref().expect("a narinfo has a hash");
    put(
        "NarHash",
        &format!("{}:{}", hash.algo().as_str(), hash.to_base32()),
    );
    put("NarSize", &info.nar_size.0.to_string());
    let bases: Vec<&str> = info.references.iter().map(StorePath::base_name).collect();
    put("References", &bases.join(" "));
    if let Some(deriver) = &info.deriver {
        put("Deriver", deriver.base_name());
    }
    for signature in &info.signatures {
        put("Sig", signature);
    }
    if let Some(ca) = &info.ca {
        put("CA", ca);
    }
    out
}

fuzz_target!(|input: &[u8]| {
    let _ = Format::detect(input);
    match narinfo::read(input) {
        Ok(narinfo) => {
            let dir = narinfo.info.path.store_dir();
            for path in narinfo.info.references.iter().chain(&narinfo.info.deriver) {
                assert_eq!(path.store_dir(), dir);
            }
            let text = written(&narinfo);
            assert_eq!(narinfo::read(text.as_bytes()), Ok(narinfo), "{text}");
        }
        Err(error) => {
            let position = error.position().expect("each of its errors has a place");
            assert!(position.offset <= input.len(), "{error}");
        }
    }
});
