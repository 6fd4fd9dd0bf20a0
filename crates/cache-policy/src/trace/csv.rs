//! Traces as CSV: `time,key,size`, the format of cache simulators such as libCacheSim.

use std::str;

use drv_graph::{Bytes, Position};

use super::{Trace, TraceBuilder, TraceError};

const HEADER: &[u8] = b"time,key,size";

/// Reads a trace with the header `time,key,size`: seconds that never decrease, a key without
/// commas, bytes. Gives the trace and the key of each [`KeyId`](super::KeyId). Lines end with LF
/// or CRLF; empty ones are passed over. O(n).
///
/// ```
/// let (trace, keys) = cache_policy::trace::read_csv(b"time,key,size\n0,zlib,60000\n9,zlib,60000\n")?;
/// assert_eq!((trace.requests().len(), keys), (2, vec!["zlib"]));
/// # Ok::<(), cache_policy::trace::TraceError>(())
/// ```
///
/// # Errors
/// The first thing that is wrong, with its line and column.
pub fn read_csv(input: &[u8]) -> Result<(Trace, Vec<&str>), TraceError> {
    let mut lines = Lines { input, at: 0 };
    let header = lines.next().unwrap_or((0, b""));
    if header.1 != HEADER {
        return Err(TraceError::Header {
            position: Position::of(input, header.0),
        });
    }
    let mut builder = TraceBuilder::new();
    for (at, line) in lines {
        let [time, key, size] = fields(input, at, line)?;
        let time = number(input, time, "time")?;
        let key = text(input, key)?;
        let size = Bytes(number(input, size, "size")?);
        builder
            .push(time, key, size)
            .map_err(|reason| TraceError::Request {
                reason,
                position: Position::of(input, at),
            })?;
    }
    Ok(builder.finish())
}

/// Lines that are not empty, each with its offset.
struct Lines<'a> {
    input: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let at = self.at;
            let rest = self.input.get(at..).filter(|rest| !rest.is_empty())?;
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            self.at = at + length + 1;
            let line = &rest[..length];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !line.is_empty() {
                return Some((at, line));
            }
        }
    }
}

/// A field and its offset.
type Field<'a> = (usize, &'a [u8]);

fn fields<'a>(input: &[u8], at: usize, line: &'a [u8]) -> Result<[Field<'a>; 3], TraceError> {
    let mut commas = memchr::memchr_iter(b',', line);
    if let (Some(first), Some(second), None) = (commas.next(), commas.next(), commas.next()) {
        return Ok([
            (at, &line[..first]),
            (at + first + 1, &line[first + 1..second]),
            (at + second + 1, &line[second + 1..]),
        ]);
    }
    let commas = memchr::memchr_iter(b',', line);
    let place = commas.clone().nth(2).unwrap_or(line.len());
    Err(TraceError::Fields {
        found: commas.count() + 1,
        position: Position::of(input, at + place),
    })
}

fn number(input: &[u8], (at, digits): Field<'_>, field: &'static str) -> Result<u64, TraceError> {
    let wrong = || TraceError::Number {
        field,
        position: Position::of(input, at),
    };
    if digits.is_empty() {
        return Err(wrong());
    }
    let mut value = 0_u64;
    for &c in digits {
        let digit = c.wrapping_sub(b'0');
        if digit > 9 {
            return Err(wrong());
        }
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(u64::from(digit)))
            .ok_or_else(wrong)?;
    }
    Ok(value)
}

fn text<'a>(input: &[u8], (at, key): Field<'a>) -> Result<&'a str, TraceError> {
    let wrong = |fault| TraceError::Key {
        fault,
        position: Position::of(input, at),
    };
    match str::from_utf8(key) {
        Ok("") => Err(wrong("empty")),
        Ok(key) => Ok(key),
        Err(_) => Err(wrong("not UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::BadRequest;

    #[test]
    fn a_trace_is_read() {
        let text = b"time,key,size\r\n0,a,10\n\n5,/nix/store/x y,18446744073709551615\n5,a,11";
        let (trace, keys) = read_csv(text).expect("a trace");
        assert_eq!(keys, ["a", "/nix/store/x y"]);
        let requests: Vec<_> = trace
            .requests()
            .iter()
            .map(|r| (r.time, r.key.0, r.size.0))
            .collect();
        assert_eq!(requests, [(0, 0, 10), (5, 1, u64::MAX), (5, 0, 11)]);
        assert_eq!(read_csv(b"time,key,size").expect("empty").1.len(), 0);
    }

    #[test]
    fn errors_name_line_and_column() {
        for (text, code, line, column) in [
            (&b""[..], "trace-header", 1, 1),
            (b"key,time,size\n", "trace-header", 1, 1),
            (b"1,2,3\n", "trace-header", 1, 1),
            (b"time,key,size\n1,a\n", "trace-fields", 2, 4),
            (b"time,key,size\n1,a,3,4,5\n", "trace-fields", 2, 6),
            (b"time,key,size\n\n1,a,\n", "trace-number", 3, 5),
            (b"time,key,size\n-1,a,3\n", "trace-number", 2, 1),
            (b"time,key,size\n1,a,3.5\n", "trace-number", 2, 5),
            (
                b"time,key,size\n1,a,18446744073709551616\n",
                "trace-number",
                2,
                5,
            ),
            (b"time,key,size\n1,,3\n", "trace-key", 2, 3),
            (b"time,key,size\n1,\xff,3\n", "trace-key", 2, 3),
            (b"time,key,size\n1,a,0\n", "trace-request", 2, 1),
            (b"time,key,size\n2,a,3\n1,a,3\n", "trace-request", 3, 1),
        ] {
            let error = read_csv(text).expect_err("broken");
            let position = error.position();
            assert_eq!(
                (error.code(), position.line, position.column),
                (code, line, column),
                "{error}"
            );
        }
    }

    #[test]
    fn a_bad_request_says_why() {
        let error = read_csv(b"time,key,size\n7,a,1\n6,a,1\n").expect_err("back in time");
        assert!(matches!(
            error,
            TraceError::Request {
                reason: BadRequest::TimeGoesBack { time: 6, before: 7 },
                ..
            }
        ));
    }
}
