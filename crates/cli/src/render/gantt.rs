//! The plan over time, drawn with eighth blocks: the longest builds as bars, all others as a
//! count, and how much of the threads and of the memory is in use.

use crate::dto::plan::{Build, Plan};
use crate::quantity;

use super::Screen;
use super::style::{self, paint};
use super::untrusted::padded;

/// Builds that get a bar of their own.
const BARS: usize = 7;
const LEFT_EIGHTHS: [char; 9] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
const LOWER_EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII_LEVELS: [char; 9] = [' ', '.', '.', ':', '-', '=', '+', '*', '#'];

/// The lines of the drawing, without line ends. Empty when nothing is scheduled.
pub(crate) fn lines(plan: &Plan, screen: Screen) -> Vec<String> {
    let length = plan.schedule.length_ms;
    if length == 0 {
        return Vec::new();
    }
    let tier_width = plan
        .tiers
        .iter()
        .map(|t| t.name.chars().count())
        .max()
        .unwrap_or(0)
        .min(8);
    let label_width = (screen.columns / 4).clamp(14, 30);
    let margin = 2 + label_width + 1 + tier_width + 1;
    let grid = Grid {
        length,
        cells: screen.columns - margin,
        ascii: screen.ascii,
    };
    let row = |label: &str, tier: &str, drawing: &str| {
        format!(
            "  {} {} {}",
            padded(label, label_width, screen.ascii),
            padded(tier, tier_width, screen.ascii),
            drawing
        )
        .trim_end()
        .to_owned()
    };

    let mut shown: Vec<&Build> = plan
        .builds
        .iter()
        .filter(|b| b.start_ms.is_some())
        .collect();
    let longest_first =
        |a: &&Build, b: &&Build| span(b).cmp(&span(a)).then_with(|| a.drv.cmp(&b.drv));
    if BARS < shown.len() {
        shown.select_nth_unstable_by(BARS, longest_first);
    }
    let rest = shown.split_off(shown.len().min(BARS));
    shown.sort_by(|a, b| a.start_ms.cmp(&b.start_ms).then_with(|| a.drv.cmp(&b.drv)));

    let mut out = vec![row("", "", &grid.axis())];
    for build in shown {
        let tier = plan
            .tiers
            .iter()
            .position(|t| t.name == build.tier)
            .unwrap_or(0);
        let (indent, bar) = grid.bar(build.start_ms.unwrap_or(0), build.end_ms.unwrap_or(0));
        let drawing = format!("{}{}", " ".repeat(indent), paint(style::tier(tier), &bar));
        let name = super::name(plan, build, label_width, screen.ascii);
        out.push(row(&name, &build.tier, &drawing));
    }
    if !rest.is_empty() {
        let use_ = grid.usage(&rest, |_| 1);
        let most = use_.iter().copied().max().unwrap_or(0);
        let others = if rest.len() == 1 {
            "1 other".to_owned()
        } else {
            format!("{} others", quantity::count(rest.len() as u64))
        };
        let label = format!("{others}, {most} at once");
        out.push(row(&label, "", &grid.levels(&use_, most)));
    }
    let all: Vec<&Build> = plan
        .builds
        .iter()
        .filter(|b| b.start_ms.is_some())
        .collect();
    let threads = grid.usage(&all, |b| u64::from(b.counted_threads));
    let limit = u64::from(plan.machine.thread_limit);
    let own = u64::from(plan.machine.build_threads.max(1));
    let times = if screen.ascii { "x" } else { "×" };
    // More are promised than there are, for a build seldom keeps all of its own busy.
    let of = match limit / own {
        factor @ 2.. if limit % own == 0 && label_width >= 22 => format!("{factor} {times} {own}"),
        _ => limit.to_string(),
    };
    out.push(row(
        &format!("threads, of {of}"),
        "",
        &grid.levels(&threads, limit),
    ));
    let memory = grid.usage(&all, |b| b.memory_bytes);
    let limit = plan.machine.build_memory_bytes;
    let drawing = grid.levels(&memory, limit);
    out.push(row(
        &format!("memory, of {}", quantity::bytes(limit)),
        "",
        &drawing,
    ));
    out
}

fn span(build: &Build) -> u64 {
    build
        .end_ms
        .unwrap_or(0)
        .saturating_sub(build.start_ms.unwrap_or(0))
}

/// Time laid out on character cells.
struct Grid {
    length: u64,
    cells: usize,
    ascii: bool,
}

impl Grid {
    /// The cell an instant falls into, in eighths from the left.
    fn eighths(&self, at: u64) -> usize {
        (u128::from(at) * self.cells as u128 * 8 / u128::from(self.length)) as usize
    }

    /// Hours or minutes at round distances.
    fn axis(&self) -> String {
        const MINUTE: u64 = 60_000;
        const STEPS: [u64; 16] = [
            1_000,
            5_000,
            15_000,
            MINUTE,
            5 * MINUTE,
            10 * MINUTE,
            15 * MINUTE,
            30 * MINUTE,
            60 * MINUTE,
            120 * MINUTE,
            240 * MINUTE,
            360 * MINUTE,
            720 * MINUTE,
            1440 * MINUTE,
            7 * 1440 * MINUTE,
            28 * 1440 * MINUTE,
        ];
        let narrowest = self.length * 9 / self.cells.max(1) as u64;
        let step = STEPS
            .into_iter()
            .find(|&step| step >= narrowest)
            .unwrap_or(self.length.max(1));
        let tick = if self.ascii { '|' } else { '╷' };
        let mut out = String::new();
        let mut used = 0;
        for n in 0.. {
            let at = n * step;
            let cell = self.eighths(at) / 8;
            let label = axis_label(at, step);
            if at >= self.length || cell + 1 + label.len() > self.cells {
                break;
            }
            out.extend(std::iter::repeat_n(' ', cell.saturating_sub(used)));
            out.push(tick);
            out.push_str(&label);
            used = cell + 1 + label.len();
        }
        out
    }

    /// Cells to leave free and the bar after them, never empty.
    fn bar(&self, start: u64, end: u64) -> (usize, String) {
        let (from, to) = (self.eighths(start), self.eighths(end));
        let first = (from / 8).min(self.cells - 1);
        if self.ascii {
            let cells = to.div_ceil(8).max(first + 1) - first;
            return (first, "#".repeat(cells));
        }
        let mut bar = String::new();
        let last = to / 8;
        for cell in first..=last.min(self.cells - 1) {
            let (left, right) = (
                from.max(cell * 8) - cell * 8,
                to.min(cell * 8 + 8) - cell * 8,
            );
            bar.push(match (left, right) {
                // There are left blocks of every width, but of the right ones only the half.
                (0, 0) if cell > first => break,
                (0, width) => LEFT_EIGHTHS[width.max(1)],
                (1..=3, 8) => '█',
                (4..=7, 8) => '▐',
                _ => '│',
            });
        }
        (first, bar)
    }

    /// The most in use at once within each cell.
    fn usage(&self, builds: &[&Build], amount: impl Fn(&Build) -> u64) -> Vec<u64> {
        let mut events: Vec<(u64, bool, u64)> = Vec::with_capacity(builds.len() * 2);
        for build in builds {
            if let (Some(start), Some(end)) = (build.start_ms, build.end_ms)
                && end > start
            {
                // At one instant what ends makes room first: `false` sorts before `true`.
                events.push((start, true, amount(build)));
                events.push((end, false, amount(build)));
            }
        }
        events.sort_unstable();
        let mut cells = vec![0; self.cells];
        let mut level = 0_u64;
        let mut cell = 0;
        for (at, starts, amount) in events {
            let next = (self.eighths(at) / 8).min(self.cells - 1);
            // The level so far holds up to this instant, which may lie at the very cell's edge.
            let reaches = if self.eighths(at).is_multiple_of(8) && next > cell {
                next - 1
            } else {
                next
            };
            for slot in &mut cells[cell..=reaches] {
                *slot = level.max(*slot);
            }
            level = if starts {
                level + amount
            } else {
                level - amount
            };
            cell = next;
        }
        cells
    }

    /// One character a cell: its height is the value's share of `limit`, at least the lowest
    /// block for anything above zero.
    fn levels(&self, values: &[u64], limit: u64) -> String {
        let limit = limit.max(1);
        let ramp = if self.ascii {
            ASCII_LEVELS
        } else {
            LOWER_EIGHTHS
        };
        let over = if self.ascii { '!' } else { '▲' };
        let mut out = String::new();
        for &value in values {
            let level = (u128::from(value) * 8).div_ceil(u128::from(limit)) as usize;
            if value > limit {
                out.push_str(&paint(style::ERROR, &over.to_string()));
            } else {
                out.push(ramp[level]);
            }
        }
        out
    }
}

fn axis_label(at: u64, step: u64) -> String {
    let minutes = at / 60_000;
    if step < 60_000 {
        format!("{}:{:02}", minutes, at / 1000 % 60)
    } else if step < 3_600_000 {
        format!("{}:{:02} h", minutes / 60, minutes % 60)
    } else if step < 86_400_000 {
        format!("{} h", minutes / 60)
    } else {
        format!("{} d", minutes / 1440)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid {
        length: 100,
        cells: 10,
        ascii: false,
    };

    #[test]
    fn bars_start_and_end_within_a_cell() {
        for (start, end, indent, bar) in [
            (0, 100, 0, "██████████"),
            (0, 15, 0, "█▌"),
            (15, 30, 1, "▐█"),
            (42, 43, 4, "│"),
            (99, 100, 9, "▐"),
            (50, 50, 5, "▏"),
            (100, 100, 9, "│"),
        ] {
            assert_eq!(
                GRID.bar(start, end),
                (indent, bar.to_owned()),
                "{start}..{end}"
            );
        }
    }

    #[test]
    fn every_bar_stays_on_the_grid() {
        for ascii in [false, true] {
            let grid = Grid { ascii, ..GRID };
            for start in 0..=100 {
                for end in start..=100 {
                    let (indent, bar) = grid.bar(start, end);
                    assert!(
                        !bar.is_empty() && indent + bar.chars().count() <= 10,
                        "{start}..{end}: {bar}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_axis_fits_at_every_length() {
        for cells in [20, 40, 100] {
            for length in [1, 10, 999, 60_000, 3_600_000, 36_000_000, 10_000_000_000] {
                let grid = Grid {
                    length,
                    cells,
                    ascii: true,
                };
                assert!(grid.axis().len() <= cells, "{length}: {}", grid.axis());
            }
        }
    }
}
