# gyakusatsu: the work laptop, under WSL2. No GPU, little memory: everything heavy comes
# from Cachix (ADR-025), here only small things are built.
{
  system = {
    hostname = "gyakusatsu";
    type = "wsl";
    workspace = "work";
  };

  cpu = {
    vendor = "amd";
    model = "Ryzen 5 5600H";
    family = "zen3";
    march = "znver3";
    cores = 6;
    threads = 12;
    baseFrequency = "3.3";
    turboFrequency = "4.2";
    instructionSets = [
      "sse4_2"
      "avx"
      "avx2"
      "fma"
      "bmi2"
      "aes"
      "sha_ni"
    ];
  };

  gpu = {
    vendor = "none";
    cudaSupport = false;
  };

  memory = {
    total = "8"; # what WSL gets, the laptop has 16
    type = "DDR4";
    speed = "3200";
    channels = 2;
    zramEnabled = false;
    effectiveTotal = "8";
  };

  build = {
    memory = {
      maxPerService = "4";
      recommendedHigh = "3";
      heavyBuildLimit = "5";
    };

    parallelism = {
      maxJobs = 1; # serial, do not build much here
      maxCores = 6;
      heavyBuildCores = 2;
      cargoBuildJobs = 2;
      linkerJobs = 1;
    };

    compiler = {
      march = "znver3";
      mtune = "znver3";
      optimizationLevel = "3";
      lto = "off";
      preferredLinker = "mold";
    };
  };

  packages = {
    # NONE = take the one from Cachix
    python313 = {
      pgoLevel = "NONE";
      enableLTO = false;
    };

    rustc = {
      enablePGO = false;
      enableLTO = false;
    };

    nodejs = {
      pgoLevel = "NONE";
      enableLTO = false;
    };

    go = {
      goamd64 = "v3";
    };

    # no GPU, skip
    onnxruntime = {
      enableOverlay = false;
      cudaSupport = false;
    };

    codex = {
      cargoBuildJobs = 1;
      memoryLimited = true;
    };
  };
}
