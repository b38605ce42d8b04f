/* See roff_markdown.h. A closed output is nothing to act on: results of fprintf are not looked at here. */
#include "roff_markdown.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "roff.h"

#define CELLS_MAX 8
#define FOLDER "docs/" /* where the pages are that links of a page name */

struct slice {
    const char *data;
    size_t length;
};

/* What the line before belongs to. */
enum block { BLOCK_NONE, BLOCK_HEADING, BLOCK_PARAGRAPH, BLOCK_ITEM, BLOCK_CODE, BLOCK_TABLE };

struct page {
    FILE *out;
    enum block block;
    bool has_section;
    bool has_gap; /* an empty line came before this one */
    struct slice titles[CELLS_MAX]; /* of the table's columns */
    size_t title_count;
};

static bool begins(struct slice text, const char *with)
{
    return text.length >= strlen(with) && strncmp(text.data, with, strlen(with)) == 0;
}

static struct slice behind(struct slice text, size_t length)
{
    return (struct slice){text.data + length, text.length - length};
}

static struct slice trim(struct slice text)
{
    while (text.length > 0 && text.data[0] == ' ') {
        text = behind(text, 1);
    }
    while (text.length > 0 && text.data[text.length - 1] == ' ') {
        text.length--;
    }
    return text;
}

/* Where the mark begins, length: nowhere. */
static size_t find(struct slice text, const char *mark)
{
    for (size_t i = 0; i < text.length; i++) {
        if (begins(behind(text, i), mark)) {
            return i;
        }
    }
    return text.length;
}

/* ---- inside of a line ---- */

static void print_plain(FILE *out, struct slice text)
{
    roff_bytes(out, text.data, text.length);
}

/* "docs/codec.md" of "codec.md"; another site's address as it is. */
static void print_target(FILE *out, struct slice target)
{
    (void)fputs(find(target, "://") == target.length ? FOLDER : "", out);
    print_plain(out, target);
}

static void print_inline(FILE *out, struct slice text);

/* "[text](target)" at the beginning of text: how long it is; 0: there is none. */
static size_t print_link(FILE *out, struct slice text)
{
    size_t middle = find(text, "](");
    if (text.data[0] != '[' || middle == text.length) {
        return 0;
    }
    struct slice label = {text.data + 1, middle - 1};
    struct slice target = behind(text, middle + 2);
    size_t length = find(target, ")");
    if (length == target.length) {
        return 0;
    }
    target.length = length;
    if (find(target, "://") == target.length) {
        target.length = find(target, "#");
    }
    if (label.length == target.length && memcmp(label.data, target.data, label.length) == 0) {
        print_target(out, target);
    } else {
        print_inline(out, label);
        (void)fputs(" (", out);
        print_target(out, target);
        (void)fputc(')', out);
    }
    return middle + 2 + length + 1;
}

/* What stands between two marks, in bold, at the beginning of text: how long all of it is; 0: there is none. */
static size_t print_bold(FILE *out, struct slice text, const char *mark)
{
    size_t size = strlen(mark);
    if (!begins(text, mark)) {
        return 0;
    }
    struct slice inside = behind(text, size);
    size_t length = find(inside, mark);
    if (length == inside.length) {
        return 0;
    }
    inside.length = length;
    (void)fputs("\\fB", out);
    print_plain(out, inside);
    (void)fputs("\\fR", out);
    return size + length + size;
}

static void print_inline(FILE *out, struct slice text)
{
    while (text.length > 0) {
        size_t length = 0;
        while (length < text.length && strchr("`*[", text.data[length]) == NULL) {
            length++;
        }
        print_plain(out, (struct slice){text.data, length});
        text = behind(text, length);
        if (text.length == 0) {
            return;
        }
        length = print_bold(out, text, text.data[0] == '`' ? "`" : "**");
        length = length > 0 ? length : print_link(out, text);
        if (length == 0) { /* no mark: it stands for itself */
            length = 1;
            print_plain(out, (struct slice){text.data, length});
        }
        text = behind(text, length);
    }
}

static void print_line(FILE *out, struct slice text)
{
    print_inline(out, text);
    (void)fputc('\n', out);
}

/* ---- tables ---- */

/* The cells of "| a | b |"; a bar inside of code is none between cells. */
static size_t split_row(struct slice row, struct slice cells[CELLS_MAX])
{
    size_t count = 0;
    bool is_code = false;
    size_t begin = 1;
    for (size_t i = 1; i < row.length && count < CELLS_MAX; i++) {
        is_code = is_code != (row.data[i] == '`');
        if (row.data[i] == '|' && !is_code) {
            cells[count++] = trim((struct slice){row.data + begin, i - begin});
            begin = i + 1;
        }
    }
    return count;
}

/* The cells in the middle, "type: path; default: none". */
static void print_facts(const struct page *page, const struct slice *cells, size_t count)
{
    const char *gap = "";
    for (size_t i = 1; i + 1 < count && i < page->title_count; i++) {
        if (cells[i].length > 0) {
            (void)fputs(gap, page->out);
            print_inline(page->out, page->titles[i]);
            (void)fputs(": ", page->out);
            print_inline(page->out, cells[i]);
            gap = "; ";
        }
    }
    (void)fputs(*gap != '\0' ? "\n" : "", page->out);
}

static bool has_facts(const struct slice *cells, size_t count)
{
    for (size_t i = 1; i + 1 < count; i++) {
        if (cells[i].length > 0) {
            return true;
        }
    }
    return false;
}

static void print_row(struct page *page, struct slice line)
{
    struct slice cells[CELLS_MAX] = {{NULL, 0}};
    size_t count = split_row(line, cells);
    if (page->block != BLOCK_TABLE) { /* the head */
        memcpy(page->titles, cells, sizeof cells);
        page->title_count = count;
        return;
    }
    if (count == 0 || begins(cells[0], "--")) {
        return;
    }
    struct slice meaning = cells[count - 1];
    (void)fputs(".TP\n", page->out);
    print_line(page->out, cells[0]);
    if (count > 1 && meaning.length > 0) {
        print_line(page->out, meaning);
        (void)fputs(has_facts(cells, count) ? ".br\n" : "", page->out);
    } else if (!has_facts(cells, count)) {
        (void)fputs("\\&\n", page->out);
    }
    print_facts(page, cells, count);
}

/* ---- blocks ---- */

/* A section of the file ("temporal") keeps its letters; other titles are in capitals. */
static void print_section(struct page *page, struct slice title)
{
    bool is_name = find(title, " ") == title.length && islower((unsigned char)title.data[0]) != 0;
    (void)fputs(".SH \"", page->out);
    for (size_t i = 0; i < title.length; i++) {
        (void)fputc(is_name ? title.data[i] : toupper((unsigned char)title.data[i]), page->out);
    }
    (void)fputs("\"\n", page->out);
    page->has_section = true;
}

static enum block block_of(const struct page *page, struct slice line)
{
    bool is_code = page->block == BLOCK_CODE || page->has_gap || page->block == BLOCK_HEADING;
    if (begins(line, "#")) {
        return BLOCK_HEADING;
    }
    if (begins(line, "    ") && is_code) {
        return BLOCK_CODE;
    }
    if (begins(line, "- ") || (page->block == BLOCK_ITEM && !page->has_gap)) {
        return BLOCK_ITEM;
    }
    return begins(line, "|") ? BLOCK_TABLE : BLOCK_PARAGRAPH;
}

static void print_heading(struct page *page, struct slice line)
{
    if (begins(line, "### ")) {
        (void)fputs(".SS ", page->out);
        print_line(page->out, behind(line, 4));
    } else if (begins(line, "## ")) {
        print_section(page, behind(line, 3));
    }
}

/* Takes up and closes what needs it between two blocks. */
static void begin_block(struct page *page, enum block next)
{
    bool is_under_heading = page->block == BLOCK_HEADING;
    if (page->block == BLOCK_CODE) {
        (void)fputs(".fi\n", page->out);
    }
    if (next != BLOCK_HEADING && !page->has_section) {
        print_section(page, (struct slice){"DESCRIPTION", strlen("DESCRIPTION")});
        is_under_heading = true;
    }
    if ((next == BLOCK_PARAGRAPH || next == BLOCK_CODE) && !is_under_heading) {
        (void)fputs(".PP\n", page->out);
    }
    if (next == BLOCK_CODE) {
        (void)fputs(".nf\n", page->out);
    }
}

static void take_line(struct page *page, struct slice line)
{
    enum block block = block_of(page, line);
    if (block != page->block || (block == BLOCK_PARAGRAPH && page->has_gap)) {
        begin_block(page, block);
    } else if (block == BLOCK_CODE && page->has_gap) {
        (void)fputs("\n", page->out);
    }
    if (block == BLOCK_HEADING) {
        print_heading(page, line);
    } else if (block == BLOCK_CODE) {
        print_plain(page->out, line);
        (void)fputc('\n', page->out);
    } else if (block == BLOCK_TABLE) {
        print_row(page, line);
    } else {
        bool is_item = begins(line, "- ");
        (void)fputs(is_item ? ".IP \\[u2022] 2\n" : "", page->out);
        print_line(page->out, trim(behind(line, is_item ? 2 : 0)));
    }
    page->block = block;
    page->has_gap = false;
}

void roff_markdown(FILE *out, const char *text)
{
    struct page page = {.out = out};
    while (*text != '\0') {
        struct slice line = {text, strcspn(text, "\n")};
        if (line.length == 0) {
            page.has_gap = true;
        } else {
            take_line(&page, line);
        }
        text += line.length + (text[line.length] == '\n');
    }
    if (page.block == BLOCK_CODE) {
        (void)fputs(".fi\n", out);
    }
}
