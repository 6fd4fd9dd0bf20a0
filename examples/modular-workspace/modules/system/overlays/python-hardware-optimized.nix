# Python 3.13 with profile guided optimization.
#
# pgoLevel (hardware profile): NONE = untouched, from Cachix; LIGHT = LTO only;
# FULL = LTO and the whole training run, 60-90 minutes on shoshin.
hardwareProfile: _final: prev:

let
  hw = hardwareProfile;
  cfg = hw.packages.python313 or { };
  compiler = hw.build.compiler or { };

  pgoLevel = cfg.pgoLevel or "NONE";

  hardwareFlags = [
    "-march=${compiler.march or "x86-64-v3"}"
    "-mtune=${compiler.mtune or "generic"}"
    "-O${toString (compiler.optimizationLevel or "3")}"
    "-fno-semantic-interposition"
  ];

  optimizedStdenv = prev.stdenvAdapters.withCFlags hardwareFlags prev.stdenv;
in
{
  python313 =
    if pgoLevel == "NONE" then
      prev.python313 # use default (from Cachix)
    else
      (prev.python313.override {
        stdenv = optimizedStdenv;
        enableOptimizations = pgoLevel == "FULL";
        enableLTO = cfg.enableLTO or true;
      }).overrideAttrs
        (_old: {
          inherit pgoLevel;
          makeFlags = [ "-j${toString (cfg.makeJobs or 6)}" ];
        });
}
