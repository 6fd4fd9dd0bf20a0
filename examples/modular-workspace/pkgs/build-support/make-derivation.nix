# mkDerivation, with the forms people use on it: a set, a function of finalAttrs,
# overrideAttrs with `old:` and with `finalAttrs: previousAttrs:`, `env`, `passthru`,
# several outputs.
{ lib, system }:
let
  # A text file: its store path depends on the words only, whether the repository is read
  # as a flake (a copy in the store) or in place.
  builderScript = builtins.toFile "builder.sh" (builtins.readFile ./builder.sh);

  inputLists = [
    "depsBuildBuild"
    "nativeBuildInputs"
    "buildInputs"
    "propagatedBuildInputs"
  ];

  # Not for the builder: the result carries them as attributes.
  hidden = [
    "env"
    "meta"
    "passthru"
  ];
in
stdenv:
let
  makeDerivation =
    rattrs:
    let
      attrs = rattrs (attrs // { inherit finalPackage overrideAttrs; });

      overrideAttrs =
        change:
        makeDerivation (
          lib.extends (
            final: prev:
            let
              once = if builtins.isFunction change then change prev else change;
            in
            if builtins.isFunction once then change final prev else once
          ) rattrs
        );

      env = attrs.env or { };
      plain = builtins.removeAttrs attrs hidden;
      overlapping = builtins.attrNames (builtins.intersectAttrs env plain);

      name =
        attrs.name or (attrs.pname + lib.optionalString (attrs ? version) "-${attrs.version}");

      drv = derivation (
        plain
        // env
        // {
          inherit name system;
          stdenv = stdenv.outPath;
          builder = "/bin/sh";
          args = [
            "-e"
            builderScript
          ];
          outputs = attrs.outputs or [ "out" ];
        }
        // lib.genAttrs (builtins.filter (list: plain ? ${list}) inputLists) (
          list: map lib.getDev (builtins.filter (input: input != null) plain.${list})
        )
      );

      finalPackage =
        if overlapping != [ ] then
          throw "${name}: in env and beside it: ${toString overlapping}"
        else
          drv
          // (attrs.passthru or { })
          // {
            inherit overrideAttrs;
            meta = { inherit name; } // attrs.meta or { };
            passthru = attrs.passthru or { };
            inherit stdenv;
          };
    in
    finalPackage;
in
fnOrAttrs:
makeDerivation (if builtins.isFunction fnOrAttrs then fnOrAttrs else (_finalAttrs: fnOrAttrs))
