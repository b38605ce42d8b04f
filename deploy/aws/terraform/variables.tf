variable "name" {
  description = "The queue's name without .fifo. The dead-letter queue is called NAME-dead."
  type        = string
  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,70}$", var.name))
    error_message = "name has 1 to 70 letters, digits, - or _, and no .fifo."
  }
}

variable "fifo" {
  description = "Whether the order within a message group is kept."
  type        = bool
  default     = true
}

variable "high_throughput" {
  description = "FIFO: quotas and deduplication for each message group, not for the whole queue."
  type        = bool
  default     = true
}

variable "content_based_deduplication" {
  description = "FIFO: messages without a deduplication ID take a hash of their body for it."
  type        = bool
  default     = false
}

variable "visibility_timeout_seconds" {
  description = "For receivers that say none; Ferry sends queues[].visibility with each receive."
  type        = number
  default     = 60
  validation {
    condition     = var.visibility_timeout_seconds >= 10 && var.visibility_timeout_seconds <= 43200
    error_message = "visibility_timeout_seconds is 10 to 43200."
  }
}

variable "message_retention_seconds" {
  description = "How long messages wait. Keep it below the retention of the Temporal namespace: a message that comes back after its run was forgotten runs again."
  type        = number
  default     = 172800
  validation {
    condition     = var.message_retention_seconds >= 3600 && var.message_retention_seconds <= 1209600
    error_message = "message_retention_seconds is 3600 to 1209600."
  }
}

variable "dead_letter_retention_seconds" {
  description = "How long dead letters wait for somebody. On a standard queue it counts from the first sending of the message."
  type        = number
  default     = 1209600
  validation {
    condition     = var.dead_letter_retention_seconds >= 86400 && var.dead_letter_retention_seconds <= 1209600
    error_message = "dead_letter_retention_seconds is 86400 to 1209600."
  }
}

variable "max_receive_count" {
  description = "After so many receives SQS itself moves a message. Ferry counts attempts on its own: keep this far above, or the order of a group is lost."
  type        = number
  default     = 50
  validation {
    condition     = var.max_receive_count >= 10 && var.max_receive_count <= 1000
    error_message = "max_receive_count is 10 to 1000."
  }
}

variable "kms_key_arn" {
  description = "A key of your own for both queues; null: keys that SQS manages. Its key policy must let the roles use it."
  type        = string
  default     = null
  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, not of an alias."
  }
}

variable "kms_data_key_reuse_seconds" {
  description = "For how long SQS uses a data key of kms_key_arn before it asks for another."
  type        = number
  default     = 300
  validation {
    condition     = var.kms_data_key_reuse_seconds >= 60 && var.kms_data_key_reuse_seconds <= 86400
    error_message = "kms_data_key_reuse_seconds is 60 to 86400."
  }
}

variable "event_queue_arns" {
  description = "The queues of routes with `target: sqs`; then the gateway gets a role, too."
  type        = list(string)
  default     = []
}

variable "trust" {
  description = "Who takes the roles on: kind irsa (oidc_provider: the cluster's issuer without https://), pod-identity (cluster: its name) or ecs."
  type = object({
    kind             = string
    oidc_provider    = optional(string, "")
    cluster          = optional(string, "")
    namespace        = optional(string, "ferry")
    service_accounts = optional(map(string), { poller = "ferry-poller", worker = "ferry-worker", gateway = "ferry-gateway" })
  })
  validation {
    condition     = (var.trust.kind == "pod-identity") == (var.trust.cluster != "")
    error_message = "trust.cluster goes with kind pod-identity alone."
  }
}

variable "permissions_boundary" {
  description = "The ARN of a permissions boundary for the roles."
  type        = string
  default     = null
}

variable "alarm_actions" {
  description = "ARNs that alarms tell, such as an SNS topic's; none: no alarms."
  type        = list(string)
  default     = []
}

variable "alarm_age_seconds" {
  description = "The alarm of the queue's oldest message goes off above this age. It counts open runs with `ack: completion`, too."
  type        = number
  default     = 3600
}

variable "tags" {
  type    = map(string)
  default = {}
}
