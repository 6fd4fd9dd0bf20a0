# Browsers, Electron, and what talks to language models.
final: _prev:
let
  inherit (final) lib callPackage;
  table = import ./build-support/package-table.nix { inherit (final) callPackage; };
in
{
  firefox-unwrapped = callPackage (
    {
      stdenv,
      fetchurl,
      cargo,
      rustc,
      llvmPackages,
      nodejs,
      perl,
      pkg-config,
      python3,
      alsa-lib,
      dbus,
      ffmpeg,
      gtk3,
      icu,
      libffi,
      libpng,
      mesa,
      nspr,
      nss,
      sqlite,
      zlib,
    }:
    stdenv.mkDerivation (finalAttrs: {
      pname = "firefox-unwrapped";
      version = "145.0.1";
      src = fetchurl {
        url = "mirror://mozilla/firefox/releases/${finalAttrs.version}/source/firefox-${finalAttrs.version}.source.tar.xz";
      };
      outputs = [ "out" "symbols" ];
      nativeBuildInputs = [
        cargo
        rustc
        llvmPackages.clang
        llvmPackages.lld
        nodejs
        perl
        pkg-config
        python3
      ];
      buildInputs = [
        alsa-lib
        dbus
        ffmpeg
        gtk3
        icu
        libffi
        libpng
        mesa
        nspr
        nss
        sqlite
        zlib
      ];
      requiredSystemFeatures = [ "big-parallel" ];
      enableParallelBuilding = true;
      work = 180;
    })
  ) { };

  chromium-unwrapped = callPackage (
    {
      stdenv,
      fetchurl,
      llvmPackages,
      rustc,
      ninja,
      nodejs,
      pkg-config,
      python3,
      alsa-lib,
      dbus,
      ffmpeg,
      glib,
      gtk3,
      libxslt,
      mesa,
      nspr,
      nss,
    }:
    stdenv.mkDerivation (finalAttrs: {
      pname = "chromium-unwrapped";
      version = "142.0.7444.175";
      src = fetchurl {
        url = "https://commondatastorage.googleapis.com/chromium-browser-official/chromium-${finalAttrs.version}.tar.xz";
      };
      nativeBuildInputs = [
        llvmPackages.clang
        llvmPackages.lld
        rustc
        ninja
        nodejs
        pkg-config
        python3
      ];
      buildInputs = [
        alsa-lib
        dbus
        ffmpeg
        glib
        gtk3
        libxslt
        mesa
        nspr
        nss
      ];
      requiredSystemFeatures = [ "big-parallel" ];
      enableParallelBuilding = true;
      work = 200;
    })
  ) { };

  # Electron and VS Code come as binaries; they are unpacked and patched, not compiled.
  electron = callPackage (
    {
      stdenv,
      fetchurl,
      alsa-lib,
      gtk3,
      mesa,
      nss,
    }:
    stdenv.mkDerivation (finalAttrs: {
      pname = "electron";
      version = "38.7.1";
      src = fetchurl {
        url = "https://github.com/electron/electron/releases/download/v${finalAttrs.version}/electron-v${finalAttrs.version}-linux-x64.zip";
      };
      buildInputs = [ alsa-lib gtk3 mesa nss ];
      work = 6;
    })
  ) { };

  vscode = callPackage (
    {
      stdenv,
      fetchurl,
      alsa-lib,
      gtk3,
      mesa,
      nss,
      ripgrep,
    }:
    stdenv.mkDerivation (finalAttrs: {
      pname = "vscode";
      version = "1.106.2";
      src = fetchurl { url = "https://update.code.visualstudio.com/${finalAttrs.version}/linux-x64/stable"; name = "VSCode_${finalAttrs.version}_linux-x64.tar.gz"; };
      buildInputs = [ alsa-lib gtk3 mesa nss ripgrep ];
      work = 6;
    })
  ) { };

  codex = callPackage (
    {
      rustPlatform,
      pkg-config,
      openssl,
    }:
    rustPlatform.buildRustPackage {
      pname = "codex";
      version = "0.63.0";
      url = "https://github.com/openai/codex/archive/rust-v0.63.0.tar.gz";
      nativeBuildInputs = [ pkg-config ];
      buildInputs = [ openssl ];
      requiredSystemFeatures = [ "big-parallel" ];
      work = 60;
    }
  ) { };

  claude-code = lib.makeOverridable final.buildNpmPackage {
    pname = "claude-code";
    version = "2.0.50";
    url = "https://registry.npmjs.org/@anthropic-ai/claude-code/-/claude-code-2.0.50.tgz";
    work = 4;
  };

  # --- Model Context Protocol servers: Python, Go, Rust and Node.js ---

  mcp-server-fetch = callPackage (
    {
      stdenv,
      fetchurl,
      python313Packages,
    }:
    stdenv.mkDerivation {
      pname = "mcp-server-fetch";
      version = "2025.4.7";
      src = fetchurl { url = "mirror://pypi/mcp-server-fetch/mcp_server_fetch-2025.4.7.tar.gz"; };
      propagatedBuildInputs = with python313Packages; [ python3 jinja2 pydantic ];
      work = 4;
    }
  ) { };

  mcp-grafana = lib.makeOverridable final.buildGoModule {
    pname = "mcp-grafana";
    version = "0.7.10";
    url = "https://github.com/grafana/mcp-grafana/archive/v0.7.10.tar.gz";
    work = 10;
  };

  mcp-language-server = lib.makeOverridable final.buildGoModule {
    pname = "mcp-language-server";
    version = "0.1.1";
    url = "https://github.com/isaacphi/mcp-language-server/archive/v0.1.1.tar.gz";
    work = 6;
  };

  mcp-server-memory = lib.makeOverridable final.buildNpmPackage {
    pname = "mcp-server-memory";
    version = "2025.9.25";
    url = "https://registry.npmjs.org/@modelcontextprotocol/server-memory/-/server-memory-2025.9.25.tgz";
    work = 3;
  };
}
// table final.stdenv {
  firefox = {
    inherit (final.firefox-unwrapped) version;
    buildInputs = with final; [ firefox-unwrapped ffmpeg gtk3 ];
    preferLocalBuild = true;
    work = 1;
  };

  chromium = {
    inherit (final.chromium-unwrapped) version;
    buildInputs = with final; [ chromium-unwrapped gtk3 ];
    preferLocalBuild = true;
    work = 1;
  };
}
