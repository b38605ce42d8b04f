# A role for each service that calls SQS, with that service's policy alone, and policies for people and for KEDA.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

module "policies" {
  source                 = "./policies"
  queue_arns             = [aws_sqs_queue.this.arn]
  dead_letter_queue_arns = [aws_sqs_queue.dead.arn]
  event_queue_arns       = var.event_queue_arns
  kms_key_arns           = var.kms_key_arn == null ? [] : [var.kms_key_arn]
  trust = {
    kind             = var.trust.kind
    account          = data.aws_caller_identity.current.account_id
    partition        = data.aws_partition.current.partition
    oidc_provider    = var.trust.oidc_provider
    namespace        = var.trust.namespace
    service_accounts = var.trust.service_accounts
  }
}

locals {
  # Known before anything is made, as for_each needs it.
  services = toset(concat(["poller", "worker"], length(var.event_queue_arns) > 0 ? ["gateway"] : []))
}

resource "aws_iam_role" "service" {
  for_each             = local.services
  name                 = "${var.name}-ferry-${each.key}"
  assume_role_policy   = module.policies.trust[each.key]
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

resource "aws_iam_role_policy" "service" {
  for_each = local.services
  name     = "queue"
  role     = aws_iam_role.service[each.key].id
  policy   = module.policies.policies[each.key]
}

resource "aws_eks_pod_identity_association" "service" {
  for_each        = var.trust.kind == "pod-identity" ? local.services : toset([])
  cluster_name    = var.trust.cluster
  namespace       = var.trust.namespace
  service_account = var.trust.service_accounts[each.key]
  role_arn        = aws_iam_role.service[each.key].arn
  tags            = var.tags
}

# To be attached by you: `dead-letters` to people who run `ferry dlq`, `check` to a role under which
# `ferry check --live` runs beside that role's own, `scaler` to KEDA's operator.
resource "aws_iam_policy" "attachable" {
  for_each = toset(["dead-letters", "check", "scaler"])
  name     = "${var.name}-ferry-${each.key}"
  policy   = module.policies.policies[each.key]
  tags     = var.tags
}
