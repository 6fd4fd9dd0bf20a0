{
  description = "Modular workspace: one Home Manager configuration for two machines";

  # No inputs: the package set is in ./pkgs, so that nothing is fetched.
  outputs =
    { self }:
    let
      system = "x86_64-linux";

      mkHome =
        {
          machine,
          # What the set is without our overlays; capture-graphs.sh asks for it.
          stock ? false,
        }:
        let
          currentHardwareProfile = import (./modules/profiles/config/hardware + "/${machine}.nix");

          overlays = [
            (import ./modules/system/overlays/llvm-hardware-optimized.nix currentHardwareProfile)
            (import ./modules/system/overlays/go-hardware-optimized.nix currentHardwareProfile)
            (import ./modules/system/overlays/rust-hardware-optimized.nix currentHardwareProfile)
            (import ./modules/system/overlays/python-hardware-optimized.nix currentHardwareProfile)
            # (import ./modules/system/overlays/nodejs-hardware-optimized.nix currentHardwareProfile)
            (import ./modules/system/overlays/onnxruntime-gpu-optimized.nix currentHardwareProfile)
            (import ./modules/system/overlays/performance-critical-apps.nix currentHardwareProfile)
          ];

          pkgs = import ./pkgs {
            inherit system;
            overlays = if stock then [ ] else overlays;
          };
          inherit (pkgs) lib;
        in
        import ./pkgs/home-manager { inherit lib; } {
          inherit pkgs;
          modules = [ ./home.nix ];
          extraSpecialArgs = {
            hardwareProfile = currentHardwareProfile;
          };
        }
        // {
          inherit pkgs;
        };

      shoshin = mkHome { machine = "shoshin"; };
      gyakusatsu = mkHome { machine = "gyakusatsu"; };
    in
    {
      homeConfigurations = {
        inherit shoshin gyakusatsu;
      };

      packages.${system} = {
        shoshin = shoshin.activationPackage;
        gyakusatsu = gyakusatsu.activationPackage;
        default = shoshin.activationPackage;
      };

      # Single packages with the desktop's overlays: nix build .#python313
      legacyPackages.${system} = shoshin.pkgs;

      lib = {
        inherit mkHome;
      };
    };
}
