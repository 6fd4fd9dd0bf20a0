# Placeholder: kubectl, helm, k9s, stern, kubectx, kubecolor, krew.
{ ... }:

{
}
