{ pkgs, lib, ... }:

{
  home.packages = with pkgs; [
    # runtimes, see modules/system/overlays
    python313
    rustc
    cargo
    nodejs
    go

    # tools
    cmake
    ninja
    pkg-config
    llvmPackages_19.clang
    lazygit
    gh
    delta
  ];

  programs.git = {
    enable = true;
    userName = "Dawn";
    userEmail = "dawn@example.org";
  };

  home.sessionVariables.CARGO_HOME = lib.mkDefault "$HOME/.cargo";
}
