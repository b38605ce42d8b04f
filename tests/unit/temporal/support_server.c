/* The gRPC server of libs/rpc's tests, for the client's. */
#include "../rpc/support_server.c"
