/* Fuzzes what a request's first line goes through: the target is split, its path is matched against a table, and path
 * parameters and query are decoded. Checks what must hold for every input, beside memory safety. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "route.h"
#include "target.h"

#define FUZZ_TARGET_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct http_route s_routes[] = {
    {.method = "GET", .path = "/"},
    {.method = "GET", .path = "/v1/workflows"},
    {.method = "POST", .path = "/v1/routes/{route}/events"},
    {.method = "GET", .path = "/v1/workflows/{id}"},
    {.method = "POST", .path = "/v1/workflows/{id}/signals/{name}"},
    {.method = "PUT", .path = "/{1}/{2}/{3}/{4}/{5}/{6}/{7}/{8}"},
};
#define ROUTE_COUNT (sizeof s_routes / sizeof s_routes[0])

static void check_capture(const struct route_capture *capture, const char *path, size_t path_length)
{
    CHECK(capture->raw >= path && capture->raw_length > 0);
    CHECK((size_t)(capture->raw - path) + capture->raw_length <= path_length);
    CHECK(memchr(capture->raw, '/', capture->raw_length) == NULL);
    char *decoded = memory_alloc(capture->raw_length + 1); /* exactly what target_decode may use */
    size_t length = 0;
    if (target_decode(capture->raw, capture->raw_length, false, decoded, &length)) {
        CHECK(length <= capture->raw_length && strlen(decoded) == length);
    }
    free(decoded);
}

static void match_all(const char *path, size_t path_length)
{
    static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "BREW"};
    char allow[HTTP_ALLOW_SIZE];
    route_table_allow(s_routes, ROUTE_COUNT, path, path_length, allow);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        struct route_match match = {0};
        enum route_result result = route_table_find(s_routes, ROUTE_COUNT, methods[i], path, path_length, &match);
        CHECK((result == ROUTE_FOUND) == (match.route != NULL));
        CHECK((result == ROUTE_UNKNOWN) == (allow[0] == '\0'));
        CHECK((result == ROUTE_FOUND) == (strstr(allow, methods[i]) != NULL));
        for (size_t j = 0; result == ROUTE_FOUND && j < match.capture_count; j++) {
            check_capture(&match.captures[j], path, path_length);
        }
    }
}

static void parse_query(const char *query)
{
    struct target_pair pairs[TARGET_QUERY_MAX];
    size_t count = 0;
    size_t room = strlen(query) + 1;
    char *scratch = memory_alloc(room);
    if (target_parse_query(query, scratch, pairs, &count)) {
        CHECK(count <= TARGET_QUERY_MAX);
        for (size_t i = 0; i < count; i++) {
            CHECK(pairs[i].name >= scratch && pairs[i].value + strlen(pairs[i].value) < scratch + room);
        }
    }
    free(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size == 0 || size > FUZZ_TARGET_MAX || memchr(bytes, '\0', size) != NULL) {
        return -1; /* never reaches us: the server ends the line there */
    }
    char *target = memory_copy(bytes, size);
    const char *path = NULL;
    const char *query = NULL;
    size_t path_length = 0;
    if (target_split(target, &path, &path_length, &query)) {
        match_all(path, path_length);
        if (query != NULL) {
            parse_query(query);
        }
    }
    free(target);
    return 0;
}
