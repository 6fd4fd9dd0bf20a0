# Packages that differ in nothing but data, one row each: what mkDerivation takes, with
# `url` for the source. The row's name is the pname unless it gives another. `stdenv` and
# `fetchurl` can be overridden like any package's; inputs come from the final set.
{ callPackage }:
defaultStdenv:
builtins.mapAttrs (
  attribute: row:
  callPackage (
    { stdenv, fetchurl }:
    stdenv.mkDerivation (
      { pname = attribute; }
      // builtins.removeAttrs row [ "url" ]
      // (if row ? url then { src = fetchurl { inherit (row) url; }; } else { })
    )
  ) { stdenv = defaultStdenv; }
)
