# The queue, and where its messages go that nobody can handle: what the route names as dead_letter_queue, and SQS itself
# after max_receive_count.

locals {
  suffix = var.fifo ? ".fifo" : ""
}

resource "aws_sqs_queue" "dead" {
  name                              = "${var.name}-dead${local.suffix}"
  fifo_queue                        = var.fifo
  deduplication_scope               = var.fifo && var.high_throughput ? "messageGroup" : null
  fifo_throughput_limit             = var.fifo && var.high_throughput ? "perMessageGroupId" : null
  message_retention_seconds         = var.dead_letter_retention_seconds
  receive_wait_time_seconds         = 20
  sqs_managed_sse_enabled           = var.kms_key_arn == null ? true : null
  kms_master_key_id                 = var.kms_key_arn
  kms_data_key_reuse_period_seconds = var.kms_key_arn == null ? null : var.kms_data_key_reuse_seconds
  tags                              = var.tags
}

resource "aws_sqs_queue" "this" {
  name                              = "${var.name}${local.suffix}"
  fifo_queue                        = var.fifo
  content_based_deduplication       = var.fifo ? var.content_based_deduplication : null
  deduplication_scope               = var.fifo && var.high_throughput ? "messageGroup" : null
  fifo_throughput_limit             = var.fifo && var.high_throughput ? "perMessageGroupId" : null
  visibility_timeout_seconds        = var.visibility_timeout_seconds
  message_retention_seconds         = var.message_retention_seconds
  receive_wait_time_seconds         = 20
  sqs_managed_sse_enabled           = var.kms_key_arn == null ? true : null
  kms_master_key_id                 = var.kms_key_arn
  kms_data_key_reuse_period_seconds = var.kms_key_arn == null ? null : var.kms_data_key_reuse_seconds
  redrive_policy                    = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = var.max_receive_count })
  tags                              = var.tags
}

resource "aws_sqs_queue_redrive_allow_policy" "dead" {
  queue_url            = aws_sqs_queue.dead.id
  redrive_allow_policy = jsonencode({ redrivePermission = "byQueue", sourceQueueArns = [aws_sqs_queue.this.arn] })
}

# Nobody gets anything by these; they refuse what comes without TLS.
resource "aws_sqs_queue_policy" "tls" {
  for_each  = { queue = aws_sqs_queue.this, dead = aws_sqs_queue.dead }
  queue_url = each.value.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TlsAlone"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sqs:*"
      Resource  = each.value.arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}
