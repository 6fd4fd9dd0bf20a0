# With CUDA where the overlay is on, CPU only elsewhere.
{ pkgs, ... }:

{
  home.packages = [ pkgs.onnxruntime ];
}
