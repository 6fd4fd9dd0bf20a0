{ pkgs, ... }:

{
  home.packages = with pkgs; [
    # search and look
    ripgrep
    fd
    bat
    eza
    jq
    yq-go

    # move around
    zoxide
    direnv
  ];

  programs.bash = {
    enable = true;
    initExtra = ''
      eval "$(direnv hook bash)"
    '';
    shellAliases = {
      ll = "eza -l";
      cat = "bat --plain";
    };
  };

  programs.zsh = {
    enable = true;
    initExtra = ''
      eval "$(direnv hook zsh)"
      eval "$(zoxide init zsh)"
    '';
    shellAliases = {
      ll = "eza -l";
      cat = "bat --plain";
    };
  };

  programs.fzf.enable = true;

  programs.starship = {
    enable = true;
    settings.add_newline = false;
  };

  programs.tmux = {
    enable = true;
    extraConfig = ''
      set -g mouse on
      set -g history-limit 50000
    '';
  };
}
