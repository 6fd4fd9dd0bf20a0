//! Graphs: every name is one string.

use expect_test::expect;

use super::super::sample::{HOSTILE, hostile, plan};
use super::*;

#[test]
fn the_sample_as_a_graph() {
    expect![[r##"
        digraph plan {
          rankdir=LR;
          node [shape=box, style=filled];
          n0 [label="gcc-14.3.0 | heavy | 1 h 00 min | 6.0 GB", tooltip="/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-gcc-14.3.0.drv", fillcolor="#fbb4ae", penwidth=3];
          n1 [label="zlib-1.3 | light | 2 min | 1.0 GB", tooltip="/nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-zlib-1.3.drv", fillcolor="#fed9a6", penwidth=3];
          n2 [label="python3-3.13.1 | heavy | 30 min | 4.0 GB", tooltip="/nix/store/cccccccccccccccccccccccccccccccc-python3-3.13.1.drv", fillcolor="#fbb4ae", penwidth=3];
          n3 [label="ripgrep-15 | light | 15 min | 1.0 GB", tooltip="/nix/store/dddddddddddddddddddddddddddddddd-ripgrep-15.drv", fillcolor="#fed9a6"];
          n4 [label="chromium-142 | heavy | 5 h 00 min | 16.0 GB", tooltip="/nix/store/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee-chromium-142.drv", fillcolor="#fbb4ae"];
          n0 -> n1 [penwidth=3];
          n0 -> n3;
          n1 -> n2 [penwidth=3];
          n2 -> n4;
        }
    "##]].assert_eq(&render(&plan()));
}

#[test]
fn hostile_names_stay_within_their_quotes() {
    for name in HOSTILE {
        let dot = render(&hostile(name));
        // Outside of strings nothing is left but what this file itself writes.
        let mut outside = String::new();
        let mut inside = false;
        let mut chars = dot.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' if inside => {
                    chars.next();
                }
                '"' => inside = !inside,
                c if !inside => outside.push(c),
                c => assert!(!c.is_control(), "{dot}"),
            }
        }
        assert!(!inside, "{dot}");
        let allowed = |c: char| c.is_ascii_alphanumeric() || " \n{}[]=;,->".contains(c);
        assert!(
            outside.chars().all(allowed) && !outside.contains("touch"),
            "{outside}"
        );
    }
}
