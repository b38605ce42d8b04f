/* CHECK: what only a bug of ours can break. It stays in release builds, prints file, line and expression and aborts.
 * Never on input from outside. */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include "base/attributes.h"

NORETURN void check_failed(const char *file, int line, const char *expression);

#define CHECK(expression) ((expression) ? (void)0 : check_failed(__FILE__, __LINE__, #expression))

#endif
