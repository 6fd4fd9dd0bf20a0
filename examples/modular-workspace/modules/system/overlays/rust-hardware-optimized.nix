# rustc with PGO, LTO and jemalloc, cargo with the machine's flags.
#
# shoshin:    PGO + LTO + jemalloc
# gyakusatsu: nothing, comes from Cachix
hardwareProfile: final: prev:

let
  hw = hardwareProfile;
  cfg = hw.packages.rustc or { };
  march = hw.build.compiler.march or "x86-64-v3";

  enablePGO = cfg.enablePGO or false;
  enableLTO = cfg.enableLTO or false;
  enableJemalloc = cfg.enableJemalloc or false;
in
if !enablePGO && !enableLTO then
  { }
else
  {
    rustc = prev.rustc.overrideAttrs (old: {
      pgoLevel = if enablePGO then "FULL" else "NONE";
      inherit enableLTO enableJemalloc;
      RUSTFLAGS = "-C target-cpu=${march} -C opt-level=3";
      configureFlags =
        old.configureFlags
        ++ prev.lib.optional enableLTO "--set=rust.lto=thin"
        ++ prev.lib.optional enableJemalloc "--set=rust.jemalloc";
      buildInputs = old.buildInputs ++ prev.lib.optional enableJemalloc prev.jemalloc;
    });

    cargo = (prev.cargo.override { rustc = final.rustc; }).overrideAttrs (_old: {
      RUSTFLAGS = "-C target-cpu=${march}";
    });
  }
