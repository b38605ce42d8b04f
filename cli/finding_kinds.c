/* All kinds of findings. A new one gets its line in docs/check.md. */
#include "finding.h"

#define KIND(variable, id_, level_, cure_)                                                                             \
    const struct finding_kind finding_##variable = {.id = (id_), .level = FINDING_##level_, .cure = (cure_)};

KIND(no_execution_timeout, "no-execution-timeout", WARNING, "set the route's execution_timeout")
KIND(runs_beyond_12h, "runs-beyond-12h", WARNING, "let runs end sooner, or expect receive counts to rise")
KIND(visibility_short, "visibility-short", WARNING, "set the queue's visibility to 30s or more")
KIND(beyond_long_polls, "beyond-long-polls", WARNING,
     "set gateway.callback_url, or lower max_in_flight (docs/waiting.md)")
KIND(dead_letter_type, "dead-letter-type", WARNING, "use a dead-letter queue of the same type")
KIND(unmatched_returns, "unmatched-returns", WARNING,
     "add a route without a filter, or set the queue's unmatched to dead_letter or delete")
KIND(token_in_clear, "token-in-clear", WARNING, "use https:// in gateway.url (docs/transport-security.md)")
KIND(gateway_no_token, "gateway-no-token", INFO,
     "where ferry-gateway runs, let its environment have FERRY_API_TOKEN or FERRY_API_TOKEN_FILE, or say auth: none")
KIND(gateway_open, "gateway-open", WARNING, "set a token, or listen on loopback")

KIND(credentials, "credentials", OK, NULL)
KIND(no_credentials, "no-credentials", ERROR, "give this process AWS credentials (docs/aws.md)")
KIND(queue_reached, "queue-reached", OK, NULL)
KIND(queue_missing, "queue-missing", ERROR, "create the queue, or correct its URL, the region or the endpoint")
KIND(queue_refused, "queue-refused", ERROR,
     "allow sqs:GetQueueAttributes on the queue, which the poller's readiness asks for (docs/aws.md)")
KIND(queue_unreachable, "queue-unreachable", ERROR, "look at network, endpoint and proxy")
KIND(queue_type, "queue-type", ERROR, "make the queue a FIFO queue, or set the route's order to none")
KIND(redrive, "redrive", OK, NULL)
KIND(redrive_low, "redrive-low", ERROR,
     "set maxReceiveCount to 10 or more: a message that SQS moves away while its run is open leaves its group "
     "unordered")
KIND(no_dead_letters, "no-dead-letters", ERROR,
     "name a dead_letter_queue in the route, or give the queue a redrive policy: else one bad message stops its group")
KIND(dead_letter_retention, "dead-letter-retention", WARNING,
     "let the dead-letter queue keep messages longer than the queue: their age counts from the first send")
KIND(beyond_retention, "beyond-retention", WARNING,
     "let the namespace keep closed runs at least as long as the queue keeps messages: later a message would run again")
KIND(message_over_body, "message-over-body", WARNING, "raise gateway.max_body to ten times the queue's limit")
KIND(queue_settings, "queue-settings", INFO, NULL)
KIND(visibility, "visibility", INFO, NULL)
KIND(allowed, "allowed", OK, NULL)
KIND(refused, "refused", ERROR, "allow the action on the queue (docs/aws.md)")
KIND(unclear, "unclear", WARNING, "look at what was answered: whether the action is allowed is not known")

KIND(temporal_reached, "temporal-reached", OK, NULL)
KIND(temporal_unreachable, "temporal-unreachable", ERROR, "look at temporal.address, TLS and network")
KIND(temporal_refused, "temporal-refused", ERROR, "look at the API key or client certificate, and its rights")
KIND(namespace, "namespace", OK, NULL)
KIND(namespace_missing, "namespace-missing", ERROR, "create the namespace, or correct its name")
KIND(search_attribute, "search-attribute", OK, NULL)
KIND(search_attribute_missing, "search-attribute-missing", ERROR,
     "register it: temporal operator search-attribute create --name NAME --type TYPE")
KIND(search_attribute_type, "search-attribute-type", ERROR,
     "use an attribute of type Keyword or Text, or a template that is one {body.PATH} of that type")
KIND(search_attributes_unseen, "search-attributes-unseen", WARNING,
     "look yourself: temporal operator search-attribute list")
KIND(pollers, "pollers", OK, NULL)
KIND(no_workflow_pollers, "no-workflow-pollers", WARNING, "start the route's worker, or correct its task_queue")
KIND(no_activity_pollers, "no-activity-pollers", INFO, NULL)
KIND(pollers_unseen, "pollers-unseen", WARNING, "look yourself: temporal task-queue describe")

KIND(gateway_ready, "gateway-ready", OK, NULL)
KIND(gateway_unreachable, "gateway-unreachable", ERROR, "look at gateway.url, TLS and network; is the gateway running?")
KIND(gateway_not_ready, "gateway-not-ready", ERROR, "look at the gateway's log: it does not reach Temporal")
KIND(gateway_token, "gateway-token", ERROR, "give the poller the gateway's token, or the certificate that it asks for")
KIND(gateway_routes, "gateway-routes", OK, NULL)
KIND(gateway_route_missing, "gateway-route-missing", ERROR, "give the gateway this configuration, and restart it")
KIND(gateway_route_differs, "gateway-route-differs", WARNING, "give the gateway this configuration, and restart it")
KIND(gateway_routes_unseen, "gateway-routes-unseen", WARNING, "let the token read routes (docs/access.md)")
