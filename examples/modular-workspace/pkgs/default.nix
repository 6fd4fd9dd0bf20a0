# A miniature of nixpkgs: real names, versions and dependency shape, an overlay fixed
# point, and builds that take a moment and need no network. See ../README.md.
{
  system ? "x86_64-linux",
  overlays ? [ ],
}:
let
  lib = import ./lib.nix;
  stages = [
    (import ./stdenv.nix)
    (import ./foundations.nix)
    (import ./libraries.nix)
    (import ./compilers.nix)
    (import ./languages.nix)
    (import ./desktop-libraries.nix)
    (import ./command-line.nix)
    (import ./infrastructure.nix)
    (import ./applications.nix)
    (import ./machine-learning.nix)
  ];
  base =
    final:
    {
      inherit lib system;
      pkgs = final;
      callPackage = lib.callPackageWith final;
      # In a scope, its own members come before those of the whole set.
      newScope = extra: lib.callPackageWith (final // extra);
    }
    // import ./build-support/trivial-builders.nix { inherit lib system; };
in
lib.fix (lib.extends (lib.composeManyExtensions (stages ++ overlays)) base)
