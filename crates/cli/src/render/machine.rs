//! What a machine is, on one screen.

use super::Screen;
use super::style::{self, paint};
use super::table::{self, Align};
use super::untrusted::for_terminal;
use crate::dto::machine::{Confidence, Fact, Gpu, Layer, Machine};
use crate::quantity::{bytes, plural};

/// The machine as one screen of text with ANSI styles.
pub(crate) fn render(machine: &Machine, screen: Screen) -> String {
    let mut page = Page {
        machine,
        screen,
        out: String::new(),
    };
    page.head();
    page.processor();
    page.memory();
    page.gpus();
    page.disks();
    page.out
}

/// A name, a value, and where it is from.
type Row = [String; 3];

struct Page<'a> {
    machine: &'a Machine,
    screen: Screen,
    out: String,
}

/// Where a fact is from, with a word where it is not certain.
fn origin<T>(fact: &Fact<T>) -> String {
    let doubt = match fact.confidence {
        Confidence::Certain => "",
        Confidence::Likely => "likely, ",
        Confidence::Guess => "a guess, ",
    };
    match fact.rule {
        "" => format!("{doubt}{}", fact.file),
        rule => format!("{doubt}{}: {rule}", fact.file),
    }
}

fn row<T>(name: &str, fact: &Fact<T>, value: impl FnOnce(&T) -> String) -> Row {
    [name.to_owned(), value(&fact.value), origin(fact)]
}

impl Page<'_> {
    fn section(&mut self, title: &str, rows: &[Row]) {
        if rows.is_empty() {
            return;
        }
        self.out.push('\n');
        self.out.push_str(&paint(style::HEADING, title));
        self.out.push('\n');
        let (_, lines) = table::set([Align::Left; 3], &[], rows, self.screen);
        for cells in lines {
            let [name, value, origin] = &cells[..] else {
                continue;
            };
            let origin = paint(style::FAINT, origin.trim_end());
            let line = format!("  {name}  {value}  {origin}");
            self.out.push_str(line.trim_end());
            self.out.push('\n');
        }
    }

    fn head(&mut self) {
        let host = &self.machine.host;
        let name = host
            .hostname
            .as_ref()
            .map_or("this machine", |it| &it.value);
        let mut parts: Vec<String> = self
            .machine
            .layers
            .iter()
            .map(|layer| layer_in_words(&layer.value))
            .collect();
        if let Some(kind) = &host.kind
            && matches!(kind.value, "laptop" | "desktop" | "server")
        {
            parts.insert(0, kind.value.to_owned());
        }
        parts.extend(host.system.iter().map(|it| it.value.clone()));
        parts.extend(host.kernel.iter().map(|it| format!("Linux {}", it.value)));
        let rest = parts.join(", ");
        let name = paint(style::STRONG, &for_terminal(name));
        let line = format!("{name}  {}", for_terminal(&rest));
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    fn processor(&mut self) {
        let processor = &self.machine.processor;
        let mut rows = Vec::new();
        rows.extend(
            processor
                .name
                .iter()
                .map(|it| row("name", it, Clone::clone)),
        );
        if let Some(signature) = &processor.signature {
            rows.push(row("model", signature, Clone::clone));
        }
        rows.extend(processor.uarch.iter().map(|it| {
            row("is", it, |uarch| match &uarch.code_name {
                name if *name == uarch.name => name.clone(),
                name => format!("{} ({name})", uarch.name),
            })
        }));
        if let Some(translated) = &processor.translated {
            rows.push(row("translates", translated, |family| (*family).to_owned()));
        }
        if let Some(runnable) = &processor.runnable {
            rows.push(row("runs", runnable, |it| {
                let level = it.level.map(str::to_owned);
                let all = it.architectures.iter().map(|&name| name.to_owned());
                let mut names: Vec<String> = all.collect();
                names.extend(level.filter(|level| !names.contains(level)));
                names.join(", ")
            }));
            rows.extend(runnable.value.march.map(|march| {
                let why = "what to compile for here";
                ["march".to_owned(), march.to_owned(), why.to_owned()]
            }));
            let masked = &runnable.value.masked;
            if !masked.is_empty() {
                let why = "features of it that are hidden here";
                rows.push(["hidden".to_owned(), masked.join(" "), why.to_owned()]);
            }
        }
        if let Some(threads) = &processor.threads {
            rows.push(row("threads", threads, |&threads| {
                let cores = processor.cores.as_ref();
                let cores = cores.map(|it| format!(" on {}", plural(it.value.into(), "core")));
                let packages = processor.packages.as_ref().filter(|it| it.value > 1);
                let packages = packages.map(|it| format!(" of {} packages", it.value));
                let smt = processor.smt.as_ref().filter(|it| it.value == "off");
                let smt = smt.map(|_| ", SMT is off".to_owned());
                let parts = [cores, packages, smt];
                threads.to_string() + &parts.into_iter().flatten().collect::<String>()
            }));
        }
        if let Some(usable) = &processor.usable_threads {
            rows.push(row("usable", usable, |&threads| {
                plural(threads.into(), "thread")
            }));
        }
        for kind in &processor.kinds {
            rows.push(row("", kind, |kind| {
                format!(
                    "{} of kind {}",
                    plural(kind.threads.into(), "thread"),
                    kind.name
                )
            }));
        }
        if let Some(fastest) = processor
            .turbo_frequency
            .as_ref()
            .or(processor.base_frequency.as_ref())
        {
            rows.push(row("frequency", fastest, |mhz| {
                let ghz = |mhz: u32| format!("{:.1} GHz", f64::from(mhz) / 1000.0);
                match (&processor.base_frequency, &processor.turbo_frequency) {
                    (Some(base), Some(_)) => format!("{}, up to {}", ghz(base.value), ghz(*mhz)),
                    (None, Some(_)) => format!("up to {}", ghz(*mhz)),
                    _ => ghz(*mhz),
                }
            }));
        }
        if let Some(first) = processor.caches.first() {
            let caches: Vec<String> = processor
                .caches
                .iter()
                .map(|cache| {
                    let cache = &cache.value;
                    let kind = match &*cache.kind {
                        "data" => "d",
                        "instruction" => "i",
                        _ => "",
                    };
                    format!("L{}{kind} {}", cache.level, bytes(cache.bytes))
                })
                .collect();
            rows.push(row("caches", first, |_| caches.join(", ")));
        }
        if processor.nodes.len() > 1 {
            for node in &processor.nodes {
                rows.push(row("node", node, |node| {
                    let threads = plural(node.threads.into(), "thread");
                    format!("{}: {threads}, {}", node.number, bytes(node.bytes))
                }));
            }
        }
        self.section("Processor", &rows);
    }

    fn memory(&mut self) {
        let memory = &self.machine.memory;
        let mut rows = Vec::new();
        let size = |n: &u64| bytes(*n);
        rows.extend(memory.total_bytes.iter().map(|it| row("RAM", it, size)));
        rows.extend(self.plugged_in());
        if let Some(pages) = &memory.huge_pages_bytes {
            rows.push(row("huge pages", pages, size));
        }
        if let Some(cgroup) = &memory.cgroup {
            rows.push(row("limit", cgroup, |it| {
                format!("{}, control groups v{}", bytes(it.limit_bytes), it.version)
            }));
        }
        if let Some(limit) = &memory.wsl_limit_bytes {
            rows.push(row("WSL", limit, size));
        }
        for swap in &memory.swap {
            rows.push(row("swap", swap, |it| {
                format!("{}, {} {}", bytes(it.bytes), it.kind, it.name)
            }));
        }
        for zram in &memory.zram {
            rows.push(row("zram", zram, |it| {
                let mut parts = vec![match it.disksize_bytes {
                    0 => format!("{} is idle", it.name),
                    size => format!("{} takes {}", it.name, bytes(size)),
                }];
                parts.extend(it.algorithm.clone());
                parts.extend(it.ratio.map(|ratio| format!("ratio {ratio:.1}")));
                parts.extend(
                    it.limit_bytes
                        .map(|n| format!("at most {} of RAM", bytes(n))),
                );
                if it.disksize_bytes > 0 && !it.is_swap {
                    parts.push("not swapped to".to_owned());
                }
                parts.join(", ")
            }));
        }
        self.section("Memory", &rows);
    }

    /// The nodes know the memory of the boot, and not what was plugged in since; that they know
    /// less is worth a word, for who adds them up.
    fn plugged_in(&self) -> Option<Row> {
        let nodes = &self.machine.processor.nodes;
        let sum: u64 = nodes.iter().map(|node| node.value.bytes).sum();
        let all = self.machine.memory.total_bytes.as_ref()?.value;
        let is_less = !nodes.is_empty() && (sum as f64) < 0.95 * all as f64;
        is_less.then(|| {
            row("nodes", &nodes[0], |_| {
                format!("{} of it; more was plugged in", bytes(sum))
            })
        })
    }

    fn gpus(&mut self) {
        for gpu in &self.machine.gpus {
            self.section("GPU", &gpu_rows(gpu));
        }
    }

    fn disks(&mut self) {
        let disks = self.machine.host.disks.iter().map(|disk| {
            row(&disk.value.name, disk, |it| match it.bytes {
                Some(size) => format!("{}, {}", it.kind, bytes(size)),
                None => it.kind.to_owned(),
            })
        });
        let rows: Vec<Row> = disks.collect();
        self.section("Disks", &rows);
    }
}

fn gpu_rows(gpu: &Gpu) -> Vec<Row> {
    let mut rows = Vec::new();
    match (&gpu.model, &gpu.vendor) {
        (Some(model), _) => rows.push(row("model", model, Clone::clone)),
        (None, vendor) => rows.extend(vendor.iter().map(|it| row("vendor", it, Clone::clone))),
    }
    let texts = [
        ("PCI id", &gpu.pci),
        ("chip", &gpu.chip),
        ("family", &gpu.architecture),
        ("capability", &gpu.compute_capability),
        ("driver", &gpu.driver),
    ];
    for (name, found) in texts {
        rows.extend(found.iter().map(|it| row(name, it, Clone::clone)));
    }
    let memory = gpu.memory_bytes.iter();
    rows.extend(memory.map(|it| row("memory", it, |n| bytes(*n))));
    rows
}

fn layer_in_words(layer: &Layer) -> String {
    let what = match layer.kind {
        "bare-metal" => "bare metal",
        "virtual-machine" => "virtual machine",
        "wsl1" => "WSL 1",
        "wsl2" => "WSL 2",
        other => other,
    };
    match &layer.by {
        Some(by) => format!("{what} ({by})"),
        None => what.to_owned(),
    }
}
