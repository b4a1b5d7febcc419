#include "host/progress.h"

#include "host/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define NAME_LIMIT  41
#define NOTE_LIMIT  81
#define BAR_MINIMUM 10 /* columns; on a narrower terminal lines are cut */
#define BAR_MAXIMUM 40
#define REDRAW_MS   50

struct row {
    char name[NAME_LIMIT];
    char note[NOTE_LIMIT];
    uint64_t done;
    uint64_t total;   /* 0: no bar */
    unsigned quarter; /* the last one printed as a plain line */
};

struct progress {
    FILE *out;
    bool is_terminal;
    bool is_drawn; /* the bars stand above the cursor */
    uint64_t drawn_ms;
    size_t row_count;
    struct row rows[];
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* False when out is no terminal, or one that cannot move its cursor. */
static bool terminal_size(FILE *out, struct winsize *size)
{
    const char *kind = getenv("TERM");
    if (!isatty(fileno(out)) || !kind || strcmp(kind, "dumb") == 0)
        return false;
    return ioctl(fileno(out), TIOCGWINSZ, size) == 0 && size->ws_col > 0 && size->ws_row > 0;
}

struct progress *progress_start(FILE *out, size_t rows)
{
    struct progress *progress = calloc(1, sizeof *progress + rows * sizeof progress->rows[0]);
    if (!progress)
        return NULL;
    struct winsize size;
    progress->out = out;
    progress->row_count = rows;
    progress->is_terminal = terminal_size(out, &size) && rows < size.ws_row;
    return progress;
}

static unsigned percent(const struct row *row)
{
    if (row->done >= row->total)
        return 100;
    return (unsigned)((double)row->done * 100 / (double)row->total);
}

static size_t widest_name(const struct progress *progress)
{
    size_t width = 0;
    for (size_t i = 0; i < progress->row_count; i++) {
        const size_t this_width = text_width(progress->rows[i].name);
        width = this_width > width ? this_width : width;
    }
    return width;
}

/* "[=====>    ]  47 %", or as many blanks. */
static void bar_format(const struct row *row, size_t width, char *out)
{
    if (!row->total) {
        memset(out, ' ', width + 9);
        out[width + 9] = '\0';
        return;
    }
    const size_t filled = width * percent(row) / 100;
    *out++ = '[';
    for (size_t i = 0; i < width; i++)
        *out++ = i < filled ? '=' : i == filled ? '>' : ' ';
    snprintf(out, 9, "] %3u %%", percent(row));
}

static void draw_row(const struct progress *progress, const struct row *row, size_t columns)
{
    char bar[BAR_MAXIMUM + 16];
    const size_t name_width = widest_name(progress);
    size_t bar_width = columns / 3;
    bar_width = bar_width < BAR_MINIMUM ? BAR_MINIMUM : bar_width;
    bar_width = bar_width > BAR_MAXIMUM ? BAR_MAXIMUM : bar_width;
    bar_format(row, bar_width, bar);
    char line[NAME_LIMIT + sizeof bar + NOTE_LIMIT + 64];
    snprintf(line, sizeof line, "%s%*s  %s  %s", row->name,
             (int)(name_width - text_width(row->name)), "", bar, row->note);
    /* Autowrap off: a line that is too long is cut, never folded into two. */
    fprintf(progress->out, "\033[?7l\033[2K%s\033[?7h\n", line);
}

static void draw(struct progress *progress)
{
    struct winsize size;
    if (!progress->row_count || !terminal_size(progress->out, &size))
        return;
    if (progress->is_drawn)
        fprintf(progress->out, "\033[%zuA", progress->row_count);
    for (size_t i = 0; i < progress->row_count; i++)
        draw_row(progress, &progress->rows[i], size.ws_col);
    fflush(progress->out);
    progress->is_drawn = true;
    progress->drawn_ms = now_ms();
}

static void draw_if_due(struct progress *progress)
{
    if (!progress->is_drawn || now_ms() - progress->drawn_ms >= REDRAW_MS)
        draw(progress);
}

static void print_plain(const struct progress *progress, const struct row *row)
{
    if (row->total)
        fprintf(progress->out, "%s: %s%s%u %%\n", row->name, row->note, row->note[0] ? ", " : "",
                percent(row));
    else
        fprintf(progress->out, "%s: %s\n", row->name, row->note);
    fflush(progress->out);
}

void progress_name(struct progress *progress, size_t row, const char *name)
{
    snprintf(progress->rows[row].name, NAME_LIMIT, "%s", name);
    text_clean(progress->rows[row].name);
}

void progress_set(struct progress *progress, size_t row, uint64_t done, uint64_t total)
{
    struct row *this = &progress->rows[row];
    const bool is_new = done < this->done || total != this->total;
    this->done = done;
    this->total = total;
    if (progress->is_terminal) {
        draw_if_due(progress);
        return;
    }
    const unsigned quarter = total ? percent(this) / 25 : 0;
    const bool is_due = quarter > (is_new ? 0 : this->quarter);
    this->quarter = quarter;
    if (is_due)
        print_plain(progress, this);
}

void progress_note(struct progress *progress, size_t row, const char *format, ...)
{
    char note[NOTE_LIMIT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(note, sizeof note, format, arguments);
    va_end(arguments);
    text_clean(note);
    if (strcmp(note, progress->rows[row].note) == 0)
        return;
    memcpy(progress->rows[row].note, note, sizeof note);
    if (progress->is_terminal)
        draw_if_due(progress);
    else
        print_plain(progress, &progress->rows[row]);
}

void progress_line(struct progress *progress, const char *format, ...)
{
    if (progress->is_drawn)
        fprintf(progress->out, "\033[%zuA\033[J", progress->row_count);
    progress->is_drawn = false;
    va_list arguments;
    va_start(arguments, format);
    vfprintf(progress->out, format, arguments);
    va_end(arguments);
    fputc('\n', progress->out);
    fflush(progress->out);
    if (progress->is_terminal)
        draw(progress);
}

void progress_end(struct progress *progress)
{
    if (!progress)
        return;
    if (progress->is_terminal)
        draw(progress);
    free(progress);
}
