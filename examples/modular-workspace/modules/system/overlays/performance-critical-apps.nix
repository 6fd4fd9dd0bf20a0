# The tools that run all day, and Codex in its memory-limited mode.
hardwareProfile: _final: prev:

let
  hw = hardwareProfile;
  march = hw.build.compiler.march or "x86-64-v3";
  codex = hw.packages.codex or { };

  rustFlags = "-C target-cpu=${march} -C opt-level=3";

  optimizeRust =
    pkg:
    pkg.overrideAttrs (old: {
      RUSTFLAGS = "${old.RUSTFLAGS or ""} ${rustFlags}";
    });
in
{
  ripgrep = optimizeRust prev.ripgrep;
  fd = optimizeRust prev.fd;
  bat = optimizeRust prev.bat;
  delta = optimizeRust prev.delta;

  codex = prev.codex.overrideAttrs (_old: {
    RUSTFLAGS = rustFlags;
    # 16 GB are not enough for one rustc per thread
    CARGO_BUILD_JOBS = codex.cargoBuildJobs or hw.build.parallelism.cargoBuildJobs;
  });

  jq = prev.jq.overrideAttrs (old: {
    env = (old.env or { }) // {
      NIX_CFLAGS_COMPILE = "-O3 -march=${march}";
    };
  });
}
