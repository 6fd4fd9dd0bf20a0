//! The tree of an edited text, from the tree before and the entries that the edit touches.
//!
//! Entries of a set stand between `{` or `;` and the next entry or `}`. Nothing around them changes
//! how they are read, and nothing in them, once they are read without a fault between brackets of
//! their own, changes how the rest is. So what the edit touches is widened to whole entries of the
//! innermost set around it, these alone are read, and the rest of the tree is shared.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use std::ops::Range;

use rnix::SyntaxKind::*;
use rnix::{NixLanguage, SyntaxNode};
use rowan::{GreenNode, Language, NodeOrToken, TextRange, TextSize};

use crate::{Patch, Span};

/// The tree of `text`, which `patch` made of the text of `root`.
///
/// None where that needs the whole text, or where the text has a fault that reading the whole of
/// it tells better. The text has to have passed [`crate::strict::check`], which bounds how deep
/// its entries nest. Takes time linear in the entries that are read, and in the number of
/// neighbours that each set around them has.
pub(crate) fn reparse(root: &SyntaxNode, patch: &Patch, text: &str) -> Option<GreenNode> {
    let (first, last) = (patch.edits().first()?, patch.edits().last()?);
    let touched = Span::new(first.span.start, last.span.end);
    let part = Part::around(root, touched)?;
    // All edits are within the part, so that what follows it moves by what the text grows.
    let after = usize::from(root.text_range().end()) - part.span.end;
    let part_text = text.get(part.span.start..text.len().checked_sub(after)?)?;

    // Between the brackets that it has, because names next to `let` and `in` would be one with it.
    let (opener, closer) = match part.set.kind() {
        NODE_LET_IN => ("let", "in 0"),
        _ => ("{", "}"),
    };
    let parsed = rnix::Root::parse(&format!("{opener}{part_text}{closer}"));
    if !parsed.errors().is_empty() {
        return None;
    }
    let file = parsed.syntax();
    let set = file.first_child()?;
    if set.kind() != part.set.kind() || set.text_range() != file.text_range() {
        return None;
    }
    let mut entries = Vec::new();
    let mut unread = part_text.len();
    let mut children = set.green().children().skip(1);
    while unread > 0 {
        // Beyond it where the part closes the set and opens another.
        let child = children.next()?;
        unread = unread.checked_sub(child.text_len().into())?;
        entries.push(child.to_owned());
    }
    let is_closer = |kind| matches!(kind, TOKEN_R_BRACE | TOKEN_IN);
    let behind = children.next()?;
    if !is_closer(NixLanguage::kind_from_raw(behind.kind())) {
        return None;
    }
    let changed = part.set.green().splice_children(part.children, entries);
    Some(part.set.replace_with(changed))
}

/// Entries of a set side by side, with all that is between them, the one before and the one after.
struct Part {
    set: SyntaxNode,
    children: Range<usize>,
    span: Span,
}

impl Part {
    /// The least of them that has `touched` within, of the innermost set that can have it.
    fn around(root: &SyntaxNode, touched: Span) -> Option<Self> {
        let size = |at| TextSize::try_from(at).ok();
        let range = TextRange::new(size(touched.start)?, size(touched.end)?);
        let innermost = match root.covering_element(range) {
            NodeOrToken::Node(node) => node,
            NodeOrToken::Token(token) => token.parent()?,
        };
        innermost
            .ancestors()
            .find_map(|node| Self::of(&node, touched))
    }

    fn of(set: &SyntaxNode, touched: Span) -> Option<Self> {
        let (opener, closer) = match set.kind() {
            NODE_ATTR_SET => (TOKEN_L_BRACE, TOKEN_R_BRACE),
            NODE_LET_IN => (TOKEN_LET, TOKEN_IN),
            _ => return None,
        };
        // The first child of the part, and where it starts.
        let mut from: Option<(usize, usize)> = None;
        let mut end = usize::from(set.text_range().start());
        for (at, child) in set.green().children().enumerate() {
            let kind = NixLanguage::kind_from_raw(child.kind());
            let start = end;
            end += usize::from(child.text_len());
            if child.as_node().is_none() && kind != opener && kind != closer {
                continue;
            }
            match from {
                Some((first, part)) if touched.end <= start => {
                    return Some(Self {
                        set: set.clone(),
                        children: first..at,
                        span: Span::new(part, start),
                    });
                }
                _ if kind == closer => return None,
                _ if end <= touched.start => from = Some((at + 1, end)),
                _ if kind == opener => return None,
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{TextEdit, parse, strict};

    const FILE: &str = r#"{ pkgs, ... }: # head
let
  a.b = 1; /* c */ inherit (pkgs) lib;
  c = rec { x = "s ${toString { y = 2; }} t"; z = ''i ${d}''; };
in
{
  imports = [ ./a.nix { b = c; } (let e = 1; in e) ];

  f = { g, h ? { i = 1; } }@j: g // { k.l = -1; inherit h; } // { };
  ${"m"} = a: { };n = if a then { } else { o = p: q; };
} // { }
"#;

    fn edits() -> impl Strategy<Value = Vec<TextEdit>> {
        let one = (
            0..=FILE.len(),
            prop_oneof![Just(0), Just(1), 0..12_usize],
            prop_oneof![
                "[ a={};]{0,6}",
                "[-a.;:@=(){}\\[\\]\"'$#/*+<>,\n ]{0,6}",
                Just("x = 1;".to_owned()),
                Just("} // {".to_owned()),
                Just("};y={".to_owned()),
                Just("# no end".to_owned()),
                Just("# end\n".to_owned()),
            ],
        );
        let edit = one.prop_map(|(start, length, insert)| {
            TextEdit::replace(Span::new(start, (start + length).min(FILE.len())), insert)
        });
        prop::collection::vec(edit, 1..3)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn the_tree_is_that_of_the_whole_text(edits in edits()) {
            let root = parse::parse(FILE).expect("Nix reads it");
            let Ok(patch) = Patch::new(edits) else { return Ok(()) };
            let text = patch.apply(FILE).expect("the text is ASCII");
            if strict::check(&text).is_empty()
                && let Some(tree) = reparse(&root, &patch, &text)
            {
                let whole = rnix::Root::parse(&text);
                prop_assert_eq!(whole.errors(), []);
                prop_assert_eq!(tree, whole.syntax().green().to_owned());
            }
        }
    }

    #[test]
    fn the_entry_around_an_edit_is_enough() {
        let root = parse::parse(FILE).expect("Nix reads it");
        let changed = |old: &str, new: &str| {
            let start = FILE.find(old).expect("it is in the text");
            let span = Span::new(start, start + old.len());
            let patch = Patch::new(vec![TextEdit::replace(span, new)]).expect("one edit");
            let text = patch.apply(FILE).expect("it is of this text");
            reparse(&root, &patch, &text).is_some()
        };
        assert!(changed("-1", "[ 2 ]"));
        assert!(changed("inherit h;", ""));
        assert!(changed("\n\n  f =", "\n  new = 1;\n  f ="));
        assert!(changed("a.b = 1", "a.b = 2"));
        assert!(!changed("pkgs, ...", "pkgs"), "outside of all sets");
        assert!(!changed("k.l = -1;", "} // {"), "what is read is no set");
        assert!(!changed("inherit h; }", "# }"), "it has no end");
    }
}
