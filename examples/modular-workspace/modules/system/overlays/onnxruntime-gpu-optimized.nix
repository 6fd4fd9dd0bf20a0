# ONNX Runtime with CUDA 12.8 and cuDNN 9 for the GTX 960 (capability 5.2).
# Skipped where the profile says so: no GPU, no CUDA.
hardwareProfile: _final: prev:

let
  hw = hardwareProfile;
  cfg = hw.packages.onnxruntime or { };
  compiler = hw.build.compiler or { };

  enableOverlay = cfg.enableOverlay or false;
  cudaSupport = cfg.cudaSupport or false;
in
if !enableOverlay then
  { }
else
  {
    onnxruntime =
      (prev.onnxruntime.override {
        inherit cudaSupport;
        cudaPackages = prev.cudaPackages_12_8;
        cudaCapabilities = [ hw.gpu.computeCapability ];
      }).overrideAttrs
        (old: {
          NIX_CFLAGS_COMPILE = toString [
            (old.NIX_CFLAGS_COMPILE or "")
            "-march=${compiler.march or "x86-64-v3"}"
            "-mtune=${compiler.mtune or "generic"}"
            "-O3"
          ];
          cmakeFlags = old.cmakeFlags ++ [
            "-DCMAKE_CUDA_ARCHITECTURES=52"
          ];
          ninjaFlags = [ "-j${toString (cfg.ninjaJobs or 4)}" ];
        });
  }
