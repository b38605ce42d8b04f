/* Published test cases, from the folder that FERRY_AWS_VECTORS names (tools/fetch-aws-vectors fetches them and prints
 * it). Without it those tests are skipped on a developer's machine and fail where CI=true. */
#ifndef TESTS_AWS_SUPPORT_VECTORS_H
#define TESTS_AWS_SUPPORT_VECTORS_H

#include <jansson.h>

/* The file's member "tests"; *out_root is to be json_decref'd. Ends the test where the file cannot be had. */
json_t *support_vectors(const char *name, json_t **out_root);
/* The text of a member; "": it has none. */
const char *support_vector_text(const json_t *object, const char *name);

#endif
