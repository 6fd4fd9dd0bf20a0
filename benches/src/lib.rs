//! Large inputs for the benchmarks, the same on every machine.

pub mod cpu_time;
pub mod nix_files;
pub mod requests;
pub mod store_paths;

use std::fmt::Write as _;
use std::io::{self, Write};

/// A generated dependency graph in the shape of nixpkgs: a few foundations that nearly everything
/// needs, many leaves, most inputs close by.
#[derive(Clone, Debug)]
pub struct GeneratedGraph {
    /// Inputs of each derivation: smaller numbers, ascending.
    pub inputs: Vec<Vec<u32>>,
    /// Whether an edit changed the flags of each.
    edited: Vec<bool>,
    /// Whether each is built again because of that.
    rebuilt: Vec<bool>,
}

impl GeneratedGraph {
    /// `derivations` derivations with `edges_per_derivation` inputs each, save the first few.
    pub fn new(derivations: u32, edges_per_derivation: u32) -> Self {
        let mut random = SplitMix64(0x9E37_79B9_7F4A_7C15);
        let inputs: Vec<Vec<u32>> = (0..derivations)
            .map(|i| {
                let mut inputs: Vec<u32> = Vec::new();
                while (inputs.len() as u32) < edges_per_derivation.min(i) {
                    let input = match random.below(10) {
                        // stdenv and its kind
                        0..3 => random.below(i.min(40)),
                        // libraries of the same corner
                        3..7 => i - 1 - random.below(i.min(2000)),
                        _ => random.below(i),
                    };
                    if !inputs.contains(&input) {
                        inputs.push(input);
                    }
                }
                inputs.sort_unstable();
                inputs
            })
            .collect();
        Self {
            edited: vec![false; inputs.len()],
            rebuilt: vec![false; inputs.len()],
            inputs,
        }
    }

    /// The same graph with other flags in every `nth` derivation from `from` on, and so with other
    /// paths in all that needs one of these.
    #[must_use]
    pub fn edited(&self, from: u32, nth: u32) -> Self {
        let mut edited = self.clone();
        for (i, inputs) in (0_u32..).zip(&self.inputs) {
            let at = i as usize;
            edited.edited[at] = i >= from && (i - from).is_multiple_of(nth);
            let rebuilt = |&input: &u32| edited.rebuilt[input as usize];
            edited.rebuilt[at] = edited.edited[at] || inputs.iter().any(rebuilt);
        }
        edited
    }

    /// How many derivations are built again because of an edit.
    pub fn rebuilt_count(&self) -> usize {
        self.rebuilt.iter().filter(|&&rebuilt| rebuilt).count()
    }

    /// Number of edges.
    pub fn edge_count(&self) -> usize {
        self.inputs.iter().map(Vec::len).sum()
    }

    /// Writes the graph as `nix show-derivation --recursive` (2.8) prints it, about 4 KB for each
    /// derivation: names, flags, phases and long lists of inputs, as they stand in nixpkgs.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{{")?;
        let mut text = String::new();
        for (i, inputs) in (0_u32..).zip(&self.inputs) {
            text.clear();
            self.derivation(i, inputs, &mut text);
            out.write_all(text.as_bytes())?;
            let comma = if i as usize + 1 < self.inputs.len() {
                ","
            } else {
                ""
            };
            writeln!(out, "{comma}")?;
        }
        writeln!(out, "}}")
    }

    fn derivation(&self, i: u32, inputs: &[u32], out: &mut String) {
        let drv_path = |i: u32| store_path(self.number(i) * 2, &(name(i) + ".drv"));
        let out_path = |i: u32| store_path(self.number(i) * 2 + 1, &name(i));
        let mut put = |text: std::fmt::Arguments<'_>| {
            // Writing to a string cannot fail.
            let _ = out.write_fmt(text);
        };
        put(format_args!(
            "  \"{}\": {{\n    \"outputs\": {{\n",
            drv_path(i)
        ));
        put(format_args!(
            "      \"out\": {{ \"path\": \"{}\" }}\n    }},\n",
            out_path(i)
        ));
        put(format_args!(
            "    \"inputSrcs\": [ \"{}\" ],\n    \"inputDrvs\": {{\n",
            store_path(u32::MAX, "default-builder.sh")
        ));
        for (position, &input) in inputs.iter().enumerate() {
            let comma = if position + 1 < inputs.len() { "," } else { "" };
            put(format_args!(
                "      \"{}\": [ \"out\" ]{comma}\n",
                drv_path(input)
            ));
        }
        put(format_args!(
            "    }},\n    \"system\": \"x86_64-linux\",\n    \"builder\": \"{}/bin/bash\",\n    \
             \"args\": [ \"-e\", \"{}\" ],\n    \"env\": {{\n",
            out_path(0),
            store_path(u32::MAX, "default-builder.sh")
        ));
        let all: String = inputs.iter().map(|&input| out_path(input) + " ").collect();
        put(format_args!("      \"buildInputs\": \"{all}\",\n"));
        put(format_args!(
            "      \"cmakeFlags\": \"{}\",\n",
            "-DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF -DCMAKE_SKIP_BUILD_RPATH=ON ".repeat(9)
                + if self.edited[i as usize] {
                    "-DCMAKE_CXX_FLAGS=-O3"
                } else {
                    ""
                }
        ));
        if i.is_multiple_of(3) {
            put(format_args!("      \"enableParallelBuilding\": \"1\",\n"));
        }
        put(format_args!(
            "      \"name\": \"{}\",\n      \"nativeBuildInputs\": \"{all}\",\n",
            name(i)
        ));
        put(format_args!(
            "      \"out\": \"{}\",\n      \"pname\": \"{}\",\n",
            out_path(i),
            pname(i)
        ));
        put(format_args!(
            "      \"postInstall\": \"{}\",\n      \"propagatedBuildInputs\": \"{all}\",\n",
            "for f in $out/bin/*; do\\n  wrapProgram \\\"$f\\\" --prefix PATH : \\\"$out/libexec\\\"\\ndone\\n"
                .repeat(12)
        ));
        put(format_args!(
            "      \"stdenv\": \"{}\",\n      \"system\": \"x86_64-linux\",\n      \"version\": \
             \"1.{}\"\n    }}\n  }}",
            out_path(1),
            i % 100
        ));
    }

    /// A number for the derivation's paths.
    fn number(&self, i: u32) -> u32 {
        i + if self.rebuilt[i as usize] { 1 << 30 } else { 0 }
    }
}

fn pname(i: u32) -> String {
    const NAMES: [&str; 12] = [
        "zlib",
        "openssl",
        "llvm",
        "gcc",
        "python3",
        "rustc",
        "perl-module",
        "haskell-lens",
        "kde-frameworks",
        "texlive-bin",
        "firefox",
        "linux",
    ];
    format!("{}-g{i:06}x", NAMES[i as usize % NAMES.len()])
}

fn name(i: u32) -> String {
    format!("{}-1.{}", pname(i), i % 100)
}

/// A store path whose hash part is `number`, scattered, in Nix's base 32.
fn store_path(number: u32, name: &str) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdfghijklmnpqrsvwxyz";
    let mut random = SplitMix64(u64::from(number));
    let hash: String = (0..32)
        .map(|_| char::from(DIGITS[random.below(32) as usize]))
        .collect();
    format!("/nix/store/{hash}-{name}")
}

/// SplitMix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014): small, and the same everywhere.
#[derive(Clone, Debug)]
pub struct SplitMix64(pub u64);

impl SplitMix64 {
    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in 0 .. `limit`; 0 for a limit of 0. Not perfectly uniform, which no benchmark
    /// notices.
    pub fn below(&mut self, limit: u32) -> u32 {
        (self.next_u64() % u64::from(limit.max(1))) as u32
    }
}
