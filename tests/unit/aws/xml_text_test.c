/* Values out of XML. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "xml_text.h"

static char *find(const char *text)
{
    static const char *const s_path[] = {"a", "b", NULL};
    return xml_text_find(text, strlen(text), s_path);
}

static void a_value_is_found_by_its_path(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *value;
    } s_cases[] = {
        {"<a><b>x</b></a>", "x"},
        {"<?xml version=\"1.0\"?>\n<r><b>no</b><a x='>' y=\"/>\"><c/><b k='v'>\n x y \t</b></a></r>", "x y"},
        {"<r xmlns:p='u'><p:a><p:b>x</p:b></p:a></r>", "x"},
        {"<a><b>&lt;&amp;&gt;&quot;&apos;&#65;&#x42;&#xe9;&#x20ac;&#x1F600;</b></a>",
         "<&>\"'AB\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"<a><b>1<!-- <b>no</b> -->2<![CDATA[<&]]>3</b></a>", "12<&3"},
        {"<!-- <a><b>no</b></a> --><a><![CDATA[<b>no</b>]]><b>x</b></a>", "x"},
        {"<a><b/></a>", ""},
        {"<a><b></b></a>", ""},
        {"<a><b>first</b><b>second</b></a>", "first"},
    };
    for (size_t i = 0; i < sizeof s_cases / sizeof s_cases[0]; i++) {
        char *value = find(s_cases[i].text);
        assert_non_null(value);
        assert_string_equal(value, s_cases[i].value);
        free(value);
    }
}

static void what_is_not_there_or_not_well_formed_is_not_found(void **state)
{
    (void)state;
    static const char *const s_texts[] = {
        "", "x", "<b>x</b>", "<a></a><b>x</b>", "<a><c><b>x</b></c></a>", "<a><b>x", "<a><b>x</b", "<a><b>x</c></a>",
        "</a><a><b>x</b></a>", "<a><c></a><b>x</b>", "<a><b>x<c/></b></a>", "<a><b>&nbsp;</b></a>",
        "<a><b>&#0;</b></a>", "<a><b>&#xd800;</b></a>", "<a><b>&#x110000;</b></a>", "<a><b>&#99999999999;</b></a>",
        "<a><b>&amp</b></a>", "<!DOCTYPE a [<!ENTITY e \"x\">]><a><b>x</b></a>", "<a <b>x</b></a>", "<a><b><![CDATA[x",
        "<a><!-- <b>x</b></a>", "<><a><b>x</b></a>", "<a x='><b>x</b></a>"};
    for (size_t i = 0; i < sizeof s_texts / sizeof s_texts[0]; i++) {
        char *value = find(s_texts[i]);
        if (value != NULL) {
            fail_msg("%s: %s", s_texts[i], value);
        }
    }
}

static void depth_and_length_have_limits(void **state)
{
    (void)state;
    char text[1024] = "";
    for (int i = 0; i < XML_DEPTH_MAX; i++) {
        (void)strcat(text, "<x>");
    }
    char *value = find(strcat(text, "<a><b>x</b></a>"));
    assert_null(value);
    char *filler = memory_alloc(XML_TEXT_MAX + 2);
    memset(filler, 'x', XML_TEXT_MAX + 1);
    char *longer = memory_format("<a><b>%s</b></a>", filler);
    assert_null(find(longer));
    free(longer);
    filler[XML_TEXT_MAX] = '\0';
    longer = memory_format("<a><b>%s</b></a>", filler);
    value = find(longer);
    assert_non_null(value);
    assert_int_equal(strlen(value), XML_TEXT_MAX);
    free(value);
    free(longer);
    free(filler);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_found_by_its_path),
        cmocka_unit_test(what_is_not_there_or_not_well_formed_is_not_found),
        cmocka_unit_test(depth_and_length_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
