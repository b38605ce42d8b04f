/* See support.h. */
#include "support.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const s_files[] = {"ferry.yaml", "other.yaml", "secret"};

int support_setup(void **state)
{
    char template[] = "/tmp/ferry-settings-XXXXXX";
    if (mkdtemp(template) == NULL || chdir(template) != 0) {
        return -1;
    }
    *state = strdup(template);
    return clearenv();
}

int support_teardown(void **state)
{
    for (size_t i = 0; i < sizeof s_files / sizeof s_files[0]; i++) {
        (void)unlink(s_files[i]); /* most tests write only one of them */
    }
    int result = chdir("/") != 0 || rmdir(*state) != 0 ? -1 : 0;
    free(*state);
    return result;
}

void support_write(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

struct settings *support_load(const char *text)
{
    struct settings *settings = NULL;
    struct error error = {0};
    if (text != NULL) {
        support_write("ferry.yaml", text);
    }
    if (settings_load(NULL, &settings, &error) != STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return settings;
}

void support_assert_refused(const char *text, const char *expected)
{
    struct settings *settings = NULL;
    struct error error = {0};
    if (text != NULL) {
        support_write("ferry.yaml", text);
    }
    assert_int_equal(settings_load(NULL, &settings, &error), STATUS_INVALID_ARGUMENT);
    assert_null(settings);
    assert_string_equal(error.text, expected);
}
