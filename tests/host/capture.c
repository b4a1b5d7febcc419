#include "capture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

void capture_start(struct capture *capture, int stream)
{
    fflush(NULL);
    capture->stream = stream;
    capture->saved = dup(stream);
    capture->file = memfd_create("capture", MFD_CLOEXEC);
    assert_true(capture->saved >= 0 && capture->file >= 0);
    assert_int_equal(dup2(capture->file, stream), stream);
}

void capture_stop(struct capture *capture)
{
    fflush(NULL);
    assert_int_equal(dup2(capture->saved, capture->stream), capture->stream);
    const ssize_t length = pread(capture->file, capture->text, CAPTURE_SIZE - 1, 0);
    assert_true(length >= 0);
    capture->text[length] = '\0';
    close(capture->saved);
    close(capture->file);
}

size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}
