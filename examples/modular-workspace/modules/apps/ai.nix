# Agents and the servers they talk to.
{ pkgs, ... }:

{
  home.packages = with pkgs; [
    codex
    claude-code

    mcp-grafana # Go
    mcp-language-server # Go
    mcp-server-fetch # Python
    mcp-server-memory # Node
  ];
}
