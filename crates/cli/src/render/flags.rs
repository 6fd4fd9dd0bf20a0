//! Flags for compilers and Nix, as they are set.

use super::Screen;
use super::paragraph::wrapped;
use super::style::{self, paint};
use super::untrusted::for_terminal;
use crate::dto::flags::FlagsOf;

/// The flags, one a line: what has an `=` can be read by a shell.
pub(crate) fn render(document: &FlagsOf, screen: Screen) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    let name = for_terminal(&document.name);
    let strong = paint(style::STRONG, &name);
    let of = if name == document.march {
        strong
    } else {
        format!("{strong}, {}", document.march)
    };
    line(&format!("# {of}"));
    if let Some(refused) = &document.refused {
        let what = paint(style::ERROR, "refused");
        line(&format!("{what}: {}", for_terminal(&refused.message)));
        line(&format!("  {}", for_terminal(&refused.hint)));
        return out;
    }
    let Some(flags) = &document.flags else {
        return out;
    };
    for name in ["CFLAGS", "CXXFLAGS"] {
        line(&format!("{name}=\"{}\"", flags.cflags.join(" ")));
    }
    line(&format!("RUSTFLAGS=\"{}\"", flags.rustflags.join(" ")));
    if let Some(level) = flags.goamd64 {
        line(&format!("GOAMD64={level}"));
    }
    match (flags.gcc_arch, flags.gcc_tune) {
        (Some(arch), Some(tune)) => {
            line(&format!(
                "# nixpkgs.hostPlatform.gcc = {{ arch = \"{arch}\"; tune = \"{tune}\"; }};"
            ));
            if let Some(feature) = &flags.system_feature {
                line(&format!("# asks of every builder: {feature}"));
            }
        }
        _ => line("# nixpkgs has no gcc.arch of that name"),
    }
    if !document.builder_features.is_empty() {
        let features = document.builder_features.join(" ");
        let text = format!("as a builder it may claim: {features}");
        for part in wrapped(&text, screen.columns, 2) {
            line(&format!("# {part}"));
        }
    }
    out
}
