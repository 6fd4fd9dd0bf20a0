# shoshin: the desktop at home. Builds for everyone and pushes to Cachix.
{
  system = {
    hostname = "shoshin";
    type = "desktop";
    workspace = "home";
  };

  cpu = {
    vendor = "intel";
    model = "i7-6700K";
    family = "skylake";
    march = "skylake";
    cores = 4;
    threads = 8;
    baseFrequency = "4.0"; # GHz
    turboFrequency = "4.2";
    instructionSets = [
      "sse4_2"
      "avx"
      "avx2"
      "fma"
      "bmi2"
      "aes"
    ];
  };

  gpu = {
    vendor = "nvidia";
    model = "GTX 960";
    architecture = "maxwell";
    cudaSupport = true;
    computeCapability = "5.2";
    vram = "4";
    minDriverVersion = "525.60";
    maxCudaVersion = "12.8"; # 13 drops Maxwell
  };

  memory = {
    total = "16";
    type = "DDR4";
    speed = "2133";
    channels = 2;
    zramEnabled = true;
    zramPercentage = 75;
    effectiveTotal = "28"; # 16GB RAM + 12GB zram
  };

  build = {
    # GB
    memory = {
      maxPerService = "10";
      recommendedHigh = "8";
      heavyBuildLimit = "12";
    };

    parallelism = {
      maxJobs = 2; # parallel derivations
      maxCores = 6; # cores per derivation: 2 x 6 = 12 on 8 threads
      heavyBuildCores = 4;
      cargoBuildJobs = 4;
      linkerJobs = 2;
    };

    compiler = {
      march = "skylake";
      mtune = "skylake";
      optimizationLevel = "3";
      lto = "thin";
      preferredLinker = "mold";
    };

    cuda = {
      version = "12.8";
      cudnn = "9";
      capabilities = [ "5.2" ];
    };
  };

  packages = {
    python313 = {
      pgoLevel = "FULL"; # NONE | LIGHT | FULL
      enableLTO = true;
      makeJobs = 6;
    };

    rustc = {
      enablePGO = true;
      enableLTO = true;
      enableJemalloc = true;
    };

    # not active yet, see flake.nix
    nodejs = {
      pgoLevel = "FULL";
      enableLTO = true;
      ninjaJobs = 4; # 6 ran out of memory while linking V8
    };

    go = {
      goamd64 = "v3";
    };

    onnxruntime = {
      enableOverlay = true;
      cudaSupport = true;
      ninjaJobs = 3;
    };

    # Rust, but large: was killed with all cores
    codex = {
      cargoBuildJobs = 2;
      memoryLimited = true;
    };
  };
}
