//! Which CUDA supports which GPUs.

use crate::arch::{Version, VersionRange};

/// A generation of NVIDIA's GPUs, as CUDA counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ComputeCapability {
    /// Its number, such as `5.2` or `9.0a`.
    pub number: &'static str,
    /// The name of the architecture, such as `Maxwell`.
    pub architecture: &'static str,
    /// The versions of CUDA that compile for it, as nixpkgs has them.
    pub cuda: VersionRange,
    /// The last of them; none where it is still supported.
    pub last_cuda: Option<Version>,
}

impl ComputeCapability {
    /// The capability of that number, from `data/cuda-capabilities.txt`. `5.2`, `sm_52` and
    /// `compute_52` are the same.
    pub fn from_number(number: &str) -> Option<Self> {
        let number = number.trim();
        let compact = number
            .strip_prefix("sm_")
            .or(number.strip_prefix("compute_"));
        include_str!("../data/cuda-capabilities.txt")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(row)
            .find(|it| match compact {
                Some(compact) => it.number.replace('.', "") == compact,
                None => it.number == number,
            })
    }
}

fn row(line: &'static str) -> ComputeCapability {
    let mut columns = line.split_whitespace();
    let mut column = || columns.next().expect("four columns");
    let (number, architecture, first, last) = (column(), column(), column(), column());
    let last = if last == "-" { "" } else { last };
    ComputeCapability {
        number,
        architecture,
        cuda: format!("{first}:{last}").parse().expect("versions"),
        last_cuda: last.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maxwell_ends_with_cuda_12() {
        let maxwell = ComputeCapability::from_number("5.2").unwrap();
        assert_eq!(maxwell.architecture, "Maxwell");
        for (cuda, expected) in [
            ("9.2", false),
            ("10.0", true),
            ("12.8", true),
            ("12.9.1", true),
            ("13.0", false),
        ] {
            assert_eq!(
                maxwell.cuda.contains(cuda.parse().unwrap()),
                expected,
                "{cuda}"
            );
        }
        assert_eq!(ComputeCapability::from_number("sm_52"), Some(maxwell));
        assert_eq!(
            ComputeCapability::from_number("sm_120a").map(|it| it.number),
            Some("12.0a")
        );
        assert_eq!(ComputeCapability::from_number("1.9"), None);
    }

    #[test]
    fn the_whole_table_can_be_read() {
        let lines = include_str!("../data/cuda-capabilities.txt").lines();
        let rows: Vec<_> = lines
            .filter(|line| !line.starts_with('#'))
            .map(row)
            .collect();
        assert_eq!(rows.len(), 33);
        assert!(
            rows.iter()
                .all(|it| it.last_cuda.is_none_or(|last| it.cuda.contains(last)))
        );
    }
}
