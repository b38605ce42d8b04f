/* Character classes and escapes of ECMA-262 in PCRE2's words. Private to rules. */
#ifndef RULES_SRC_ECMA_CLASS_H
#define RULES_SRC_ECMA_CLASS_H

#include "ecma_scan.h"

#define ECMA_CLASS_SET_SIZE 64

/* One character, or a set: a letter of \d \D \w \W \s \S, or a whole \p{...}. */
struct ecma_class_item {
    bool is_set;
    uint32_t code_point;
    char set[ECMA_CLASS_SET_SIZE];
};

/* At "[": the whole class. */
bool ecma_class_translate(struct ecma_scan *scan);
/* At "\": any escape but \b and \B outside of a class. */
bool ecma_class_escape(struct ecma_scan *scan, bool is_in_class, struct ecma_class_item *out);
bool ecma_class_emit_set(struct ecma_scan *scan, const char *set, bool is_in_class);

#endif
