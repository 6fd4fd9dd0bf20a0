# The names by which the package set knows its derivations, as lines `ATTRIBUTE PATH`:
# a derivation itself carries only its pname, so that python313 is "python3" in it.
{
  machine ? "shoshin",
}:
let
  flake = (import ./flake.nix).outputs { self = flake; };
  inherit (flake.lib.mkHome { inherit machine; }) pkgs;
  inherit (pkgs) lib;

  scopes = [ "llvmPackages_19" "python313Packages" "cudaPackages_12_8" ];
  derivationsOf =
    prefix: set:
    map (name: "${prefix}${name} ${builtins.unsafeDiscardStringContext set.${name}.drvPath}\n") (
      builtins.filter (name: lib.isDerivation set.${name}) (builtins.attrNames set)
    );
in
lib.concatStrings (
  derivationsOf "" pkgs
  ++ lib.concatLists (map (scope: derivationsOf "${scope}." pkgs.${scope}) scopes)
)
