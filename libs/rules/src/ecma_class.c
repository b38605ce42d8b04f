/* Escapes and classes. \d and \w are ASCII's, \s is ECMA-262's white space: all are written out, for PCRE2's differ. */
#include "ecma_class.h"

#include <stdio.h>
#include <string.h>

#define SPACES                                                                                                         \
    "\\x{9}-\\x{d}\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}"                      \
    "\\x{3000}\\x{feff}"
#define NO_SPACES                                                                                                      \
    "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}"                \
    "\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}"

/* The values of General_Category, long and short, and the binary properties that PCRE2 knows as well. */
static const struct {
    const char *name;
    const char *ours;
    bool is_category;
} s_properties[] = {
    {"Letter", "L", true}, {"Cased_Letter", "L&", true}, {"Uppercase_Letter", "Lu", true},
    {"Lowercase_Letter", "Ll", true}, {"Titlecase_Letter", "Lt", true}, {"Modifier_Letter", "Lm", true},
    {"Other_Letter", "Lo", true}, {"Mark", "M", true}, {"Nonspacing_Mark", "Mn", true}, {"Spacing_Mark", "Mc", true},
    {"Enclosing_Mark", "Me", true}, {"Number", "N", true}, {"Decimal_Number", "Nd", true},
    {"Letter_Number", "Nl", true}, {"Other_Number", "No", true}, {"Punctuation", "P", true},
    {"Connector_Punctuation", "Pc", true}, {"Dash_Punctuation", "Pd", true}, {"Open_Punctuation", "Ps", true},
    {"Close_Punctuation", "Pe", true}, {"Initial_Punctuation", "Pi", true}, {"Final_Punctuation", "Pf", true},
    {"Other_Punctuation", "Po", true}, {"Symbol", "S", true}, {"Math_Symbol", "Sm", true},
    {"Currency_Symbol", "Sc", true}, {"Modifier_Symbol", "Sk", true}, {"Other_Symbol", "So", true},
    {"Separator", "Z", true}, {"Space_Separator", "Zs", true}, {"Line_Separator", "Zl", true},
    {"Paragraph_Separator", "Zp", true}, {"Other", "C", true}, {"Control", "Cc", true}, {"Format", "Cf", true},
    {"Private_Use", "Co", true}, {"Unassigned", "Cn", true}, {"LC", "L&", true}, {"digit", "Nd", true},
    {"punct", "P", true}, {"cntrl", "Cc", true}, {"Combining_Mark", "M", true}, {"Any", "Any", false},
    {"ASCII", "ASCII", false}, {"Alphabetic", "Alphabetic", false}, {"Alpha", "Alphabetic", false},
    {"Uppercase", "Uppercase", false}, {"Upper", "Uppercase", false}, {"Lowercase", "Lowercase", false},
    {"Lower", "Lowercase", false}, {"White_Space", "White_Space", false}, {"space", "White_Space", false},
    {"Emoji", "Emoji", false}, {"ID_Start", "ID_Start", false}, {"ID_Continue", "ID_Continue", false},
};

static const char *find_property(const char *name, bool is_category_needed)
{
    for (size_t i = 0; i < sizeof s_properties / sizeof s_properties[0]; i++) {
        bool is_short =
            s_properties[i].is_category && strcmp(name, s_properties[i].ours) == 0 && strchr(name, '&') == NULL;
        if ((is_short || strcmp(name, s_properties[i].name) == 0) &&
            (!is_category_needed || s_properties[i].is_category)) {
            return s_properties[i].ours;
        }
    }
    return NULL;
}

static bool take_prefix(const char **text, const char *prefix)
{
    size_t length = strlen(prefix);
    if (strncmp(*text, prefix, length) != 0) {
        return false;
    }
    *text += length;
    return true;
}

/* Behind "\p" or "\P": {Name} or {Key=Name}. */
static bool scan_property(struct ecma_scan *scan, char kind, struct ecma_class_item *out)
{
    char text[ECMA_CLASS_SET_SIZE - 16] = "";
    size_t length = 0;
    bool is_open = ecma_scan_take(scan, '{');
    while (is_open && !ecma_scan_is_at_end(scan) && ecma_scan_next(scan) != '}' && length < sizeof text - 1) {
        text[length++] = ecma_scan_next(scan);
        scan->position++;
    }
    text[length] = '\0';
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_=";
    if (!is_open || length != strlen(text) || strspn(text, letters) != length || !ecma_scan_take(scan, '}')) {
        return ecma_scan_fail(scan, "expected a property as in \"\\p{Letter}\" or \"\\p{Script=Greek}\"");
    }
    const char *name = text;
    const char *ours = NULL;
    const char *key = "";
    if (take_prefix(&name, "Script=") || take_prefix(&name, "sc=")) {
        key = "sc:";
        ours = name;
    } else if (take_prefix(&name, "Script_Extensions=") || take_prefix(&name, "scx=")) {
        key = "scx:";
        ours = name;
    } else {
        bool has_key = take_prefix(&name, "General_Category=") || take_prefix(&name, "gc=");
        ours = find_property(name, has_key);
    }
    if (ours == NULL || strchr(ours, '=') != NULL || *ours == '\0') {
        return ecma_scan_fail(scan,
                              "the property \"%s\" is not supported: general categories, Script, Script_Extensions, "
                              "Any, ASCII, Alphabetic, Uppercase, Lowercase, White_Space, Emoji, ID_Start and "
                              "ID_Continue are",
                              text);
    }
    out->is_set = true;
    (void)snprintf(out->set, sizeof out->set, "\\%c{%s%s}", kind, key, ours);
    return true;
}

/* Behind "\u". */
static bool scan_unicode(struct ecma_scan *scan, uint32_t *out)
{
    uint32_t unit = 0;
    if (ecma_scan_take(scan, '{')) {
        uint32_t digit = 0;
        bool has_digits = false;
        while (unit <= 0x10FFFFU && ecma_scan_next(scan) != '}' && ecma_scan_hex(scan, 1, &digit)) {
            unit = unit * 16 + digit;
            has_digits = true;
        }
        if (!has_digits || unit > 0x10FFFFU || !ecma_scan_take(scan, '}')) {
            return ecma_scan_fail(scan, "expected \"\\u{...}\" with a code point in hexadecimal digits");
        }
    } else if (!ecma_scan_hex(scan, 4, &unit)) {
        return ecma_scan_fail(scan, "expected four hexadecimal digits after \"\\u\"");
    }
    if (unit >= 0xD800U && unit <= 0xDBFFU) {
        uint32_t low = 0;
        if (ecma_scan_starts_with(scan, "\\u")) {
            scan->position += 2;
            (void)ecma_scan_hex(scan, 4, &low);
        }
        if (low < 0xDC00U || low > 0xDFFFU) {
            return ecma_scan_fail(scan, "half a surrogate pair, which no text holds");
        }
        unit = 0x10000U + ((unit - 0xD800U) << 10) + (low - 0xDC00U);
    } else if (unit >= 0xDC00U && unit <= 0xDFFFU) {
        return ecma_scan_fail(scan, "half a surrogate pair, which no text holds");
    }
    *out = unit;
    return true;
}

static bool is_letter_or_digit(char character)
{
    return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
           (character >= 'A' && character <= 'Z');
}

/* Behind "\": escapes that stand for one character by their letter alone. */
static bool find_control(char letter, bool is_in_class, uint32_t *out)
{
    static const char letters[] = "tnvfrb";
    static const char meanings[] = "\t\n\v\f\r\b";
    const char *found = letter == '\0' ? NULL : strchr(letters, letter);
    if (found == NULL || (letter == 'b' && !is_in_class)) {
        return false;
    }
    *out = (uint32_t)(unsigned char)meanings[found - letters];
    return true;
}

/* Behind "\" and the letter. */
static bool scan_lettered_escape(struct ecma_scan *scan, char letter, struct ecma_class_item *out)
{
    char next = ecma_scan_next(scan);
    switch (letter) {
    case 'u':
        return scan_unicode(scan, &out->code_point);
    case 'x':
        return ecma_scan_hex(scan, 2, &out->code_point) ||
               ecma_scan_fail(scan, "expected two hexadecimal digits after \"\\x\"");
    case 'c':
        if ((next < 'A' || next > 'Z') && (next < 'a' || next > 'z')) {
            return ecma_scan_fail(scan, "expected a letter after \"\\c\"");
        }
        scan->position++;
        out->code_point = (uint32_t)(unsigned char)next % 32U;
        return true;
    case '0':
        out->code_point = 0;
        return next < '0' || next > '9' || ecma_scan_fail(scan, "octal escapes are not part of ECMA-262; use \"\\x\"");
    case 'p':
    case 'P':
        return scan_property(scan, letter, out);
    case 'k':
        return ecma_scan_fail(scan, "references back to groups are not supported");
    default:
        if (letter >= '1' && letter <= '9') {
            return ecma_scan_fail(scan, "references back to groups are not supported");
        }
        return ecma_scan_fail(scan, "\"\\%c\" is not an escape of ECMA-262", letter);
    }
}

bool ecma_class_escape(struct ecma_scan *scan, bool is_in_class, struct ecma_class_item *out)
{
    *out = (struct ecma_class_item){0};
    scan->position++;
    char letter = ecma_scan_next(scan);
    if (letter == '\0' || ((unsigned char)letter & 0x80U) != 0) {
        return ecma_scan_fail(scan, "\"\\\" stands before nothing that can be escaped; a literal one is \"\\\\\"");
    }
    scan->position++;
    if (strchr("dDwWsS", letter) != NULL) {
        out->is_set = true;
        out->set[0] = letter;
        return true;
    }
    if (find_control(letter, is_in_class, &out->code_point)) {
        return true;
    }
    if (!is_letter_or_digit(letter)) {
        out->code_point = (uint32_t)(unsigned char)letter;
        return true;
    }
    return scan_lettered_escape(scan, letter, out);
}

bool ecma_class_emit_set(struct ecma_scan *scan, const char *set, bool is_in_class)
{
    const char *members = NULL;
    switch (set[0]) {
    case 'd':
        members = "0-9";
        break;
    case 'D':
        members = "\\x{0}-\\x{2f}\\x{3a}-\\x{10ffff}";
        break;
    case 'w':
        members = "0-9A-Za-z_";
        break;
    case 'W':
        members = "\\x{0}-\\x{2f}\\x{3a}-\\x{40}\\x{5b}-\\x{5e}\\x{60}\\x{7b}-\\x{10ffff}";
        break;
    case 's':
        members = SPACES;
        break;
    case 'S':
        members = NO_SPACES;
        break;
    default:
        return ecma_scan_emit(scan, set); /* a property stands in a class and by itself */
    }
    return (is_in_class || ecma_scan_emit(scan, "[")) && ecma_scan_emit(scan, members) &&
           (is_in_class || ecma_scan_emit(scan, "]"));
}

static bool scan_item(struct ecma_scan *scan, struct ecma_class_item *out)
{
    if (ecma_scan_next(scan) == '\\') {
        return ecma_class_escape(scan, true, out);
    }
    *out = (struct ecma_class_item){.code_point = ecma_scan_code_point(scan)};
    return true;
}

/* One item, or a range of two. */
static bool translate_item(struct ecma_scan *scan)
{
    struct ecma_class_item first;
    struct ecma_class_item last;
    if (!scan_item(scan, &first)) {
        return false;
    }
    bool is_range = ecma_scan_starts_with(scan, "-") && !ecma_scan_starts_with(scan, "-]");
    if (!is_range) {
        return first.is_set ? ecma_class_emit_set(scan, first.set, true)
                            : ecma_scan_emit_code_point(scan, first.code_point);
    }
    scan->position++;
    if (ecma_scan_is_at_end(scan)) {
        return ecma_scan_fail(scan, "\"[\" without \"]\"; a literal one is \"\\[\"");
    }
    if (!scan_item(scan, &last)) {
        return false;
    }
    if (first.is_set || last.is_set || first.code_point > last.code_point) {
        return ecma_scan_fail(scan, "a range goes from one character to a later one; a literal \"-\" is \"\\-\"");
    }
    return ecma_scan_emit_code_point(scan, first.code_point) && ecma_scan_emit(scan, "-") &&
           ecma_scan_emit_code_point(scan, last.code_point);
}

bool ecma_class_translate(struct ecma_scan *scan)
{
    size_t start = scan->position;
    scan->position++;
    bool is_negated = ecma_scan_take(scan, '^');
    if (ecma_scan_take(scan, ']')) { /* nothing, or anything: an empty class, which PCRE2 does not have */
        return ecma_scan_emit(scan, is_negated ? "[\\x{0}-\\x{10ffff}]" : "[^\\x{0}-\\x{10ffff}]");
    }
    if (!ecma_scan_emit(scan, is_negated ? "[^" : "[")) {
        return false;
    }
    while (!ecma_scan_is_at_end(scan) && ecma_scan_next(scan) != ']') {
        if (!translate_item(scan)) {
            return false;
        }
    }
    if (!ecma_scan_take(scan, ']')) {
        scan->position = start;
        return ecma_scan_fail(scan, "\"[\" without \"]\"; a literal one is \"\\[\"");
    }
    return ecma_scan_emit(scan, "]");
}
