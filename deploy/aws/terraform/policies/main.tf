# What each part of Ferry may do: the documents of deploy/aws/policies with your ARNs in the place of the examples', and
# who may take a role on. It needs no provider and makes nothing, so that it can be planned and tested anywhere.

terraform {
  required_version = ">= 1.5"
}

variable "queue_arns" {
  description = "The queues that the poller receives from."
  type        = list(string)
  validation {
    condition     = length(var.queue_arns) > 0 && alltrue([for arn in var.queue_arns : can(regex("^arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+(\\.fifo)?$", arn))])
    error_message = "queue_arns are ARNs of SQS queues, at least one, without wildcards."
  }
}

variable "dead_letter_queue_arns" {
  description = "The dead_letter_queue of each route."
  type        = list(string)
  default     = []
}

variable "event_queue_arns" {
  description = "The queues of routes with `target: sqs`, into which the gateway puts events."
  type        = list(string)
  default     = []
}

variable "kms_key_arns" {
  description = "Keys of your own that these queues are encrypted with."
  type        = list(string)
  default     = []
}

variable "trust" {
  description = "Who takes the roles on: kind irsa (with oidc_provider: its issuer without https://), pod-identity or ecs."
  type = object({
    kind             = string
    account          = string
    partition        = optional(string, "aws")
    oidc_provider    = optional(string, "")
    namespace        = optional(string, "ferry")
    service_accounts = optional(map(string), { poller = "ferry-poller", worker = "ferry-worker", gateway = "ferry-gateway" })
  })
  validation {
    condition     = contains(["irsa", "pod-identity", "ecs"], var.trust.kind)
    error_message = "trust.kind is irsa, pod-identity or ecs."
  }
  validation {
    condition     = can(regex("^[0-9]{12}$", var.trust.account))
    error_message = "trust.account has 12 digits."
  }
  validation {
    condition     = (var.trust.kind == "irsa") == (var.trust.oidc_provider != "") && !startswith(var.trust.oidc_provider, "https://")
    error_message = "trust.oidc_provider goes with kind irsa alone, without https://."
  }
}

locals {
  documents = "${path.module}/../.."
  # Each example ARN of the documents stands for one of these lists.
  resources = {
    "arn:aws:sqs:eu-central-1:111122223333:hello.fifo"                               = var.queue_arns
    "arn:aws:sqs:eu-central-1:111122223333:hello-dead.fifo"                          = var.dead_letter_queue_arns
    "arn:aws:sqs:eu-central-1:111122223333:events.fifo"                              = var.event_queue_arns
    "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000" = var.kms_key_arns
  }
  names = ["poller", "worker", "gateway", "dead-letters", "check", "scaler"]
  statements = {
    for name in local.names : name => [
      for statement in jsondecode(file("${local.documents}/policies/${name}.json")).Statement :
      merge(statement, { Resource = local.resources[statement.Resource] })
      if length(local.resources[statement.Resource]) > 0
    ]
  }
  example_provider = "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
  trust_document   = file("${local.documents}/trust/${var.trust.kind}.json")
}

output "policies" {
  description = "Policy documents by name; none where a part needs no rights."
  value       = { for name, statements in local.statements : name => jsonencode({ Version = "2012-10-17", Statement = statements }) if length(statements) > 0 }
}

output "trust" {
  description = "Trust policies by service."
  value = {
    for service, account in var.trust.service_accounts : service => replace(replace(replace(replace(replace(replace(
      local.trust_document,
      local.example_provider, var.trust.oidc_provider),
      "system:serviceaccount:ferry:ferry-poller", "system:serviceaccount:${var.trust.namespace}:${account}"),
      "kubernetes-namespace\": \"ferry\"", "kubernetes-namespace\": \"${var.trust.namespace}\""),
      "kubernetes-service-account\": \"ferry-poller\"", "kubernetes-service-account\": \"${account}\""),
    "111122223333", var.trust.account), "arn:aws:", "arn:${var.trust.partition}:")
  }
}
