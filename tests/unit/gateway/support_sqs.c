/* The scripted SQS server of libs/aws's tests, for the gateway's. */
#include "../aws/support_server.c"
