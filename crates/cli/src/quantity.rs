//! Quantities as people type and read them: `6 GB`, `2h`, `9 h 05 min`.

use hw_profile::Bytes;
use tier_planner::Millis;

/// Why a quantity was not understood; the text is the whole message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Misread(String);

/// Reads an amount of memory: `8G`, `6 GB`, `6GiB`, `512 MB`, `10.5 GB`.
///
/// A gigabyte is 2³⁰ bytes here as everywhere in this field (see [`Bytes`]). A bare number is an
/// error: `--mem 8` could mean eight of anything.
pub(crate) fn parse_bytes(text: &str) -> Result<Bytes, Misread> {
    let trimmed = text.trim();
    let (number, unit) = split_number(trimmed);
    let scale: f64 = match unit.to_ascii_lowercase().as_str() {
        "k" | "kb" | "kib" => 1024.0,
        "m" | "mb" | "mib" => 1024.0 * 1024.0,
        "g" | "gb" | "gib" => Bytes::GB.0 as f64,
        "t" | "tb" | "tib" => Bytes::GB.0 as f64 * 1024.0,
        "" if !number.is_empty() => {
            return Err(Misread(format!(
                "`{trimmed}` has no unit; write `{trimmed} GB`"
            )));
        }
        _ => {
            return Err(Misread(format!(
                "`{trimmed}` is not an amount of memory; write e.g. `6 GB`"
            )));
        }
    };
    match number.parse::<f64>() {
        Ok(value) if value >= 0.0 && value * scale < u64::MAX as f64 => {
            Ok(Bytes((value * scale).round() as u64))
        }
        _ => Err(Misread(format!(
            "`{trimmed}` is not an amount of memory; write e.g. `6 GB`"
        ))),
    }
}

/// Reads the size of a cache: `5G`, `5 GB`, `750 MB`, `4.5 GiB`.
///
/// Caches and quotas count in powers of ten: a gigabyte is 10⁹ bytes here, and a GiB 2³⁰. A bare
/// number is an error, for nobody writes the size of a cache in bytes and means it.
pub(crate) fn parse_size(text: &str) -> Result<drv_graph::Bytes, Misread> {
    let trimmed = text.trim();
    let (number, unit) = split_number(trimmed);
    let scale = match unit.to_ascii_lowercase().as_str() {
        "k" | "kb" => Some(1e3),
        "m" | "mb" => Some(1e6),
        "g" | "gb" => Some(1e9),
        "t" | "tb" => Some(1e12),
        "kib" => Some(1024.0),
        "mib" => Some(1024.0 * 1024.0),
        "gib" => Some(1024.0 * 1024.0 * 1024.0),
        "tib" => Some(1024.0 * 1024.0 * 1024.0 * 1024.0),
        "" if !number.is_empty() => {
            return Err(Misread(format!(
                "`{trimmed}` has no unit; write e.g. `{trimmed} GB`"
            )));
        }
        _ => None,
    };
    let bytes = scale
        .zip(number.parse::<f64>().ok())
        .map(|(scale, number)| (scale * number).round())
        .filter(|&bytes| (0.0..u64::MAX as f64).contains(&bytes));
    match bytes {
        Some(bytes) => Ok(drv_graph::Bytes(bytes as u64)),
        None => Err(Misread(format!(
            "`{trimmed}` is not a size; write e.g. `5 GB`"
        ))),
    }
}

/// Reads a duration: `2h`, `90min`, `90m`, `45s`, `1h30`, `1 h 30 min`, `1d`.
pub(crate) fn parse_duration(text: &str) -> Result<Millis, Misread> {
    let wrong = || {
        Misread(format!(
            "`{}` is not a duration; write e.g. `2h`, `90min` or `1h 30min`",
            text.trim()
        ))
    };
    let mut rest = text.trim();
    let mut total = 0.0;
    let mut smaller: Option<f64> = None;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let (number, tail) = split_number(rest);
        let end = tail
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(tail.len());
        let seconds = match (&tail[..end], smaller) {
            ("d" | "day" | "days", _) => 86_400.0,
            ("h" | "hour" | "hours", _) => 3_600.0,
            ("m" | "min" | "minute" | "minutes", _) => 60.0,
            ("s" | "sec" | "second" | "seconds", _) => 1.0,
            ("", Some(unit)) => unit,
            _ => return Err(wrong()),
        };
        let value: f64 = number.parse().map_err(|_| wrong())?;
        total += value * seconds;
        smaller = (seconds > 1.0).then(|| {
            if seconds > 3_600.0 {
                3_600.0
            } else {
                seconds / 60.0
            }
        });
        rest = tail[end..].trim_start();
    }
    if total.is_finite() && total < 1e15 {
        Ok(Millis::from_secs(total))
    } else {
        Err(wrong())
    }
}

/// Reads a share: `0.8` or `80%`, in 0 ..= 1.
pub(crate) fn parse_share(text: &str) -> Result<f64, Misread> {
    let trimmed = text.trim();
    let value = match trimmed.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|p| p / 100.0),
        None => trimmed.parse::<f64>(),
    };
    match value {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err(Misread(format!(
            "`{trimmed}` is not a share between 0 and 1; write e.g. `0.8` or `80%`"
        ))),
    }
}

fn split_number(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

/// `12.0 GB`, `640 MB`, `3 kB`, `17 B`: at most seven columns wide.
pub(crate) fn bytes(n: u64) -> String {
    const STEPS: [(&str, u64); 4] = [
        ("TB", 1 << 40),
        ("GB", 1 << 30),
        ("MB", 1 << 20),
        ("kB", 1 << 10),
    ];
    for (unit, size) in STEPS {
        let value = n as f64 / size as f64;
        if n >= size {
            return if value < 99.95 && unit != "kB" && unit != "MB" {
                format!("{value:.1} {unit}")
            } else {
                format!("{value:.0} {unit}")
            };
        }
    }
    format!("{n} B")
}

/// The size of a download or a NAR, `1.2 GB`: caches and quotas count in powers of ten.
pub(crate) fn size(n: u64) -> String {
    drv_graph::Bytes(n).to_string()
}

/// `9 h 05 min`, `12 min`, `45 s`, `2 d 03 h`: the two leading units, rounded.
pub(crate) fn duration(ms: u64) -> String {
    let seconds = (ms + 500) / 1000;
    let minutes = (ms + 30_000) / 60_000;
    let hours = minutes / 60;
    if seconds == 0 && ms > 0 {
        "<1 s".to_owned()
    } else if seconds < 100 {
        format!("{seconds} s")
    } else if minutes < 60 {
        format!("{minutes} min")
    } else if hours < 48 {
        format!("{hours} h {:02} min", minutes % 60)
    } else {
        let hours = (ms + 1_800_000) / 3_600_000;
        format!("{} d {:02} h", hours / 24, hours % 24)
    }
}

/// A count with thousands set apart: `12,345`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count with its noun: `1 build`, `2 builds`.
pub(crate) fn plural(n: u64, noun: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {noun}{s}", count(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_needs_a_unit_and_accepts_the_usual_ones() {
        for (text, expected) in [
            ("8G", 8 << 30),
            ("6 GB", 6 << 30),
            ("6GiB", 6 << 30),
            ("512 mb", 512 << 20),
            ("10.5 GB", 21 << 29),
            ("0 GB", 0),
        ] {
            assert_eq!(parse_bytes(text), Ok(Bytes(expected)), "{text}");
        }
        for text in [
            "",
            "8",
            "GB",
            "-1 GB",
            "1e9 GB",
            "8 GBs",
            "1.2.3 GB",
            "99999999999999 TB",
        ] {
            assert!(parse_bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_add_up_their_parts() {
        for (text, seconds) in [
            ("2h", 7200),
            ("90min", 5400),
            ("90m", 5400),
            ("45s", 45),
            ("1h30", 5400),
            ("1 h 30 min", 5400),
            ("1d", 86_400),
            ("1.5h", 5400),
        ] {
            assert_eq!(parse_duration(text), Ok(Millis(seconds * 1000)), "{text}");
        }
        for text in ["", "2", "h", "-2h", "2 weeks", "99999999999999999d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_of_caches_are_powers_of_ten() {
        for (text, bytes) in [
            ("5G", 5_000_000_000),
            ("5 GB", 5_000_000_000),
            ("0.75gb", 750_000_000),
            ("1 GiB", 1 << 30),
            ("20 kB", 20_000),
            ("2TB", 2_000_000_000_000),
        ] {
            assert_eq!(parse_size(text), Ok(drv_graph::Bytes(bytes)), "{text}");
        }
        for text in [
            "",
            "5",
            "GB",
            "5 apples",
            "-5 GB",
            "1e3 GB",
            "99999999999 TB",
        ] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shares_are_fractions_or_percentages() {
        assert_eq!(parse_share("0.8"), Ok(0.8));
        assert_eq!(parse_share("80%"), Ok(0.8));
        for text in ["", "80", "-0.1", "nan", "120 %"] {
            assert!(parse_share(text).is_err(), "{text}");
        }
    }

    #[test]
    fn quantities_are_short_enough_for_a_column() {
        for (n, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1 << 20, "1 MB"),
            (21 << 29, "10.5 GB"),
            (400 << 30, "400 GB"),
        ] {
            assert_eq!(bytes(n), text);
        }
        for (ms, text) in [
            (0, "0 s"),
            (1, "<1 s"),
            (99_000, "99 s"),
            (100_000, "2 min"),
            (3_600_000, "1 h 00 min"),
            (32_700_000, "9 h 05 min"),
            (172_800_000 + 10_800_000, "2 d 03 h"),
        ] {
            assert_eq!(duration(ms), text);
        }
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(12), "12");
    }
}
