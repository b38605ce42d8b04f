/* An environment of the tests' own. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"

static char s_home[64];
static char s_files[16][SUPPORT_PATH_SIZE];
static size_t s_file_count;

void support_clear_environment(void)
{
    static const char *const s_names[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
                                          "AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE",
                                          "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL",
                                          "AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL_STS",
                                          "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT",
                                          "AWS_USE_DUALSTACK_ENDPOINT", "AWS_WEB_IDENTITY_TOKEN_FILE",
                                          "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
                                          "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                          "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                          "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                                          "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                                          "AWS_EC2_METADATA_V1_DISABLED", "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                                          "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "AWS_METADATA_SERVICE_TIMEOUT",
                                          "AWS_METADATA_SERVICE_NUM_ATTEMPTS"};
    for (size_t i = 0; i < sizeof s_names / sizeof s_names[0]; i++) {
        CHECK(unsetenv(s_names[i]) == 0);
    }
    CHECK(setenv("AWS_EC2_METADATA_DISABLED", "true", 1) == 0); /* a test's own server, or none */
    (void)snprintf(s_home, sizeof s_home, "/tmp/ferry-aws-test-XXXXXX");
    CHECK(mkdtemp(s_home) != NULL);
    CHECK(setenv("HOME", s_home, 1) == 0);
    s_file_count = 0;
}

void support_write_file(const char *name, const char *text, char out[SUPPORT_PATH_SIZE])
{
    char folder[SUPPORT_PATH_SIZE];
    (void)snprintf(folder, sizeof folder, "%s/.aws", s_home);
    (void)mkdir(folder, 0700); /* may be there */
    CHECK(s_file_count < sizeof s_files / sizeof s_files[0]);
    (void)snprintf(out, SUPPORT_PATH_SIZE, "%s/%s", s_home, name);
    memcpy(s_files[s_file_count++], out, SUPPORT_PATH_SIZE);
    FILE *file = fopen(out, "wb");
    CHECK(file != NULL);
    CHECK(fwrite(text, 1, strlen(text), file) == strlen(text));
    CHECK(fclose(file) == 0);
}

void support_remove_home(void)
{
    char folder[SUPPORT_PATH_SIZE];
    for (size_t i = 0; i < s_file_count; i++) {
        (void)unlink(s_files[i]); /* may be gone: written twice */
    }
    (void)snprintf(folder, sizeof folder, "%s/.aws", s_home);
    (void)rmdir(folder);
    (void)rmdir(s_home);
}
