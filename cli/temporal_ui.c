/* See temporal_ui.h. */
#include "temporal_ui.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "request_path.h"

#define CLOUD_URL "https://cloud.temporal.io"
#define DEV_SERVER_URL "http://localhost:8233"

/* The host of "host:port" ends in suffix. */
static bool is_host_below(const char *address, const char *suffix)
{
    const char *colon = strrchr(address, ':');
    size_t length = colon != NULL ? (size_t)(colon - address) : strlen(address);
    size_t suffix_length = strlen(suffix);
    return length > suffix_length && strncmp(address + length - suffix_length, suffix, suffix_length) == 0;
}

static const char *base_of(const char *given, const char *temporal_address)
{
    const char *variable = getenv("TEMPORAL_UI_URL");
    if (given != NULL) {
        return given;
    }
    if (variable != NULL && *variable != '\0') {
        return variable;
    }
    if (is_host_below(temporal_address, ".tmprl.cloud") || is_host_below(temporal_address, ".api.temporal.io")) {
        return CLOUD_URL;
    }
    bool is_dev_server =
        strcmp(temporal_address, "localhost:7233") == 0 || strcmp(temporal_address, "127.0.0.1:7233") == 0;
    return is_dev_server ? DEV_SERVER_URL : NULL;
}

char *temporal_ui_address(const char *given, const char *temporal_address, const char *namespace_,
                          const char *workflow_id, const char *run_id)
{
    const char *base = base_of(given, temporal_address);
    struct request_path path;
    if (base == NULL) {
        return NULL;
    }
    size_t length = strlen(base);
    while (length > 0 && base[length - 1] == '/') {
        length--;
    }
    request_path_init(&path, "/namespaces");
    request_path_segment(&path, namespace_);
    request_path_segment(&path, "workflows");
    request_path_segment(&path, workflow_id);
    if (run_id != NULL) {
        request_path_segment(&path, run_id);
        request_path_segment(&path, "history");
    }
    char *address = memory_format("%.*s%s", (int)length, base, path.text.data);
    request_path_deinit(&path);
    return address;
}
