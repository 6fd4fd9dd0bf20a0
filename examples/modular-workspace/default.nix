# The same without flakes: nix-build --argstr machine gyakusatsu
{
  machine ? "shoshin",
  stock ? false,
}:
let
  flake = (import ./flake.nix).outputs { self = flake; };
in
(flake.lib.mkHome { inherit machine stock; }).activationPackage
