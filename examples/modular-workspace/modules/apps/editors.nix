{ pkgs, ... }:

{
  programs.neovim = {
    enable = true;
    extraConfig = ''
      vim.o.number = true
      vim.o.expandtab = true
    '';
  };

  home.packages = [
    pkgs.vscode
    pkgs.electron # for our own small apps
  ];
}
