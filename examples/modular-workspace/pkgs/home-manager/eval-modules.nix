# A module system in one page: imports, functions of `{ config, lib, pkgs, … }`, mkIf,
# mkMerge, mkDefault and mkForce. There are no option declarations; values merge by kind:
# sets member by member, lists one after the other, shell and configuration text by lines.
# Anything else must be defined once, or the same everywhere.
{ lib }:
{ modules, specialArgs }:
let
  inherit (builtins)
    all
    attrNames
    concatMap
    elemAt
    filter
    foldl'
    head
    isAttrs
    isFunction
    isList
    isString
    length
    removeAttrs
    ;

  knownRoots = [ "home" "programs" "services" "xdg" "nix" ];

  # Options that real modules declare with `types.lines`.
  linesOptions = [ "initExtra" "initContent" "extraConfig" "profileExtra" ];

  load =
    module:
    let
      value = if isFunction module || isAttrs module then module else import module;
      result = if isFunction value then value (specialArgs // { inherit config lib; }) else value;
      body = result.config or (removeAttrs result [ "imports" "_file" ]);
    in
    concatMap load (result.imports or [ ]) ++ [ body ];

  # A definition with its marks resolved: a list of { priority, value }.
  resolve =
    priority: value:
    if !(isAttrs value) then
      [ { inherit priority value; } ]
    else if value._type or "" == "if" then
      if value.condition then resolve priority value.content else [ ]
    else if value._type or "" == "merge" then
      concatMap (resolve priority) value.contents
    else if value._type or "" == "override" then
      resolve value.priority value.content
    else
      [ { inherit priority value; } ];

  isSet = value: isAttrs value && !(lib.isDerivation value);

  merge =
    path: definitions:
    let
      resolved = concatMap (resolve 100) definitions;
      strongest = foldl' (a: d: if d.priority < a then d.priority else a) 9999 resolved;
      values = map (d: d.value) (filter (d: d.priority == strongest) resolved);
      # Sets merge over all priorities: what is overridden is a member, not the set.
      sets = map (d: d.value) resolved;
      names = lib.unique (concatMap attrNames sets);
      first = head values;
      option = lib.concatStringsSep "." path;
    in
    if all isSet sets then
      lib.genAttrs names (
        name: merge (path ++ [ name ]) (map (set: set.${name}) (filter (set: set ? ${name}) sets))
      )
    else if all isList values then
      lib.concatLists values
    else if length values == 1 || all (value: value == first) values then
      first
    else if all isString values && builtins.elem (elemAt path (length path - 1)) linesOptions then
      lib.concatStringsSep "\n" values
    else
      throw "The option `${option}' has conflicting definition values";

  config = merge [ ] (concatMap load modules);
  unknown = filter (name: !(builtins.elem name knownRoots)) (attrNames config);
in
if unknown == [ ] then config else throw "The option `${head unknown}' does not exist"
