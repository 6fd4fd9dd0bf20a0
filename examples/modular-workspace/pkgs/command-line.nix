# Shells, editors and small tools.
final: _prev:
let
  inherit (final) buildGoModule rustPlatform;
  inherit (rustPlatform) buildRustPackage;
  table = import ./build-support/package-table.nix { inherit (final) callPackage; };

  github = repo: tag: "https://github.com/${repo}/archive/${tag}.tar.gz";
  rust =
    pname: version: repo: more:
    final.lib.makeOverridable buildRustPackage (
      {
        inherit pname version;
        url = github repo version;
        work = 12;
      }
      // more
    );
  go =
    pname: version: repo: more:
    final.lib.makeOverridable buildGoModule (
      {
        inherit pname version;
        url = github repo "v${version}";
        work = 8;
      }
      // more
    );
in
table final.stdenv {
  git = {
    version = "2.51.2";
    url = "https://www.kernel.org/pub/software/scm/git/git-2.51.2.tar.xz";
    outputs = [ "out" "doc" ];
    nativeBuildInputs = with final; [ gettext perl ];
    buildInputs = with final; [ curl openssl zlib expat pcre2 python3 ];
    enableParallelBuilding = true;
    work = 20;
  };

  jq = {
    version = "1.8.1";
    url = "https://github.com/jqlang/jq/releases/download/jq-1.8.1/jq-1.8.1.tar.gz";
    outputs = [ "bin" "doc" "man" "dev" "out" ];
    nativeBuildInputs = with final; [ autoconf automake libtool bison ];
    buildInputs = [ final.oniguruma ];
    work = 4;
  };

  tmux = {
    version = "3.5a";
    url = github "tmux/tmux" "3.5a";
    outputs = [ "out" "man" ];
    nativeBuildInputs = with final; [ pkg-config autoconf automake bison ];
    buildInputs = with final; [ ncurses libevent ];
    enableParallelBuilding = true;
    work = 5;
  };

  zsh = {
    version = "5.9";
    url = "mirror://sourceforge/zsh/zsh-5.9.tar.xz";
    outputs = [ "out" "doc" "info" "man" ];
    nativeBuildInputs = with final; [ autoconf perl pkg-config ];
    buildInputs = with final; [ ncurses pcre2 ];
    work = 6;
  };

  htop = {
    version = "3.4.1";
    url = github "htop-dev/htop" "3.4.1";
    nativeBuildInputs = with final; [ autoconf automake pkg-config ];
    buildInputs = [ final.ncurses ];
    work = 3;
  };

  neovim-unwrapped = {
    version = "0.11.5";
    url = github "neovim/neovim" "v0.11.5";
    nativeBuildInputs = with final; [ cmake gettext pkg-config ];
    buildInputs = with final; [ libuv luajit tree-sitter ];
    enableParallelBuilding = true;
    work = 12;
  };

  luajit = {
    version = "2.1.1741730670";
    url = github "LuaJIT/LuaJIT" "538a821";
    enableParallelBuilding = true;
    work = 4;
  };

  gnupg = {
    version = "2.4.8";
    url = "mirror://gnupg/gnupg/gnupg-2.4.8.tar.bz2";
    outputs = [ "out" "man" "doc" ];
    nativeBuildInputs = with final; [ pkg-config gettext ];
    buildInputs = with final; [ bzip2 libgcrypt libgpg-error readline sqlite zlib ];
    enableParallelBuilding = true;
    work = 8;
  };

  neovim = {
    version = "0.11.5";
    buildInputs = with final; [ neovim-unwrapped python3 ];
    preferLocalBuild = true;
    work = 1;
  };
}
// {
  tree-sitter = rust "tree-sitter" "0.25.10" "tree-sitter/tree-sitter" { };
  ripgrep = rust "ripgrep" "15.1.0" "BurntSushi/ripgrep" {
    nativeBuildInputs = [ final.pkg-config ];
    buildInputs = [ final.pcre2 ];
  };
  fd = rust "fd" "10.3.0" "sharkdp/fd" { buildInputs = [ final.jemalloc ]; };
  bat = rust "bat" "0.26.0" "sharkdp/bat" {
    nativeBuildInputs = [ final.pkg-config ];
    buildInputs = [ final.zlib ];
  };
  eza = rust "eza" "0.23.4" "eza-community/eza" { buildInputs = [ final.zlib ]; };
  zoxide = rust "zoxide" "0.9.8" "ajeetdsouza/zoxide" { };
  starship = rust "starship" "1.24.1" "starship/starship" { nativeBuildInputs = [ final.cmake ]; };
  delta = rust "delta" "0.18.2" "dandavison/delta" { buildInputs = [ final.zlib ]; };

  fzf = go "fzf" "0.67.0" "junegunn/fzf" { buildInputs = [ final.ncurses ]; };
  lazygit = go "lazygit" "0.56.0" "jesseduffield/lazygit" { };
  gh = go "gh" "2.83.1" "cli/cli" { };
  direnv = go "direnv" "2.37.1" "direnv/direnv" { };
  yq-go = go "yq-go" "4.48.2" "mikefarah/yq" { };
}
