{
  pkgs,
  lib,
  hardwareProfile,
  ...
}:

let
  hw = hardwareProfile;
in
{
  imports = [
    ./modules/shell
    ./modules/dev
    ./modules/apps/browsers.nix
    ./modules/apps/editors.nix
    ./modules/apps/ai.nix
    ./modules/apps/gpu-accelerated.nix
  ];

  home = {
    username = "dawn";
    homeDirectory = "/home/dawn";
    stateVersion = "25.05";

    packages = with pkgs; [
      curl
      gnupg
      htop
    ];

    sessionVariables = {
      EDITOR = "nvim";
      WORKSPACE = hw.system.workspace;
    };

    file.".config/workspace/host".text = "${hw.system.hostname} (${hw.system.type})\n";
  };

  # Read from the hardware profile, so that each machine has its own.
  nix.settings = {
    experimental-features = "nix-command flakes";
    max-jobs = hw.build.parallelism.maxJobs;
    cores = hw.build.parallelism.maxCores;
  };

  home.activation.reportHost = lib.hm.dag.entryAfter [ "writeBoundary" ] ''
    echo "switched ${hw.system.hostname}"
  '';
}
