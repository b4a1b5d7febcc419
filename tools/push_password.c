#include "host/report.h"
#include "tools/push.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define PASSWORD_LIMIT 4096u

int push_password_find(const char *path, char **password)
{
    const char *from_environment = getenv("UPDRAFT_PASSWORD");
    struct file_bytes bytes;

    *password = NULL;
    if (path == NULL && from_environment == NULL)
        return EXIT_OK;
    if (path == NULL) {
        *password = strdup(from_environment);
        return *password != NULL ? EXIT_OK : report_failure("out of memory");
    }
    const int error = file_read(path, PASSWORD_LIMIT, &bytes);
    if (error != 0)
        return report_failure("%s: %s", path, strerror(-error));
    *password = strndup((const char *)bytes.data, bytes.length);
    explicit_bzero(bytes.data, bytes.length);
    free(bytes.data);
    if (*password == NULL)
        return report_failure("out of memory");
    (*password)[strcspn(*password, "\r\n")] = '\0';
    return EXIT_OK;
}

/* A line from the terminal, as typed. */
static char *read_line(int terminal)
{
    char line[PASSWORD_LIMIT];
    const ssize_t length = read(terminal, line, sizeof line - 1);
    char *password = length > 1 ? strndup(line, (size_t)length) : NULL;

    explicit_bzero(line, sizeof line);
    if (password != NULL)
        password[strcspn(password, "\r\n")] = '\0';
    return password;
}

char *push_password_ask(const char *prompt)
{
    const int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
    struct termios shown, hidden;
    char *password = NULL;

    if (terminal < 0)
        return NULL;
    if (tcgetattr(terminal, &shown) == 0) {
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        dprintf(terminal, "%s", prompt);
        tcsetattr(terminal, TCSAFLUSH, &hidden);
        password = read_line(terminal);
        tcsetattr(terminal, TCSAFLUSH, &shown);
        dprintf(terminal, "\n");
    }
    close(terminal);
    return password;
}

void push_password_free(char *password)
{
    if (password != NULL)
        explicit_bzero(password, strlen(password));
    free(password);
}
