# The names by which the package set knows its derivations, as lines `ATTRIBUTE PATH`:
# a derivation itself carries only its pname, so that python313 is "python3" in it.
#
# One name for each derivation, the most specific: python313 of python3 and python313, and
# a top-level name before one in a scope.
{
  machine ? "shoshin",
}:
let
  flake = (import ./flake.nix).outputs { self = flake; };
  inherit (flake.lib.mkHome { inherit machine; }) pkgs;
  inherit (pkgs) lib;

  scopes = [ "llvmPackages_19" "python313Packages" "cudaPackages_12_8" ];

  # Derivation path → name.
  namesIn =
    prefix: set:
    builtins.foldl' (
      names: attribute:
      let
        drv = builtins.unsafeDiscardStringContext set.${attribute}.drvPath;
        name = prefix + attribute;
        longer = builtins.stringLength name > builtins.stringLength (names.${drv} or "");
      in
      if longer then names // { ${drv} = name; } else names
    ) { } (builtins.filter (attribute: lib.isDerivation set.${attribute}) (builtins.attrNames set));

  inScopes = builtins.foldl' (names: scope: names // namesIn "${scope}." pkgs.${scope}) { } scopes;
in
lib.concatStrings (lib.mapAttrsToList (drv: name: "${name} ${drv}\n") (inScopes // namesIn "" pkgs))
