//! Running text set in lines.

use unicode_width::UnicodeWidthChar;

use super::untrusted::width;

/// Lines of at most `columns − indent`, broken at spaces; a longer word is broken where it must.
pub(super) fn wrapped(text: &str, columns: usize, indent: usize) -> Vec<String> {
    let room = columns.saturating_sub(indent).max(20);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let w = width(word);
        if used > 0 && used + 1 + w <= room {
            lines.last_mut().expect("never empty").push(' ');
            used += 1;
        } else if used > 0 {
            lines.push(String::new());
            used = 0;
        }
        for c in word.chars() {
            let w = c.width().unwrap_or(0);
            if used + w > room {
                lines.push(String::new());
                used = 0;
            }
            lines.last_mut().expect("never empty").push(c);
            used += w;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_long_words_anywhere() {
        for (text, lines) in [
            ("", vec![""]),
            ("a short text", vec!["a short text"]),
            ("twenty columns are all", vec!["twenty columns are", "all"]),
            (
                "0123456789012345678901234",
                vec!["01234567890123456789", "01234"],
            ),
            (
                "日本語日本語日本語日本語",
                vec!["日本語日本語日本語日", "本語"],
            ),
        ] {
            assert_eq!(wrapped(text, 24, 4), lines);
        }
    }
}
