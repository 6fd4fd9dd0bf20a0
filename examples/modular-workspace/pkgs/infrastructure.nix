# Kubernetes and infrastructure as code. Nothing of it is installed yet: modules/infra
# has only placeholders.
final: _prev:
let
  tool =
    pname: version: repo: work:
    final.lib.makeOverridable final.buildGoModule {
      inherit pname version work;
      url = "https://github.com/${repo}/archive/v${version}.tar.gz";
    };
in
{
  kubectl = tool "kubectl" "1.34.2" "kubernetes/kubernetes" 20;
  kubernetes-helm = tool "kubernetes-helm" "3.19.1" "helm/helm" 12;
  k9s = tool "k9s" "0.50.16" "derailed/k9s" 12;
  stern = tool "stern" "1.33.0" "stern/stern" 6;
  kubectx = tool "kubectx" "0.9.5" "ahmetb/kubectx" 3;
  kubecolor = tool "kubecolor" "0.5.2" "kubecolor/kubecolor" 3;
  krew = tool "krew" "0.4.5" "kubernetes-sigs/krew" 4;
  tenv = tool "tenv" "4.7.21" "tofuutils/tenv" 6;
  opentofu = tool "opentofu" "1.10.7" "opentofu/opentofu" 15;
}
