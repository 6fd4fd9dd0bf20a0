# Placeholder: cloud CLIs, deferred.
{ ... }:

{
}
