{ ... }:

{
  programs.firefox.enable = true;
  programs.chromium.enable = true;
}
