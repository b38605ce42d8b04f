/* See page_query.h. */
#include "page_query.h"

#include <string.h>

#define SIZE_DIGITS_MAX 4

enum status page_query_read(const char *size, const char *token, struct page_query *out_query, struct error *error)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    struct page_query query = {.size = PAGE_QUERY_SIZE_DEFAULT, .token = token};
    if (size != NULL) {
        size_t digits = strspn(size, "0123456789");
        query.size = 0;
        for (size_t i = 0; i < digits && digits <= SIZE_DIGITS_MAX && size[digits] == '\0'; i++) {
            query.size = query.size * 10 + (size_t)(size[i] - '0');
        }
    }
    if (query.size < 1 || query.size > PAGE_QUERY_SIZE_MAX) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "pageSize: expected a number from 1 to %zu",
                         PAGE_QUERY_SIZE_MAX);
    }
    size_t length = token == NULL ? 0 : strnlen(token, PAGE_QUERY_TOKEN_MAX + 1);
    if (token != NULL && (length == 0 || length > PAGE_QUERY_TOKEN_MAX || strspn(token, alphabet) != length)) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "pageToken: expected a nextPageToken of an earlier answer");
    }
    *out_query = query;
    return STATUS_OK;
}

enum status page_query_read_flag(const char *name, const char *text, bool *out_value, struct error *error)
{
    bool is_true = text != NULL && strcmp(text, "true") == 0;
    if (text != NULL && !is_true && strcmp(text, "false") != 0) {
        return error_set(error, STATUS_INVALID_ARGUMENT, "%s: expected true or false", name);
    }
    *out_value = is_true;
    return STATUS_OK;
}
