/* Signature Version 4, stage by stage, against AWS's published vectors. They are read from the folder that
 * FERRY_SIGV4_VECTORS names (tools/fetch-sigv4-vectors fetches them and prints it); without it that part is skipped on
 * a developer's machine and fails where CI=true. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "aws/credentials.h"
#include "aws/sigv4.h"
#include "base/memory.h"

#define ACCESS_KEY "AKIDEXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define DATE "20150830T123600Z"
#define VECTORS_EXPECTED 34 /* in the pinned package */

static const struct sigv4_scope s_scope = {.date = DATE, .region = "us-east-1", .service = "service"};

/* One request of the suite. */
struct vector_request {
    char *text; /* changed in place: everything below points into it */
    char *method;
    char *path;
    const char *query;
    char *body;
    struct http_header headers[SIGV4_HEADERS_MAX];
    size_t header_count;
};

/* NULL: not there. Without the line feeds at its end. */
static char *read_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    char *text = memory_alloc(1 << 16);
    size_t length = fread(text, 1, (1 << 16) - 1, file);
    (void)fclose(file);
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r')) {
        length--;
    }
    text[length] = '\0';
    return text;
}

static char *read_vector(const char *stem, const char *suffix)
{
    char *path = memory_format("%s.%s", stem, suffix);
    char *text = read_text(path);
    if (text == NULL) {
        fail_msg("cannot read %s", path);
    }
    free(path);
    return text;
}

static char *cut_line(char **at)
{
    char *line = *at;
    char *end = strchr(line, '\n');
    /* a line that starts with white space goes on with the header before it */
    while (end != NULL && (end[1] == ' ' || end[1] == '\t')) {
        end = strchr(end + 1, '\n');
    }
    if (end == NULL) {
        *at = line + strlen(line);
    } else {
        *end = '\0';
        *at = end + 1;
    }
    return line;
}

static void add_header(struct vector_request *request, char *line)
{
    char *colon = strchr(line, ':');
    assert_non_null(colon);
    *colon = '\0';
    assert_true(request->header_count < SIGV4_HEADERS_MAX);
    request->headers[request->header_count++] = (struct http_header){.name = line, .value = colon + 1};
}

static void parse_request(struct vector_request *request)
{
    char *at = request->text;
    char *line = cut_line(&at);
    request->method = line;
    request->path = strchr(line, ' ');
    char *version = strrchr(line, ' ');
    assert_true(request->path != NULL && version > request->path);
    *request->path++ = '\0';
    *version = '\0';
    char *mark = strchr(request->path, '?');
    request->query = "";
    if (mark != NULL) {
        *mark = '\0';
        request->query = mark + 1;
    }
    while (*at != '\0' && *at != '\n') {
        add_header(request, cut_line(&at));
    }
    request->body = *at == '\n' ? at + 1 : at;
}

/* The suite's cases with a token take it from elsewhere: the signed request shows it. */
static char *find_token(const char *canonical, const struct vector_request *request)
{
    static const char s_name[] = "x-amz-security-token:";
    const char *token = strstr(canonical, s_name);
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcasecmp(request->headers[i].name, "x-amz-security-token") == 0) {
            return NULL;
        }
    }
    if (token == NULL) {
        return NULL;
    }
    token += strlen(s_name);
    return memory_copy(token, strcspn(token, "\n"));
}

static int s_vectors_done;

static void check_stages(const char *stem)
{
    struct vector_request request = {.text = read_vector(stem, "req")};
    char *canonical_expected = read_vector(stem, "creq");
    char *string_expected = read_vector(stem, "sts");
    char *authorization_expected = read_vector(stem, "authz");
    parse_request(&request);
    char *token = find_token(canonical_expected, &request);
    if (token != NULL) {
        request.headers[request.header_count++] = (struct http_header){"X-Amz-Security-Token", token};
    }
    char body_hash[CRYPTO_SHA256_HEX_SIZE];
    crypto_sha256_hex(request.body, strlen(request.body), body_hash);
    const struct sigv4_request to_sign = {.method = request.method,
                                          .path = request.path,
                                          .query = request.query,
                                          .headers = request.headers,
                                          .header_count = request.header_count,
                                          .payload_hash = body_hash};
    struct buffer canonical;
    struct buffer names;
    struct buffer string;
    struct buffer authorization;
    buffer_init(&canonical, SIGV4_TEXT_MAX);
    buffer_init(&names, SIGV4_TEXT_MAX);
    buffer_init(&string, SIGV4_TEXT_MAX);
    buffer_init(&authorization, SIGV4_TEXT_MAX);
    uint8_t key[CRYPTO_SHA256_SIZE];
    char signature[CRYPTO_SHA256_HEX_SIZE];
    struct error error = {0};
    print_message("vector %s\n", strrchr(stem, '/') + 1);
    assert_int_equal(sigv4_canonical_request(&to_sign, &canonical, &names, &error), STATUS_OK);
    assert_string_equal(canonical.data, canonical_expected);
    assert_int_equal(sigv4_string_to_sign(&s_scope, canonical.data, canonical.length, &string, &error), STATUS_OK);
    assert_string_equal(string.data, string_expected);
    sigv4_signing_key(&s_scope, SECRET, key);
    sigv4_signature(key, string.data, string.length, signature);
    assert_non_null(strstr(authorization_expected, signature));
    assert_int_equal(sigv4_authorization(&s_scope, ACCESS_KEY, names.data, signature, &authorization, &error),
                     STATUS_OK);
    assert_string_equal(authorization.data, authorization_expected);
    buffer_deinit(&canonical);
    buffer_deinit(&names);
    buffer_deinit(&string);
    buffer_deinit(&authorization);
    free(token);
    free(request.text);
    free(canonical_expected);
    free(string_expected);
    free(authorization_expected);
    s_vectors_done++;
}

static int visit(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)where;
    size_t length = strlen(path);
    if (kind == FTW_F && length > 4 && strcmp(path + length - 4, ".req") == 0) {
        char *stem = memory_copy(path, length - 4);
        check_stages(stem);
        free(stem);
    }
    return 0;
}

static void every_stage_matches_the_published_vectors(void **state)
{
    (void)state;
    const char *folder = getenv("FERRY_SIGV4_VECTORS");
    if (folder == NULL || folder[0] == '\0') {
        const char *is_ci = getenv("CI");
        if (is_ci != NULL && strcmp(is_ci, "true") == 0) {
            fail_msg("FERRY_SIGV4_VECTORS is not set: run tools/fetch-sigv4-vectors and set it to what that prints");
        }
        print_message("skipped: FERRY_SIGV4_VECTORS is not set (tools/fetch-sigv4-vectors)\n");
        skip();
    }
    assert_int_equal(nftw(folder, visit, 16, FTW_PHYS), 0);
    assert_int_equal(s_vectors_done, VECTORS_EXPECTED);
}

/* The check value that AWS's suite gives for "post-vanilla". */
static void all_stages_together_sign_a_post(void **state)
{
    (void)state;
    const struct http_header headers[] = {
        {"Host", "example.amazonaws.com"}, {"X-Amz-Date", DATE}, {"User-Agent", "not signed"}};
    char body_hash[CRYPTO_SHA256_HEX_SIZE];
    crypto_sha256_hex("", 0, body_hash);
    const struct sigv4_request request = {
        .method = "POST", .headers = headers, .header_count = 3, .payload_hash = body_hash};
    struct aws_credentials credentials;
    aws_credentials_init(&credentials, ACCESS_KEY, SECRET, NULL, AWS_CREDENTIALS_NEVER_EXPIRE);
    struct sigv4_key_cache cache = {0};
    struct buffer out;
    buffer_init(&out, 4096);
    for (int i = 0; i < 2; i++) { /* the second time with the key from the cache */
        buffer_clear(&out);
        assert_int_equal(sigv4_sign(&request, &s_scope, &credentials, &cache, &out, NULL), STATUS_OK);
        assert_string_equal(out.data,
                            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                            "SignedHeaders=host;x-amz-date, "
                            "Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
    }
    buffer_deinit(&out);
    sigv4_key_cache_deinit(&cache);
    aws_credentials_deinit(&credentials);
}

static void the_key_cache_holds_for_one_day_region_service_and_secret(void **state)
{
    (void)state;
    const struct sigv4_scope scopes[] = {
        {.date = "20150830T123600Z", .region = "us-east-1", .service = "sqs"},
        {.date = "20150831T000000Z", .region = "us-east-1", .service = "sqs"},
        {.date = "20150831T000000Z", .region = "eu-west-1", .service = "sqs"},
        {.date = "20150831T000000Z", .region = "eu-west-1", .service = "sts"},
    };
    struct sigv4_key_cache cache = {0};
    uint8_t key[CRYPTO_SHA256_SIZE];
    for (size_t i = 0; i < 4; i++) {
        for (int other = 0; other < 2; other++) {
            const char *secret = other == 0 ? "one" : "two";
            sigv4_signing_key(&scopes[i], secret, key);
            assert_memory_equal(sigv4_key_cache_get(&cache, &scopes[i], secret), key, sizeof key);
        }
    }
    /* a later minute of the same day takes the key that is there */
    const struct sigv4_scope later = {.date = "20150831T235959Z", .region = "eu-west-1", .service = "sts"};
    memset(cache.key, 7, sizeof cache.key);
    memset(key, 7, sizeof key);
    assert_memory_equal(sigv4_key_cache_get(&cache, &later, "two"), key, sizeof key);
    sigv4_key_cache_deinit(&cache);
    assert_false(cache.filled);
}

static void a_port_is_part_of_the_signed_host(void **state)
{
    (void)state;
    struct http_header headers[] = {{"host", "127.0.0.1:4566"}, {"x-amz-date", DATE}};
    const struct sigv4_request request = {
        .method = "POST", .headers = headers, .header_count = 2, .payload_hash = "00"};
    struct buffer out;
    struct buffer names;
    buffer_init(&out, 4096);
    buffer_init(&names, 4096);
    assert_int_equal(sigv4_canonical_request(&request, &out, &names, NULL), STATUS_OK);
    assert_non_null(strstr(out.data, "\nhost:127.0.0.1:4566\n"));
    buffer_deinit(&out);
    buffer_deinit(&names);
}

static void what_is_encoded_is_encoded_once_more(void **state)
{
    (void)state;
    const struct http_header headers[] = {{"host", "h"}};
    struct sigv4_request request = {.method = "GET",
                                    .path = "/a%20b//c/./d",
                                    .query = "b=%7e&a=2&a=1&&c",
                                    .headers = headers,
                                    .header_count = 1,
                                    .payload_hash = "00"};
    struct buffer out;
    struct buffer names;
    buffer_init(&out, 4096);
    buffer_init(&names, 4096);
    assert_int_equal(sigv4_canonical_request(&request, &out, &names, NULL), STATUS_OK);
    assert_string_equal(out.data, "GET\n/a%2520b/c/d\na=1&a=2&b=~&c=\nhost:h\n\nhost\n00");
    buffer_clear(&out);
    buffer_clear(&names);
    request.keep_path = true;
    assert_int_equal(sigv4_canonical_request(&request, &out, &names, NULL), STATUS_OK);
    assert_non_null(strstr(out.data, "\n/a%2520b//c/./d\n"));
    buffer_deinit(&out);
    buffer_deinit(&names);
}

static void too_many_headers_or_parameters_are_refused(void **state)
{
    (void)state;
    struct http_header headers[SIGV4_HEADERS_MAX + 1];
    for (size_t i = 0; i < SIGV4_HEADERS_MAX + 1; i++) {
        headers[i] = (struct http_header){"a", "b"};
    }
    struct sigv4_request request = {
        .method = "GET", .headers = headers, .header_count = SIGV4_HEADERS_MAX + 1, .payload_hash = "00"};
    struct buffer out;
    struct buffer names;
    buffer_init(&out, SIGV4_TEXT_MAX);
    buffer_init(&names, SIGV4_TEXT_MAX);
    struct error error = {0};
    assert_int_equal(sigv4_canonical_request(&request, &out, &names, &error), STATUS_INVALID_ARGUMENT);
    assert_int_equal(error.status, STATUS_INVALID_ARGUMENT);
    request.header_count = 1;
    char query[2 * (SIGV4_QUERY_MAX + 1) + 1] = "";
    for (size_t i = 0; i < SIGV4_QUERY_MAX + 1; i++) {
        memcpy(query + 2 * i, "a&", 3);
    }
    request.query = query;
    assert_int_equal(sigv4_canonical_request(&request, &out, &names, &error), STATUS_INVALID_ARGUMENT);
    buffer_deinit(&out);
    buffer_deinit(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stage_matches_the_published_vectors),
        cmocka_unit_test(all_stages_together_sign_a_post),
        cmocka_unit_test(the_key_cache_holds_for_one_day_region_service_and_secret),
        cmocka_unit_test(a_port_is_part_of_the_signed_host),
        cmocka_unit_test(what_is_encoded_is_encoded_once_more),
        cmocka_unit_test(too_many_headers_or_parameters_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
