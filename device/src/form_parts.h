/* What the form engine's files share. */
#ifndef UPDRAFT_SRC_FORM_PARTS_H
#define UPDRAFT_SRC_FORM_PARTS_H

#include "updraft/form.h"

#include "http_line.h"
#include "text.h"

enum ud_form_state {
    UD_FORM_IDLE,      /* no connection */
    UD_FORM_HEAD,      /* a request's head arrives */
    UD_FORM_HELD,      /* a wrong password is answered later, so that guessing takes long */
    UD_FORM_INVITING,  /* "100 Continue" goes out; the body waits for it */
    UD_FORM_BODY,      /* the request's body arrives */
    UD_FORM_ANSWERING, /* the answer goes out; what is left of the body is skipped */
    UD_FORM_LEAVING,   /* it is out: the rest of the body, and the other side's end */
    UD_FORM_CLOSING,
    UD_FORM_RESTARTING,
};

enum ud_form_method {
    UD_FORM_GET,
    UD_FORM_OPTIONS,
    UD_FORM_POST,
    UD_FORM_PUT,
    UD_FORM_OTHER_METHOD,
};

enum ud_form_resource {
    UD_FORM_INFO,       /* ?info */
    UD_FORM_FILESYSTEM, /* ?filesystem */
    UD_FORM_PAGE,       /* the path alone, or any other query; for uploads: a firmware */
    UD_FORM_ELSEWHERE,  /* another path */
};

enum ud_form_credentials {
    UD_FORM_NO_CREDENTIALS,
    UD_FORM_WRONG_CREDENTIALS,
    UD_FORM_STALE, /* right ones, for a nonce that is used up */
    UD_FORM_GOOD_CREDENTIALS,
};

/* Of Host and Origin, whose authority is kept until the other one comes. */
enum ud_form_host {
    UD_FORM_NO_ORIGIN = 0,
    UD_FORM_HOST_SEEN = 1 << 0,
    UD_FORM_ORIGIN_SEEN = 1 << 1,
    UD_FORM_ORIGIN_DIFFERS = 1 << 2,
};

#define UD_FORM_REALM          "Login Required" /* the core's */
#define UD_FORM_UNKNOWN_LENGTH UINT32_MAX       /* in remaining: the body's end is not known */

static inline bool ud_form_is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* Takes in the value of a field: of a request's head, or of multipart data. False: nonsense. */
typedef bool ud_form_take_field(struct ud_form_client *client, struct ud_http_value *value);

/* ---- form_head.c ---- */

/* Takes in client->text, the next line of the head without its line end, and ended
 * by a NUL. The empty one decides what to do. */
void ud_form_head_line(struct ud_form_client *client);

/* The path of a target is the form's; *query is then what follows it, from '?' on. */
bool ud_form_is_path(const struct ud_form *form, const struct ud_http_value *target,
                     struct ud_http_value *query);

/* ---- form_login.c ---- */

bool ud_form_needs_login(const struct ud_form *form);

/* Judges an Authorization for a request of that method. A good one uses up its
 * nonce's count. */
enum ud_form_credentials ud_form_judge(struct ud_form *form, const char *method,
                                       const struct ud_http_value *value);

/* Adds the header fields that ask for a login. */
void ud_form_add_challenge(struct ud_text *text, const struct ud_form_client *client);

/* Compares in a time that does not tell where the first difference is. */
struct ud_form_comparison {
    const struct ud_http_value *given;
    uint32_t length; /* bytes compared */
    uint32_t difference;
};

void ud_form_compare(struct ud_form_comparison *comparison, const char *expected, uint32_t length);
bool ud_form_is_same(const struct ud_form_comparison *comparison);

/* ---- form_digest.c ---- */

struct ud_form_login {
    /* Judges what an Authorization has behind the scheme's name. */
    enum ud_form_credentials (*judge)(struct ud_form *form, const char *method,
                                      const struct ud_http_value *given);
    void (*add_challenge)(struct ud_text *text, const struct ud_form_client *client);
};

/* ---- form_answer.c: each ends what the client is at, and puts its answer ---- */

/* A status, with its own words for a body. */
void ud_form_answer_status(struct ud_form_client *client, uint16_t status);

/* "Update error: ", with the updater's words for an error of its own. */
void ud_form_answer_error(struct ud_form_client *client, int error);
void ud_form_answer_words(struct ud_form_client *client, uint16_t status, const char *words);

void ud_form_answer_success(struct ud_form_client *client);

/* To a head: no file has begun. The second one is client->answer. */
void ud_form_answer_info(struct ud_form_client *client);
void ud_form_answer_given(struct ud_form_client *client);

/* ---- form_body.c ---- */

/* Starts on the body the head announced. */
void ud_form_body_begin(struct ud_form_client *client);

/* Takes bytes of it, at least one. Returns how many. */
uint32_t ud_form_body(struct ud_form_client *client, const uint8_t *bytes, uint32_t length);

/* Bytes that a file may have whose length is not known. */
uint32_t ud_form_space(const struct ud_form_client *client, enum ud_command command);

/* ---- form_multipart.c ---- */

/* The boundary of a Content-Type with such parameters. False when it cannot be one. */
bool ud_form_boundary(struct ud_form_client *client, const struct ud_http_value *parameters);

/* Content of the body. */
void ud_form_multipart(struct ud_form_client *client, const uint8_t *bytes, uint32_t length);

/* The last delimiter was there. */
bool ud_form_multipart_is_whole(const struct ud_form_client *client);

/* ---- form_file.c ---- */

/* What the client says of the file, for it to be checked. */
ud_form_take_field ud_form_expect_size, ud_form_expect_md5, ud_form_expect_sha256;

/* Begins with the file: of `size` bytes at most, or exactly if the client said so. */
void ud_form_file_begin(struct ud_form_client *client, enum ud_command command, uint32_t size);

/* Bytes of the file. */
void ud_form_file_write(struct ud_form_client *client, const uint8_t *bytes, uint32_t length);

/* The file is whole, as far as the request goes. */
void ud_form_file_end(struct ud_form_client *client);

/* Nothing more comes of it: ends the updater's session, if it is this client's. */
void ud_form_file_drop(struct ud_form_client *client, int error);

/* ---- form.c ---- */

/* Adds a byte to the line in client->text. True when it has ended: the text is then
 * without its end, and has a NUL. */
bool ud_form_collect(struct ud_form_client *client, uint8_t byte);

/* Counts bytes that are none of the file's. False, and answered, when there are too
 * many. */
bool ud_form_count(struct ud_form_client *client, uint32_t length);

#endif
