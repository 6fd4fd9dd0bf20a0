# ONNX Runtime, and CUDA for the machine that has a card.
final: _prev:
let
  inherit (final) lib callPackage;
  table = import ./build-support/package-table.nix { inherit (final) callPackage; };
in
table final.stdenv {
  openblas = {
    version = "0.3.30";
    url = "https://github.com/OpenMathLib/OpenBLAS/archive/v0.3.30.tar.gz";
    outputs = [ "out" "dev" ];
    nativeBuildInputs = with final; [ perl gnumake ];
    enableParallelBuilding = true;
    work = 25;
  };

  abseil-cpp = {
    version = "20250814.1";
    url = "https://github.com/abseil/abseil-cpp/archive/20250814.1.tar.gz";
    nativeBuildInputs = with final; [ cmake ninja ];
    enableParallelBuilding = true;
    work = 10;
  };

  protobuf = {
    version = "32.1";
    url = "https://github.com/protocolbuffers/protobuf/archive/v32.1.tar.gz";
    nativeBuildInputs = with final; [ cmake ninja ];
    buildInputs = [ final.zlib ];
    propagatedBuildInputs = [ final.abseil-cpp ];
    enableParallelBuilding = true;
    work = 15;
  };

  flatbuffers = {
    version = "25.9.23";
    url = "https://github.com/google/flatbuffers/archive/v25.9.23.tar.gz";
    nativeBuildInputs = with final; [ cmake python3 ];
    enableParallelBuilding = true;
    work = 6;
  };
}
// {
  cudaPackages_12_8 = lib.makeScope final.newScope (
    scope:
    let
      redist =
        pname: version:
        scope.callPackage (
          {
            stdenv,
            fetchurl,
            patchelf,
          }:
          stdenv.mkDerivation {
            inherit pname version;
            src = fetchurl {
              url = "https://developer.download.nvidia.com/compute/cuda/redist/${pname}/linux-x86_64/${pname}-linux-x86_64-${version}-archive.tar.xz";
            };
            nativeBuildInputs = [ patchelf ];
            meta.license = lib.licenses.unfree;
            work = 4;
          }
        ) { };
    in
    {
      cuda_nvcc = redist "cuda_nvcc" "12.8.93";
      cuda_cudart = redist "cuda_cudart" "12.8.90";
      libcublas = redist "libcublas" "12.8.4.1";
      cudnn = redist "cudnn" "9.13.0.50";
      cudatoolkit = scope.callPackage (
        {
          stdenv,
          cuda_nvcc,
          cuda_cudart,
          libcublas,
        }:
        stdenv.mkDerivation {
          pname = "cudatoolkit";
          version = "12.8.1";
          buildInputs = [ cuda_nvcc cuda_cudart libcublas ];
          preferLocalBuild = true;
          work = 2;
        }
      ) { };
    }
  );
  cudaPackages = final.cudaPackages_12_8;

  onnxruntime = callPackage (
    {
      stdenv,
      fetchurl,
      cmake,
      ninja,
      pkg-config,
      python3,
      python313Packages,
      abseil-cpp,
      flatbuffers,
      protobuf,
      zlib,
      cudaPackages,
      cudaSupport ? false,
      cudaCapabilities ? [ ],
    }:
    stdenv.mkDerivation (finalAttrs: {
      pname = "onnxruntime";
      version = "1.22.2";
      src = fetchurl { url = "https://github.com/microsoft/onnxruntime/archive/v${finalAttrs.version}.tar.gz"; };
      outputs = [ "out" "dev" ];
      nativeBuildInputs = [ cmake ninja pkg-config python3 protobuf ]
      ++ lib.optional cudaSupport cudaPackages.cuda_nvcc;
      buildInputs = [ abseil-cpp flatbuffers protobuf zlib python313Packages.numpy ]
      ++ lib.optionals cudaSupport (with cudaPackages; [ cudatoolkit cudnn ]);
      cmakeFlags = [
        "-Donnxruntime_BUILD_SHARED_LIB=ON"
        "-Donnxruntime_USE_CUDA=${if cudaSupport then "ON" else "OFF"}"
      ];
      inherit cudaSupport;
      cudaCapabilities = lib.optionals cudaSupport cudaCapabilities;
      requiredSystemFeatures = [ "big-parallel" ];
      enableParallelBuilding = true;
      work = if cudaSupport then 180 else 90;
    })
  ) { };
}
