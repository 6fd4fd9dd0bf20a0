# Node.js with PGO and the machine's flags. Not active: to be test-built first
# (phase 0.5), V8 needs 8-12 GB while it links.
hardwareProfile: _final: prev:

let
  hw = hardwareProfile;
  cfg = hw.packages.nodejs or { };
  compiler = hw.build.compiler or { };

  pgoLevel = cfg.pgoLevel or "NONE";
  march = compiler.march or "x86-64-v3";
  mtune = compiler.mtune or march;

  hardwareCflags = "-march=${march} -mtune=${mtune} -O${toString (compiler.optimizationLevel or "3")}";
in
{
  nodejs_22 =
    if pgoLevel == "NONE" then
      prev.nodejs_22
    else
      prev.nodejs_22.overrideAttrs (old: {
        inherit pgoLevel;

        NIX_CFLAGS_COMPILE = toString [
          (old.NIX_CFLAGS_COMPILE or "")
          hardwareCflags
        ];

        # V8 wants C++20. Was NIX_CXXSTDLIB_COMPILE, fixed in f697cbd.
        NIX_CXXFLAGS_COMPILE = "-std=c++20 ${hardwareCflags}";

        configureFlags =
          (old.configureFlags or [ ])
          ++ prev.lib.optional (pgoLevel == "FULL") "--enable-pgo-generate"
          ++ prev.lib.optional (cfg.enableLTO or false) "--enable-lto";

        ninjaFlags = [ "-j${toString (cfg.ninjaJobs or 4)}" ];
      });
}
