# LLVM 19 with the machine's flags: nvcc calls the host compiler, so CUDA code compiles
# faster with a faster clang.
hardwareProfile: _final: prev:

let
  hw = hardwareProfile;
  compiler = hw.build.compiler or { };

  march = compiler.march or "x86-64-v3";
  mtune = compiler.mtune or march;

  hardwareFlags = "-march=${march} -mtune=${mtune} -O${toString (compiler.optimizationLevel or "3")}";

  optimize =
    pkg:
    pkg.overrideAttrs (old: {
      env = (old.env or { }) // {
        NIX_CFLAGS_COMPILE = toString [
          (old.env.NIX_CFLAGS_COMPILE or "")
          hardwareFlags
        ];
      };
    });
in
{
  llvmPackages_19 = prev.llvmPackages_19 // {
    llvm = optimize prev.llvmPackages_19.llvm;
    clang-unwrapped = optimize prev.llvmPackages_19.clang-unwrapped;
  };
}
