//! How a text became another: by lines, and by words within the lines that changed.

use std::ops::Range;

use super::words::changed_words;

/// Looking for the lines that others became takes as many comparisons of words at most.
const WORD_PAIRS: usize = 1 << 20;

/// What became of a line, or of some lines that came one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineEdit {
    /// Both texts have it; as the text after writes it, which may name other hashes.
    Same(String),
    /// Only the text before has it.
    Removed(String),
    /// Only the text after has it.
    Added(String),
    /// One line became another that has much in common with it.
    Changed(Vec<WordEdit>),
}

/// What became of some words of a line, one or more. Each word has the white space before it, and
/// the last of a line that after it: what is [`Same`](Self::Same) or [`Added`](Self::Added) is
/// together the line after. Where there is neither `Removed` nor `Added`, white space differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WordEdit {
    /// Both lines have them; as the line after writes them.
    Same(Vec<String>),
    /// Only the line before has them.
    Removed(Vec<String>),
    /// Only the line after has them.
    Added(Vec<String>),
}

/// A text, and in what form it is compared. The two have as many lines, and these as many words.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    pub(super) raw: Vec<String>,
    pub(super) normal: Vec<String>,
}

impl Written {
    /// Adds the lines of a text.
    pub(super) fn push(&mut self, raw: &str, normal: &str) {
        self.raw.extend(raw.split('\n').map(str::to_owned));
        self.normal.extend(normal.split('\n').map(str::to_owned));
    }
}

/// How one text became another, hash by hash: what lies in files, for instance.
pub fn text_edits(before: &str, after: &str) -> Vec<LineEdit> {
    let plain = |text: &str| {
        let mut written = Written::default();
        written.push(text, text);
        written
    };
    edits(&plain(before), &plain(after))
}

/// How `before` became `after`. Words end at white space, behind the commas of JSON and between
/// the paths of a list like `PATH`.
///
/// The cost is that of [`changed_words`] for the lines, and for the words of lines that changed.
pub(super) fn edits(before: &Written, after: &Written) -> Vec<LineEdit> {
    let (removed, added) = changed_words(&before.normal, &after.normal);
    let mut out = Vec::new();
    let (mut removed, mut added) = (Runs::new(removed), Runs::new(added));
    let (mut i, mut j) = (0, 0);
    loop {
        let (gone, come) = (removed.from(i), added.from(j));
        (i, j) = (gone.end, come.end);
        hunk(before, gone, after, come, &mut out);
        if j == after.raw.len() {
            break;
        }
        out.push(LineEdit::Same(after.raw[j].clone()));
        (i, j) = (i + 1, j + 1);
    }
    out
}

/// Ascending places, taken one after the other as long as there is no gap.
struct Runs(std::iter::Peekable<std::vec::IntoIter<usize>>);

impl Runs {
    fn new(places: Vec<usize>) -> Self {
        Self(places.into_iter().peekable())
    }

    fn from(&mut self, start: usize) -> Range<usize> {
        let mut end = start;
        while self.0.next_if_eq(&end).is_some() {
            end += 1;
        }
        start..end
    }
}

/// Lines that went, and lines that came in their place.
fn hunk(
    before: &Written,
    gone: Range<usize>,
    after: &Written,
    come: Range<usize>,
    out: &mut Vec<LineEdit>,
) {
    let only_ones = before.raw.len() == 1 && after.raw.len() == 1;
    let words = |text: &Written, lines: Range<usize>| {
        let lines = text.raw[lines].iter();
        lines
            .map(|line| words(line, false).count().max(1))
            .sum::<usize>()
    };
    let pairs = words(before, gone.clone()).saturating_mul(words(after, come.clone()));
    let is_small = (gone.len(), come.len()) == (1, 1) || pairs <= WORD_PAIRS;
    let mut next = come.start;
    for i in gone {
        let mut candidates = (next..come.end).filter(|_| is_small);
        let became = candidates.find_map(|j| {
            let line = Line::new(before, i, after, j);
            line.is_alike(only_ones).then_some((j, line))
        });
        match became {
            None => out.push(LineEdit::Removed(before.raw[i].clone())),
            Some((j, line)) => {
                let added = after.raw[next..j].iter().cloned();
                out.extend(added.map(LineEdit::Added));
                out.push(LineEdit::Changed(line.edits()));
                next = j + 1;
            }
        }
    }
    let rest = after.raw[next..come.end].iter().cloned();
    out.extend(rest.map(LineEdit::Added));
}

/// A line that may have become another.
struct Line<'a> {
    before: Words<'a>,
    after: Words<'a>,
    removed: Vec<usize>,
    added: Vec<usize>,
}

impl<'a> Line<'a> {
    fn new(before: &'a Written, i: usize, after: &'a Written, j: usize) -> Self {
        let before = Words::new(&before.raw[i], &before.normal[i]);
        let after = Words::new(&after.raw[j], &after.normal[j]);
        let (removed, added) = changed_words(&before.normal, &after.normal);
        Self {
            before,
            after,
            removed,
            added,
        }
    }

    /// Whether half the words of the shorter one are in the longer one. The only line of a text
    /// became the only line of the other, unless both are long and have nothing in common.
    fn is_alike(&self, only_ones: bool) -> bool {
        let (m, n) = (self.before.normal.len(), self.after.normal.len());
        let common = m - self.removed.len();
        (common > 0 && common * 2 >= m.min(n)) || (only_ones && m.min(n) == 1 && m.max(n) <= 4)
    }

    fn edits(self) -> Vec<WordEdit> {
        let mut out = Vec::new();
        let (mut removed, mut added) = (Runs::new(self.removed), Runs::new(self.added));
        let (mut i, mut j) = (0, 0);
        let mut same = j..j;
        loop {
            let (gone, come) = (removed.from(i), added.from(j));
            let is_end = come.end == self.after.ends.len();
            if !gone.is_empty() || !come.is_empty() || is_end {
                out.extend(self.after.texts(same).map(WordEdit::Same));
                out.extend(self.before.texts(gone.clone()).map(WordEdit::Removed));
                out.extend(self.after.texts(come.clone()).map(WordEdit::Added));
                same = come.end..come.end;
            }
            (i, j) = (gone.end, come.end);
            if is_end {
                return out;
            }
            (i, j) = (i + 1, j + 1);
            same.end = j;
        }
    }
}

/// The words of a line.
struct Words<'a> {
    raw: &'a str,
    /// Where each word of the line ends; the white space before it is the word's, and that at the
    /// end of the line the last word's.
    ends: Vec<usize>,
    /// What is compared.
    normal: Vec<&'a str>,
}

impl<'a> Words<'a> {
    fn new(raw: &'a str, normal: &'a str) -> Self {
        let is_json = raw.trim_start().starts_with(['[', '{']);
        let mut ends: Vec<usize> = words(raw, is_json).map(|word| word.end).collect();
        if let Some(last) = ends.last_mut() {
            *last = raw.len();
        }
        Self {
            raw,
            ends,
            normal: words(normal, is_json).map(|word| &normal[word]).collect(),
        }
    }

    /// Words one after the other, each with what is before it; `None` for no words.
    fn texts(&self, words: Range<usize>) -> Option<Vec<String>> {
        let start = |word: usize| word.checked_sub(1).map_or(0, |before| self.ends[before]);
        let texts = words.map(|word| self.raw[start(word)..self.ends[word]].to_owned());
        let texts: Vec<String> = texts.collect();
        (!texts.is_empty()).then_some(texts)
    }
}

fn words(text: &str, is_json: bool) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = &text[at..];
        let start = at + rest.find(|c: char| !c.is_whitespace())?;
        let ends_at = |(i, c): (usize, char)| {
            let next = &text[start + i + c.len_utf8()..];
            match c {
                ',' if is_json => Some(start + i + 1),
                // Not the colon of an address.
                ':' if next.starts_with('/') && !next.starts_with("//") => Some(start + i + 1),
                c if c.is_whitespace() => Some(start + i),
                _ => None,
            }
        };
        let end = text[start..].char_indices().find_map(ends_at);
        at = end.unwrap_or(text.len());
        Some(start..at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    fn check(before: &str, after: &str, expected: &Expect) {
        let edits = text_edits(before, after);
        let shown = edits.iter().map(|edit| match edit {
            LineEdit::Same(line) => format!("  {line}\n"),
            LineEdit::Removed(line) => format!("- {line}\n"),
            LineEdit::Added(line) => format!("+ {line}\n"),
            LineEdit::Changed(words) => {
                let words = words.iter().map(|word| match word {
                    WordEdit::Same(words) => words.concat(),
                    WordEdit::Removed(words) => format!("[-{}-]", words.concat()),
                    WordEdit::Added(words) => format!("{{+{}+}}", words.concat()),
                });
                format!("~ {}\n", words.collect::<String>())
            }
        });
        expected.assert_eq(&shown.collect::<String>());
    }

    #[test]
    fn words_within_lines() {
        check(
            "-O2 -pipe",
            "-O2 -march=znver3 -pipe",
            &expect![[r"
                ~ -O2{+ -march=znver3+} -pipe
            "]],
        );
        check(
            "cd src\nmake -j4 all\nmake install\n",
            "cd src\nmake -j8 all\nmake check\nmake install\n",
            &expect![[r"
                  cd src
                ~ make[- -j4-]{+ -j8+} all
                + make check
                  make install
                  
            "]],
        );
        check("1.2", "1.3", &expect![["~ [-1.2-]{+1.3+}\n"]]);
        check(
            "one two three four five",
            "six seven eight nine ten",
            &expect![[r"
                - one two three four five
                + six seven eight nine ten
            "]],
        );
    }

    #[test]
    fn json_and_lists_of_paths() {
        check(
            r#"["a","b","c"]"#,
            r#"["a","x","c"]"#,
            &expect![[r#"
                ~ ["a",[-"b",-]{+"x",+}"c"]
            "#]],
        );
        check(
            "PATH=/a/bin:/b/bin:/c/bin http://x",
            "PATH=/a/bin:/d/bin:/c/bin http://x",
            &expect![[r"
                ~ PATH=/a/bin:[-/b/bin:-]{+/d/bin:+}/c/bin http://x
            "]],
        );
    }

    /// Where there is too much to compare, nothing is said to have become another.
    #[test]
    fn much_that_changed_takes_no_longer() {
        let text = |word: &str| vec![[word; 100].join(" "); 100].join("\n");
        let edits = text_edits(&text("a"), &text("a b"));
        assert_eq!(edits.len(), 200);
        assert!(matches!(edits[0], LineEdit::Removed(_)));
        assert!(matches!(edits[199], LineEdit::Added(_)));
    }

    #[test]
    fn what_is_compared_is_not_what_is_shown() {
        let (mut before, mut after) = (Written::default(), Written::default());
        before.push("/nix/store/aaa-x  -O2", "X  -O2");
        after.push("/nix/store/bbb-x  -O3", "X  -O3");
        let words = vec![
            WordEdit::Same(vec!["/nix/store/bbb-x".to_owned()]),
            WordEdit::Removed(vec!["  -O2".to_owned()]),
            WordEdit::Added(vec!["  -O3".to_owned()]),
        ];
        assert_eq!(edits(&before, &after), [LineEdit::Changed(words)]);
        assert_eq!(edits(&Written::default(), &Written::default()), []);
        let mut empty = Written::default();
        empty.push("", "");
        let alone = edits(&Written::default(), &empty);
        assert_eq!(alone, [LineEdit::Added(String::new())]);
    }

    fn texts() -> impl Strategy<Value = String> {
        proptest::collection::vec("[ab\\[,:/é \n\t]{0,6}", 0..12).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn edits_make_the_text_after_of_the_text_before(before in texts(), after in texts()) {
            let (mut from, mut to) = (Vec::new(), Vec::new());
            for edit in text_edits(&before, &after) {
                match edit {
                    LineEdit::Same(line) => {
                        from.push(line.clone());
                        to.push(line);
                    }
                    LineEdit::Removed(line) => from.push(line),
                    LineEdit::Added(line) => to.push(line),
                    LineEdit::Changed(words) => {
                        let (mut a, mut b) = (String::new(), String::new());
                        for word in words {
                            match word {
                                WordEdit::Same(words) => {
                                    a.push_str(&words.concat());
                                    b.push_str(&words.concat());
                                }
                                WordEdit::Removed(words) => a.push_str(&words.concat()),
                                WordEdit::Added(words) => b.push_str(&words.concat()),
                            }
                        }
                        from.push(a);
                        to.push(b);
                    }
                }
            }
            prop_assert_eq!(to.join("\n"), after);
            // White space is not compared within lines that changed.
            let solid = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(solid(&from.join("\n")), solid(&before));
        }
    }
}
