//! Large `.nix` files, the same on every machine.

use std::fmt::Write as _;

use crate::SplitMix64;

/// Bytes of nixpkgs' all-packages.nix in 2018.
pub const ALL_PACKAGES: usize = 675_000;

const PLACES: [&str; 6] = [
    "development/libraries",
    "tools/networking",
    "applications/graphics",
    "development/tools/misc",
    "servers",
    "os-specific/linux",
];
const OPTIONS: [&str; 5] = [
    "stdenv = gccStdenv;",
    "inherit (xorg) libX11 libXext;",
    "enableShared = true;",
    "python = python3;",
    "libjpeg = libjpeg_turbo.override { enableJpeg8 = true; };",
];

/// A set of packages of at least `bytes` bytes in the shape of nixpkgs'
/// `pkgs/top-level/all-packages.nix`: one flat set under a `with`, mostly `callPackage`, some with
/// arguments of their own, some overridden, with headings and comments between.
pub fn all_packages(bytes: usize) -> String {
    let mut random = SplitMix64(0x00A1_1BAC);
    let mut out = String::with_capacity(bytes + 1024);
    out.push_str(
        "/* The top-level package collection. */\n\
         { lib, noSysDirs, config, overlays }:\n\
         res: pkgs: super:\n\n\
         with pkgs;\n\n{\n\n  inherit (super) stdenvNoCC;\n",
    );
    for package in 0_u32.. {
        if out.len() >= bytes {
            break;
        }
        // Writing to a string cannot fail.
        let _ = match random.below(12) {
            0 => write!(
                out,
                "\n  ### {} {package}\n",
                PLACES[(package % 6) as usize].to_uppercase()
            ),
            1 => write!(
                out,
                "\n  # needed until the next release, see issue {package}"
            ),
            _ => Ok(()),
        };
        let name = name(package);
        let place = PLACES[random.below(6) as usize];
        let _ = match random.below(10) {
            0 => {
                let option = OPTIONS[random.below(5) as usize];
                let other = OPTIONS[random.below(5) as usize];
                let other = if other == option { "" } else { other };
                write!(
                    out,
                    "\n  {name} = callPackage ../{place}/{name} {{\n    {option}\n    {other}\n  }};\n"
                )
            }
            1 => write!(
                out,
                "\n  {name} = lowPrio (callPackage ../{place}/{name} {{ }}).override {{\n    \
                 withGtk = !stdenv.isDarwin;\n    buildInputs = [ zlib openssl ] ++ lib.optional stdenv.isLinux alsaLib;\n  }};\n"
            ),
            2 => write!(
                out,
                "\n  inherit (callPackages ../{place}/{name} {{ }})\n    {name}_1\n    {name}_2;\n"
            ),
            3 => write!(
                out,
                "\n  {name}-with-plugins = {name}.override {{ plugins = with plugins; [ a b ]; }};\n"
            ),
            _ => write!(out, "\n  {name} = callPackage ../{place}/{name} {{ }};\n"),
        };
    }
    out.push_str("}\n");
    out
}

/// The name of the package of that number: each is defined once.
pub fn name(package: u32) -> String {
    const STEMS: [&str; 8] = [
        "zlib",
        "gtk",
        "python-modules",
        "ffmpeg",
        "qt",
        "libfoo",
        "xorg-tools",
        "go-lang",
    ];
    format!("{}-{package:05}", STEMS[(package % 8) as usize])
}
