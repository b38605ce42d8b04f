/* Compiler attributes used across Ferry, for gcc and clang. */
#ifndef BASE_ATTRIBUTES_H
#define BASE_ATTRIBUTES_H

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_index, first_argument) __attribute__((format(printf, format_index, first_argument)))
#define NORETURN __attribute__((noreturn))
#define UNUSED __attribute__((unused))

#endif
