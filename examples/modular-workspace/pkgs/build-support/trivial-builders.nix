# Fetchers and small files.
{ lib, system }:
rec {
  # A source, without network: the "download" is a text made from its address, so its hash
  # is known and the build is a real fixed-output build. Give `sha256` as one would for a
  # download: when it is not that of the text, Nix refuses the result with a hash mismatch.
  fetchurl =
    {
      url,
      name ? baseNameOf url,
      sha256 ? builtins.hashString "sha256" (contents url),
    }:
    derivation {
      inherit name system url;
      builder = "/bin/sh";
      args = [
        "-e"
        "-c"
        ''printf '%s' "$contents" >"$out"''
      ];
      contents = contents url;
      outputHashMode = "flat";
      outputHashAlgo = "sha256";
      outputHash = sha256;
      preferLocalBuild = true;
      impureEnvVars = [
        "http_proxy"
        "https_proxy"
      ];
    }
    // {
      inherit url;
    };

  contents = url: "The source that ${url} stands for.\n";

  fetchFromGitHub =
    {
      owner,
      repo,
      rev,
      ...
    }@args:
    fetchurl (
      {
        url = "https://github.com/${owner}/${repo}/archive/${rev}.tar.gz";
        name = "source";
      }
      // lib.optionalAttrs (args ? sha256) { inherit (args) sha256; }
    );

  # Modules of Go, crates of Rust: one fixed-output derivation per program.
  fetchVendor =
    { name, url }:
    fetchurl {
      inherit name;
      url = "${url}#${name}";
    };

  writeText =
    name: text:
    derivation {
      inherit name system text;
      builder = "/bin/sh";
      args = [
        "-e"
        "-c"
        ''printf '%s' "$text" >"$out"''
      ];
      preferLocalBuild = true;
      allowSubstitutes = false;
    };
}
