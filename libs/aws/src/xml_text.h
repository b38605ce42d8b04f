/* Finds a value in the XML that STS answers. Pure; bounded; no DTD, no namespaces beyond a prefix that is dropped.
 * Private to libs/aws. */
#ifndef AWS_SRC_XML_TEXT_H
#define AWS_SRC_XML_TEXT_H

#include <stddef.h>

#define XML_DEPTH_MAX 16
#define XML_TEXT_MAX ((size_t)64 << 10) /* bytes of one value */

/* The text of the first element whose name is the last of path and whose parents' names are those before it
 * ("Credentials", "SessionToken", NULL), decoded and without white space around it; to free. NULL: there is none, it
 * holds elements, or what stands before it is not well formed or nested deeper than XML_DEPTH_MAX. */
char *xml_text_find(const char *text, size_t length, const char *const *path);

#endif
