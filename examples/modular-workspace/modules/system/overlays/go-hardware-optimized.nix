# Go: GOAMD64 for the standard library and for everything built with it, the machine's
# flags for cgo. No PGO, it gains little here.
hardwareProfile: final: prev:

let
  hw = hardwareProfile;
  march = hw.build.compiler.march or "x86-64-v3";
  goamd64 = hw.packages.go.goamd64 or "v1";
in
{
  go_1_25 = prev.go_1_25.overrideAttrs (old: {
    env = (old.env or { }) // {
      GOAMD64 = goamd64;
      CGO_CFLAGS = "-O3 -march=${march}";
    };
  });

  buildGoModule = prev.buildGoModule.override { go = final.go_1_25; };
}
