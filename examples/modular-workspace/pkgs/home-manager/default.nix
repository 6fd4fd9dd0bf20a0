# Home Manager in miniature: the packages, files and activation entries of a
# configuration become one generation, as `home-manager switch` would build it.
{ lib }:
{
  pkgs,
  modules,
  extraSpecialArgs ? { },
}:
let
  evalModules = import ./eval-modules.nix { inherit lib; };
  config = evalModules {
    inherit modules;
    specialArgs = { inherit pkgs; } // extraSpecialArgs;
  };

  programs = config.programs or { };
  enabled = lib.filterAttrs (_name: program: program.enable or false) programs;

  # The package behind programs.NAME, where it has another name or comes with the system.
  programPackages = {
    bash = [ ];
    neovim = [ pkgs.neovim ];
    gpg = [ pkgs.gnupg ];
  };
  packages =
    config.home.packages or [ ]
    ++ lib.concatLists (
      lib.mapAttrsToList (
        name: program:
        if program ? package then [ program.package ] else programPackages.${name} or [ pkgs.${name} ]
      ) enabled
    );

  # --- Files ---

  aliases = program: lib.mapAttrsToList (name: value: "alias ${name}='${value}'") (program.shellAliases or { });
  shellFile =
    program:
    lib.concatStringsSep "\n" (
      aliases program
      ++ lib.optional (program ? initExtra) program.initExtra
      ++ lib.optional (program ? initContent) program.initContent
    )
    + "\n";

  generators = {
    bash = program: { ".bashrc".text = shellFile program; };
    zsh = program: { ".zshrc".text = shellFile program; };
    git = program: {
      ".config/git/config".text = "[user]\n\tname = ${program.userName}\n\temail = ${program.userEmail}\n";
    };
    tmux = program: { ".config/tmux/tmux.conf".text = program.extraConfig or ""; };
    neovim = program: { ".config/nvim/init.lua".text = program.extraConfig or ""; };
    starship = program: { ".config/starship.toml".text = builtins.toJSON (program.settings or { }); };
  };
  generated = lib.mapAttrsToList (
    name: program: if generators ? ${name} then generators.${name} program else { }
  ) enabled;

  xdgFiles = lib.mapAttrsToList (name: file: { ".config/${name}" = file; }) (config.xdg.configFile or { });

  nixConf = lib.optional (config ? nix) {
    ".config/nix/nix.conf".text = lib.concatStrings (
      lib.mapAttrsToList (name: value: "${name} = ${toString value}\n") config.nix.settings
    );
  };

  # Two modules that define one file contradict each other.
  files = builtins.foldl' (
    all: more:
    let
      both = builtins.attrNames (builtins.intersectAttrs all more);
    in
    if both == [ ] then
      all // more
    else
      throw "Conflicting managed target files: ${toString both}"
  ) { } (generated ++ xdgFiles ++ nixConf ++ [ (config.home.file or { }) ]);

  fileName =
    path: "hm_" + builtins.replaceStrings [ "/" "." " " "~" ] [ "" "" "_" "" ] path;
  sourceOf = path: file: file.source or (pkgs.writeText (fileName path) file.text);

  # --- The generation ---

  trivial =
    name: script: variables:
    derivation (
      {
        inherit name;
        inherit (pkgs) system;
        builder = "/bin/sh";
        args = [ "-e" "-c" script ];
        preferLocalBuild = true;
        allowSubstitutes = false;
      }
      // variables
    );
  lines = ''set -f; for word in $words; do printf '%s\n' "$word"; done >"$out"'';

  homePath = trivial "home-manager-path" lines { words = packages; };
  homeFiles = trivial "home-manager-files" lines {
    words = lib.mapAttrsToList (path: file: "${path}=${sourceOf path file}") files;
  };
  activationScript = pkgs.writeText "activation-script" (
    "#!/bin/sh\n"
    + lib.concatStrings (
      lib.mapAttrsToList (name: entry: "# ${name}, after ${toString entry.after}\n${entry.data}\n") (
        config.home.activation or { }
      )
    )
    + "echo 'home-files: ${homeFiles}'\necho 'home-path: ${homePath}'\n"
  );
in
{
  inherit config;
  activationPackage = trivial "home-manager-generation" lines {
    words = [
      "activate=${activationScript}"
      "home-files=${homeFiles}"
      "home-path=${homePath}"
    ];
  };
}
