# The part of nixpkgs' lib that this repository uses, under the same names.
# Only builtins that Nix 2.8 has, and nothing whose result differs between versions:
# the captured graphs must come out the same from every Nix.
let
  inherit (builtins)
    attrNames
    concatLists
    concatStringsSep
    elem
    filter
    foldl'
    functionArgs
    intersectAttrs
    isAttrs
    isFunction
    isList
    listToAttrs
    mapAttrs
    removeAttrs
    ;
in
rec {
  inherit concatLists concatStringsSep elem filter isAttrs isFunction isList mapAttrs;

  id = x: x;
  nameValuePair = name: value: { inherit name value; };
  optional = condition: x: if condition then [ x ] else [ ];
  optionals = condition: xs: if condition then xs else [ ];
  optionalString = condition: s: if condition then s else "";
  optionalAttrs = condition: attrs: if condition then attrs else { };
  attrValues = attrs: map (name: attrs.${name}) (attrNames attrs);
  filterAttrs =
    predicate: attrs:
    removeAttrs attrs (filter (name: !predicate name attrs.${name}) (attrNames attrs));
  mapAttrsToList = f: attrs: map (name: f name attrs.${name}) (attrNames attrs);
  genAttrs = names: f: listToAttrs (map (name: nameValuePair name (f name)) names);
  concatMapStringsSep = separator: f: xs: concatStringsSep separator (map f xs);
  concatStrings = concatStringsSep "";
  toList = x: if isList x then x else [ x ];
  unique = foldl' (seen: x: if elem x seen then seen else seen ++ [ x ]) [ ];
  isDerivation = x: isAttrs x && x.type or null == "derivation";

  recursiveUpdate =
    a: b:
    a
    // mapAttrs (
      name: value:
      if a ? ${name} && isAttrs a.${name} && isAttrs value && !(isDerivation value) then
        recursiveUpdate a.${name} value
      else
        value
    ) b;

  # --- Fixed points and overlays ---

  fix =
    f:
    let
      x = f x;
    in
    x;
  extends =
    overlay: f: final:
    let
      prev = f final;
    in
    prev // overlay final prev;
  composeExtensions =
    f: g: final: prev:
    let
      first = f final prev;
    in
    first // g final (prev // first);
  composeManyExtensions = foldl' composeExtensions (_final: _prev: { });

  # --- Functions that remember their arguments ---

  functionArgsOf = f: if f ? __functor then f.__functionArgs else functionArgs f;
  setFunctionArgs = f: args: {
    __functor = _self: f;
    __functionArgs = args;
  };

  # `override` calls the function again with other arguments; `overrideAttrs` on the
  # result must survive that, so it is made a part of the function.
  makeOverridable =
    f: origArgs:
    let
      result = f origArgs;
      sameArgs = g: setFunctionArgs g (functionArgsOf f);
      override =
        new: makeOverridable f (origArgs // (if isFunction new then new origArgs else new));
    in
    if isAttrs result then
      result
      // {
        inherit override;
      }
      // optionalAttrs (result ? overrideAttrs) {
        overrideAttrs = change: makeOverridable (sameArgs (args: (f args).overrideAttrs change)) origArgs;
      }
    else if isFunction result then
      setFunctionArgs result (functionArgs result) // { inherit override; }
    else
      result;

  callPackageWith =
    scope: fn: args:
    let
      f = if isFunction fn || fn ? __functor then fn else import fn;
    in
    makeOverridable f (intersectAttrs (functionArgsOf f) scope // args);

  # A set whose members see each other, and whose overrides are seen by all of them.
  makeScope =
    newScope: f:
    let
      self = f self // {
        callPackage = newScope self;
        overrideScope = overlay: makeScope newScope (extends overlay f);
        packages = f;
      };
    in
    self;

  getOutput = output: pkg: pkg.${output} or pkg.out or pkg;
  getDev = getOutput "dev";
  getBin = getOutput "bin";
  getLib = pkg: pkg.lib or pkg.out or pkg;
  getName = drv: drv.pname or (builtins.parseDrvName drv.name).name;
  getVersion = drv: drv.version or (builtins.parseDrvName drv.name).version;

  licenses = {
    asl20.spdxId = "Apache-2.0";
    bsd3.spdxId = "BSD-3-Clause";
    gpl3Plus.spdxId = "GPL-3.0-or-later";
    mit.spdxId = "MIT";
    mpl20.spdxId = "MPL-2.0";
    unfree = {
      spdxId = null;
      free = false;
    };
  };

  # --- Marks that the module system understands ---

  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };
  mkMerge = contents: {
    _type = "merge";
    inherit contents;
  };
  mkOverride = priority: content: {
    _type = "override";
    inherit priority content;
  };
  mkDefault = mkOverride 1000;
  mkForce = mkOverride 50;

  hm.dag = {
    entryAnywhere = data: {
      inherit data;
      after = [ ];
    };
    entryAfter = after: data: { inherit after data; };
  };
}
