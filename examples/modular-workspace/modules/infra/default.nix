# Infrastructure tooling. Not imported by home.nix yet.
{ ... }:

{
  imports = [
    ./k8s
    ./iac
    # ./cloud # later, when something runs there
  ];
}
