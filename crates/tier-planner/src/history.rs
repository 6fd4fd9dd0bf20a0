//! The machine's own record of builds, as nix-output-monitor keeps it in `build-reports.csv`.

use std::collections::BTreeMap;
use std::fmt;

use drv_graph::split_name;

/// Rows of one package that count: the newest ten, as nix-output-monitor keeps them.
const ROWS_PER_PACKAGE: usize = 10;

/// Build times by package.
///
/// Made by [`History::parse`] from a `build-reports.csv`: nix-output-monitor keeps it in
/// `$XDG_STATE_HOME/nix-output-monitor`; older versions in the cache directory, with a column
/// `end time` in place of `utc time`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    packages: BTreeMap<String, Vec<Row>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Row {
    /// `2024-05-01 12:00:00`: sorts as text.
    time: String,
    seconds: f64,
}

/// What is known of one package's build times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Median of the rows, in seconds; of two in the middle their mean.
    pub seconds: f64,
    /// How many rows, at most ten.
    pub rows: u32,
    /// Standard deviation of the logarithms of the rows; 0 for one row.
    pub sigma: f64,
}

/// A row that was not understood and is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Line in the file, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: BadRowKind,
}

/// What can be wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadRowKind {
    /// The header lacks this column; no row can be read.
    MissingColumn(&'static str),
    /// The row has fewer fields than the header.
    TooFewFields {
        /// Fields in the row.
        found: usize,
        /// Fields in the header.
        expected: usize,
    },
    /// The seconds are not a positive number.
    NotSeconds(String),
    /// The name is empty.
    NoName,
    /// A quotation mark is never closed.
    UnclosedQuote,
    /// The bytes are not UTF-8.
    NotUtf8,
}

impl BadRow {
    /// A stable name of the kind of problem.
    pub fn code(&self) -> &'static str {
        match self.what {
            BadRowKind::MissingColumn(_) => "history-missing-column",
            BadRowKind::TooFewFields { .. } => "history-too-few-fields",
            BadRowKind::NotSeconds(_) => "history-not-seconds",
            BadRowKind::NoName => "history-no-name",
            BadRowKind::UnclosedQuote => "history-unclosed-quote",
            BadRowKind::NotUtf8 => "history-not-utf8",
        }
    }

    /// The way out.
    pub fn hint(&self) -> &'static str {
        match self.what {
            BadRowKind::MissingColumn(_) => {
                "the first line must be nix-output-monitor's: hostname,derivation name,utc time,build seconds"
            }
            _ => "the row is left out; nix-output-monitor writes the file anew at the next build",
        }
    }
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match &self.what {
            BadRowKind::MissingColumn(column) => write!(f, "no column \"{column}\""),
            BadRowKind::TooFewFields { found, expected } => {
                write!(f, "{found} fields where the header has {expected}")
            }
            BadRowKind::NotSeconds(text) => write!(f, "\"{text}\" is not a number of seconds"),
            BadRowKind::NoName => f.write_str("no derivation name"),
            BadRowKind::UnclosedQuote => f.write_str("a quotation mark is never closed"),
            BadRowKind::NotUtf8 => f.write_str("not UTF-8"),
        }
    }
}

impl History {
    /// Reads a `build-reports.csv`; builds on other hosts than `host` are left out. Builds on the
    /// machine that runs nix-output-monitor have an empty host. O(n log n).
    ///
    /// Columns are found by the names in the first line: `hostname` (or `host`; without it every
    /// row is local), `derivation name`, `utc time` (or `end time`), `build seconds`.
    ///
    /// ```
    /// use tier_planner::history::History;
    ///
    /// let csv = b"hostname,derivation name,utc time,build seconds
    /// ,gcc,2026-01-02 10:00:00,1800
    /// ,gcc,2026-02-02 10:00:00,2000
    /// builder,gcc,2026-02-03 10:00:00,600
    /// ,zlib,2026-02-03 10:00:00,soon
    /// ";
    /// let (history, bad) = History::parse(csv, "");
    /// assert_eq!(history.measured("gcc").unwrap().seconds, 1900.0);
    /// assert_eq!(bad[0].to_string(), "line 5: \"soon\" is not a number of seconds");
    /// ```
    pub fn parse(csv: &[u8], host: &str) -> (Self, Vec<BadRow>) {
        let mut bad = Vec::new();
        let mut records = Records::new(csv);
        let Some((line, header)) = records.next() else {
            return (Self::default(), bad);
        };
        let columns = header
            .map_err(|what| BadRow { line, what })
            .and_then(|header| Columns::find(&header).map_err(|what| BadRow { line, what }));
        let columns = match columns {
            Ok(columns) => columns,
            Err(problem) => return (Self::default(), vec![problem]),
        };
        let mut history = Self::default();
        for (line, record) in records {
            match record.and_then(|record| columns.row(&record)) {
                Ok((row_host, name, row)) if row_host == host => {
                    history.packages.entry(name).or_default().push(row);
                }
                Ok(_) => {}
                Err(what) => bad.push(BadRow { line, what }),
            }
        }
        history.packages.values_mut().for_each(newest_first);
        (history, bad)
    }

    /// The times of a package: by the `pname`, or the name without its version.
    pub fn measured(&self, pname: &str) -> Option<Measured> {
        let rows = self
            .packages
            .get(pname)
            .or_else(|| self.packages.get(split_name(pname).0))?;
        let mut seconds: Vec<f64> = rows.iter().map(|row| row.seconds).collect();
        seconds.sort_by(f64::total_cmp);
        let n = seconds.len();
        let median = f64::midpoint(*seconds.get((n.max(1) - 1) / 2)?, *seconds.get(n / 2)?);
        let mean = seconds.iter().map(|s| s.ln()).sum::<f64>() / n as f64;
        let squares = seconds.iter().map(|s| (s.ln() - mean).powi(2)).sum::<f64>();
        let sigma = if n < 2 {
            0.0
        } else {
            (squares / (n - 1) as f64).sqrt()
        };
        Some(Measured {
            seconds: median,
            rows: n as u32,
            sigma,
        })
    }

    /// Takes the rows of `other` too; of each package the newest ten count. O(n log n).
    pub fn merge(&mut self, other: Self) {
        for (name, rows) in other.packages {
            let all = self.packages.entry(name).or_default();
            all.extend(rows);
            newest_first(all);
        }
    }

    /// How many rows of a `build-reports.csv` each host has, as far as they can be read. Rows of
    /// the machine that ran nix-output-monitor are under the empty name.
    pub fn hosts(csv: &[u8]) -> BTreeMap<String, u32> {
        let mut records = Records::new(csv);
        let header = records.next().and_then(|(_, header)| header.ok());
        let mut hosts = BTreeMap::new();
        let Some(columns) = header.and_then(|header| Columns::find(&header).ok()) else {
            return hosts;
        };
        for (_, record) in records {
            if let Ok((host, ..)) = record.and_then(|record| columns.row(&record)) {
                *hosts.entry(host).or_insert(0) += 1;
            }
        }
        hosts
    }

    /// Names of the packages, ascending.
    pub fn packages(&self) -> impl ExactSizeIterator<Item = &str> {
        self.packages.keys().map(String::as_str)
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
    }
}

fn newest_first(rows: &mut Vec<Row>) {
    rows.sort_by(|a, b| b.time.cmp(&a.time).then(a.seconds.total_cmp(&b.seconds)));
    rows.truncate(ROWS_PER_PACKAGE);
}

struct Columns {
    host: Option<usize>,
    name: usize,
    time: Option<usize>,
    seconds: usize,
    count: usize,
}

impl Columns {
    fn find(header: &[String]) -> Result<Self, BadRowKind> {
        let find = |names: &[&str]| {
            let is_one = |column: &String| {
                names
                    .iter()
                    .any(|name| column.trim().eq_ignore_ascii_case(name))
            };
            header.iter().position(is_one)
        };
        let need = |names: &[&'static str]| find(names).ok_or(BadRowKind::MissingColumn(names[0]));
        Ok(Self {
            host: find(&["hostname", "host"]),
            name: need(&["derivation name", "name"])?,
            time: find(&["utc time", "end time", "time"]),
            seconds: need(&["build seconds", "seconds"])?,
            count: header.len(),
        })
    }

    /// Host, package and measurement of a record.
    fn row(&self, record: &[String]) -> Result<(String, String, Row), BadRowKind> {
        if record.len() < self.count {
            return Err(BadRowKind::TooFewFields {
                found: record.len(),
                expected: self.count,
            });
        }
        let field = |column: Option<usize>| column.map_or("", |i| record[i].trim());
        let seconds = field(Some(self.seconds));
        let number = seconds.parse::<f64>().ok();
        // The monitor counts whole seconds: 0 is a build of less than one.
        let number = number
            .filter(|s| s.is_finite() && *s >= 0.0)
            .map(|s| s.max(0.5));
        let number = number.ok_or_else(|| BadRowKind::NotSeconds(seconds.to_owned()))?;
        // Some versions wrote the whole name; a pname has no version to lose.
        let (name, _) = split_name(field(Some(self.name)));
        if name.is_empty() {
            return Err(BadRowKind::NoName);
        }
        let row = Row {
            time: field(self.time).to_owned(),
            seconds: number,
        };
        Ok((field(self.host).to_owned(), name.to_owned(), row))
    }
}

/// Records of a CSV file after RFC 4180, with either line ending; empty lines are passed over.
struct Records<'a> {
    rest: &'a [u8],
    line: usize,
}

impl<'a> Records<'a> {
    fn new(csv: &'a [u8]) -> Self {
        let rest = csv.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(csv);
        Self { rest, line: 1 }
    }

    /// One field and whether the record goes on after it.
    fn field(&mut self) -> Result<(Vec<u8>, bool), BadRowKind> {
        let mut value = Vec::new();
        if let Some(mut rest) = self.rest.strip_prefix(b"\"") {
            loop {
                let Some(end) = rest.iter().position(|b| *b == b'"') else {
                    // What follows may be good rows: only this line is given up.
                    self.skip_line();
                    return Err(BadRowKind::UnclosedQuote);
                };
                value.extend_from_slice(&rest[..end]);
                rest = &rest[end + 1..];
                match rest.strip_prefix(b"\"") {
                    Some(after) => {
                        value.push(b'"');
                        rest = after;
                    }
                    None => break,
                }
            }
            self.rest = rest;
        }
        self.line += value.split(|b| *b == b'\n').count() - 1;
        let end = self.rest.iter().position(|b| matches!(b, b',' | b'\n'));
        let (text, more) = match end {
            Some(end) => (&self.rest[..end], self.rest[end] == b','),
            None => (self.rest, false),
        };
        value.extend_from_slice(text.strip_suffix(b"\r").unwrap_or(text));
        self.rest = end.map_or(&[][..], |end| &self.rest[end + 1..]);
        Ok((value, more))
    }

    fn skip_line(&mut self) {
        let end = self.rest.iter().position(|b| *b == b'\n');
        self.rest = end.map_or(&[][..], |end| &self.rest[end + 1..]);
    }
}

impl Iterator for Records<'_> {
    /// The line a record begins at, and its fields.
    type Item = (usize, Result<Vec<String>, BadRowKind>);

    fn next(&mut self) -> Option<Self::Item> {
        let empty_line = |rest: &'_ [u8]| match rest {
            [b'\r', b'\n', ..] => 2,
            [b'\n', ..] => 1,
            _ => 0,
        };
        while let length @ 1.. = empty_line(self.rest) {
            self.rest = &self.rest[length..];
            self.line += 1;
        }
        if self.rest.is_empty() {
            return None;
        }
        let line = self.line;
        let mut fields = Vec::new();
        let mut utf8 = true;
        loop {
            let (field, more) = match self.field() {
                Ok(field) => field,
                Err(what) => {
                    self.line += 1;
                    return Some((line, Err(what)));
                }
            };
            match String::from_utf8(field) {
                Ok(field) => fields.push(field),
                Err(_) => utf8 = false,
            }
            if !more {
                break;
            }
        }
        self.line += 1;
        let record = if utf8 {
            Ok(fields)
        } else {
            Err(BadRowKind::NotUtf8)
        };
        Some((line, record))
    }
}
