#include "server/metrics/exposition.h"

#define US_PER_S 1e6

static void put_text(FILE *out, const char *text, const char *escaped)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            fputs("\\n", out);
            continue;
        }
        for (const char *c = escaped; *c != '\0'; c++)
            if (*c == *text)
                fputc('\\', out);
        fputc(*text, out);
    }
}

static void begin(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s ", name);
    put_text(out, help, "\\");
    fprintf(out, "\n# TYPE %s %s\n", name, type);
}

void exposition_begin(FILE *out, const char *name, enum metric_type type, const char *help)
{
    begin(out, name, type == METRIC_COUNTER ? "counter" : "gauge", help);
}

void exposition_value(FILE *out, const char *name, const struct metric_label *labels, double value)
{
    const char *separator = "{";

    fputs(name, out);
    for (; labels != NULL && labels->name != NULL; labels++) {
        fprintf(out, "%s%s=\"", separator, labels->name);
        put_text(out, labels->value, "\\\"");
        fputc('"', out);
        separator = ",";
    }
    fprintf(out, "%s %.17g\n", *separator == ',' ? "}" : "", value);
}

void exposition_single(FILE *out, const char *name, enum metric_type type, const char *help,
                       double value)
{
    exposition_begin(out, name, type, help);
    exposition_value(out, name, NULL, value);
}

void exposition_histogram(FILE *out, const char *name, const char *help,
                          const struct histogram *histogram)
{
    unsigned long long count = 0;

    begin(out, name, "histogram", help);
    for (size_t i = 0; i < HISTOGRAM_CLASSES; i++) {
        count += atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
        fprintf(out, "%s_bucket{le=\"%g\"} %llu\n", name, histogram_bounds_us[i] / US_PER_S, count);
    }
    count += atomic_load_explicit(&histogram->counts[HISTOGRAM_CLASSES], memory_order_relaxed);
    fprintf(out, "%s_bucket{le=\"+Inf\"} %llu\n", name, count);
    fprintf(out, "%s_sum %.17g\n", name,
            (double)atomic_load_explicit(&histogram->sum_us, memory_order_relaxed) / US_PER_S);
    fprintf(out, "%s_count %llu\n", name, count);
}
