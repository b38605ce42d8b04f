output "queue_url" {
  description = "For queues[].url."
  value       = aws_sqs_queue.this.url
}

output "dead_letter_queue_url" {
  description = "For routes.NAME.dead_letter_queue."
  value       = aws_sqs_queue.dead.url
}

output "role_arns" {
  description = "By service: the annotation eks.amazonaws.com/role-arn of its service account, or its taskRoleArn."
  value       = { for service, role in aws_iam_role.service : service => role.arn }
}

output "attachable_policy_arns" {
  description = "`dead-letters` for people who run `ferry dlq`, `check` for `ferry check --live`, `scaler` for KEDA's operator."
  value       = { for name, policy in aws_iam_policy.attachable : name => policy.arn }
}
