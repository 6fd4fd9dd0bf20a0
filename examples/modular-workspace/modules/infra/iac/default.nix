# Placeholder: tenv with OpenTofu and Terraform.
{ ... }:

{
}
