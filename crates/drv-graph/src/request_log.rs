//! What was asked of a binary cache: a web server's log in the common or the combined format.
//!
//! ```text
//! 10.0.0.7 - - [24/Nov/2025:10:51:03 +0100] "GET /8vh17lfiabqfl2bd2rasxrh94g9pf9dd.narinfo HTTP/1.1" 200 512 "-" "Nix/2.26"
//! ```
//!
//! Nix asks for the narinfo of every path that it needs and does not have, so these requests are
//! the demand; the one for the NAR that follows has another name and says nothing new. `HEAD` is
//! what those ask who push.

/// One request for a narinfo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// When, in seconds since 1970 in UTC.
    pub time: i64,
    /// The 32 characters that the path is filed under:
    /// [`StorePath::hash_part`](crate::StorePath::hash_part).
    pub hash_part: Box<str>,
    /// The status of the answer, e.g. 200, or 404 where the cache did not have it.
    pub status: u16,
}

/// The requests of a log, and what of it was not understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestLog {
    /// Requests for narinfos, in the order of the log.
    pub requests: Vec<Request>,
    /// Requests for something else.
    pub others: usize,
    /// Numbers of the lines, from 1, that are none of the format: a log that was cut off or
    /// rotated amid a line has some.
    pub malformed: Vec<usize>,
}

/// Reads a log. Every line stands for itself, so bytes that are not UTF-8 (people try them on any
/// server) spoil only their own. O(n).
pub fn read(input: &[u8]) -> RequestLog {
    let mut log = RequestLog::default();
    for (number, line) in (1..).zip(input.split(|&c| c == b'\n')) {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        match std::str::from_utf8(line).ok().and_then(parse) {
            Some(Line::NarInfo(request)) => log.requests.push(request),
            Some(Line::Other) => log.others += 1,
            None => log.malformed.push(number),
        }
    }
    log
}

/// A line of the format.
enum Line {
    NarInfo(Request),
    Other,
}

fn parse(line: &str) -> Option<Line> {
    // Before the time stand the client and two names, which may contain anything but brackets.
    let (_, rest) = line.split_once('[')?;
    let (time, rest) = rest.split_once("] \"")?;
    let time = timestamp(time)?;
    // A quote inside the request is escaped.
    let (request, rest) = rest.split_once("\" ")?;
    let status = rest.split_ascii_whitespace().next()?.parse().ok()?;
    let mut words = request.split_ascii_whitespace();
    let is_get = words.next() == Some("GET");
    let Some(hash_part) = words.next().and_then(hash_part).filter(|_| is_get) else {
        return Some(Line::Other);
    };
    Some(Line::NarInfo(Request {
        time,
        hash_part: hash_part.into(),
        status,
    }))
}

/// The hash in `/8vh17….narinfo`, at whatever depth, with or without a query.
fn hash_part(target: &str) -> Option<&str> {
    let path = target.split(['?', '#']).next()?;
    let file = path.rsplit('/').next()?;
    let hash = file.strip_suffix(".narinfo")?;
    crate::store_path::is_hash_part(hash).then_some(hash)
}

/// `24/Nov/2025:10:51:03 +0100` as seconds since 1970 in UTC.
fn timestamp(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (stamp, zone) = text.split_once(' ')?;
    let (day, rest) = stamp.split_once('/')?;
    let (month, rest) = rest.split_once('/')?;
    let (month, _) = (1..).zip(MONTHS).find(|&(_, name)| name == month)?;
    let day = number(Some(day), 31).filter(|&day| day > 0)?;
    let mut parts = rest.split(':');
    let mut next = |most| number(parts.next(), most);
    let year = next(9_999)?;
    // A leap second has the number 60.
    let (hour, minute, second) = (next(23)?, next(59)?, next(60)?);
    let offset = zone_offset(zone)?;
    Some(((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second - offset)
}

/// Digits, and nothing else, of a number up to `most`.
fn number(part: Option<&str>, most: i64) -> Option<i64> {
    let part = part.filter(|part| part.bytes().all(|c| c.is_ascii_digit()))?;
    part.parse().ok().filter(|&number| number <= most)
}

/// `+0130` in seconds.
fn zone_offset(zone: &str) -> Option<i64> {
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let number = number(Some(digits).filter(|digits| digits.len() == 4), 9_999)?;
    Some(sign * (number / 100 * 60 + number % 100) * 60)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar: Howard Hinnant's `days_from_civil`,
/// which counts years from March so that the leap day comes last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "8vh17lfiabqfl2bd2rasxrh94g9pf9dd";

    #[test]
    fn times_are_counted_in_utc() {
        // date -u -d '…' +%s
        for (text, seconds) in [
            ("01/Jan/1970:00:00:00 +0000", Some(0)),
            ("24/Nov/2025:10:51:03 +0100", Some(1_763_977_863)),
            ("29/Feb/2024:23:59:59 -0330", Some(1_709_263_799)),
            ("31/Dec/1999:23:59:60 +0000", Some(946_684_800)),
            ("01/Mar/2100:00:00:00 +0000", Some(4_107_542_400)),
            ("24/Nov/2025:10:51:03", None),
            ("24/Nov/2025:24:00:00 +0000", None),
            ("24/nov/2025:10:51:03 +0000", None),
            ("0/Nov/2025:10:51:03 +0000", None),
            ("24/Nov/2025:+1:51:03 +0000", None),
            ("24/Nov/2025:10:51:03 +010", None),
            ("24/Nov/2025:10:51:03 é100", None),
            ("", None),
        ] {
            assert_eq!(timestamp(text), seconds, "{text}");
        }
    }

    #[test]
    fn requests_for_narinfos_are_the_demand() {
        let line = |request: &str, status: &str| {
            format!(
                "10.0.0.7 - me [24/Nov/2025:10:51:03 +0100] \"{request}\" {status} 512 \"-\" \"Nix/2.26\"\n"
            )
        };
        let log = [
            line(&format!("GET /{HASH}.narinfo HTTP/1.1"), "200"),
            line(&format!("GET /my/cache/{HASH}.narinfo?x=1 HTTP/2"), "404"),
            line(&format!("HEAD /{HASH}.narinfo HTTP/1.1"), "200"),
            line("GET /nar/abc.nar.xz HTTP/1.1", "200"),
            line("GET /eeee.narinfo HTTP/1.1", "400"),
            line("\\x16\\x03\\x01", "400"),
            "\n".to_owned(),
            "10.0.0.7 - - [24/Nov/2025:10:51".to_owned(),
        ]
        .concat();
        let read = read(log.as_bytes());
        let statuses: Vec<u16> = read.requests.iter().map(|request| request.status).collect();
        assert_eq!(statuses, [200, 404]);
        assert!(read.requests.iter().all(|r| &*r.hash_part == HASH));
        assert_eq!((read.others, read.malformed), (4, vec![8]));
    }

    #[test]
    fn the_common_format_has_no_agent() {
        let text = format!("h - - [01/Jan/1970:00:00:07 +0000] \"GET /{HASH}.narinfo\" 200 -");
        assert_eq!(read(text.as_bytes()).requests[0].time, 7);
        let spoilt = [
            text.as_bytes(),
            b"\nh - - [\xff] \"GET /\xff\"\n",
            text.as_bytes(),
        ]
        .concat();
        let read = read(&spoilt);
        assert_eq!((read.requests.len(), read.malformed), (2, vec![2]));
    }
}
