/* The gRPC server of libs/rpc's tests, for the uplink's. */
#include "../rpc/support_server.c"
