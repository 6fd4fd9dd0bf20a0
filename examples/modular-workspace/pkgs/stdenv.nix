# Standard environments: from the bootstrap tools over the C library to the one that all
# packages are built with. What a stage is made of cannot be built by it, so a package
# of the foundations that is given one more input from above closes a circle, as it does
# in nixpkgs.
final: _prev:
let
  inherit (final) lib system;

  makeStdenv =
    {
      name ? "stdenv-linux",
      cc,
      initialPath,
    }:
    let
      drv = derivation {
        inherit name system;
        builder = "/bin/sh";
        args = [
          "-e"
          "-c"
          ''printf '%s\n' "defaultNativeBuildInputs=$defaultNativeBuildInputs" "initialPath=$initialPath" >"$out"''
        ];
        defaultNativeBuildInputs = lib.optional (cc != null) cc;
        inherit initialPath;
        preferLocalBuild = true;
      };
      self = drv // {
        inherit cc initialPath;
        mkDerivation = import ./build-support/make-derivation.nix { inherit lib system; } self;
        override = changes: makeStdenv ({ inherit name cc initialPath; } // changes);
        hostPlatform = {
          inherit system;
          isLinux = true;
          isDarwin = false;
          isx86_64 = true;
        };
      };
    in
    self;

  # The same environment, with a function run over the arguments of every package.
  changeArguments =
    change: stdenv:
    stdenv
    // {
      mkDerivation =
        fnOrAttrs:
        stdenv.mkDerivation (
          if builtins.isFunction fnOrAttrs then
            finalAttrs: change (fnOrAttrs finalAttrs)
          else
            change fnOrAttrs
        );
    };

  # Appends to a variable, inside `env` unless the package still has it beside.
  appendFlags =
    variable: flags: attrs:
    if attrs ? ${variable} then
      attrs // { ${variable} = toString ([ attrs.${variable} ] ++ flags); }
    else
      attrs
      // {
        env = attrs.env or { } // {
          ${variable} = toString ([ (attrs.env.${variable} or "") ] ++ flags);
        };
      };
in
{
  bootstrapTools = final.callPackage (
    { fetchurl }:
    derivation {
      name = "bootstrap-tools";
      inherit system;
      builder = "/bin/sh";
      args = [
        "-e"
        "-c"
        ''IFS= read -r line <"$tarball"; printf '%s\n' "$line" >"$out"''
      ];
      tarball = fetchurl {
        url = "http://tarballs.nixos.org/stdenv-linux/x86_64/bootstrap-tools.tar.xz";
      };
    }
  ) { };

  # Compiles the C library and what that needs.
  stdenvBootstrap = makeStdenv {
    name = "bootstrap-stage1-stdenv-linux";
    cc = null;
    initialPath = [ final.bootstrapTools ];
  };

  # Compiles the compiler and the tools around it, against the new C library.
  stdenvFoundations = makeStdenv {
    name = "bootstrap-stage2-stdenv-linux";
    cc = null;
    initialPath = [
      final.bootstrapTools
      final.glibc.dev
      final.binutils-unwrapped
    ];
  };

  stdenv = makeStdenv {
    cc = final.gcc;
    initialPath = with final; [
      coreutils
      findutils
      diffutils
      gnused
      gnugrep
      gawk
      gnutar
      gzip
      bzip2.bin
      gnumake
      bash
      gnupatch
      xz.bin
      file
      patchelf
    ];
  };

  stdenvNoCC = makeStdenv {
    name = "stdenv-linux";
    cc = null;
    inherit (final.stdenv) initialPath;
  };

  stdenvAdapters = {
    overrideCC = stdenv: cc: stdenv.override { inherit cc; };
    withCFlags = flags: changeArguments (appendFlags "NIX_CFLAGS_COMPILE" (lib.toList flags));
    useMoldLinker = changeArguments (
      attrs:
      appendFlags "NIX_CFLAGS_LINK" [ "-fuse-ld=mold" ] (
        attrs // { nativeBuildInputs = attrs.nativeBuildInputs or [ ] ++ [ final.mold ]; }
      )
    );
  };
}
