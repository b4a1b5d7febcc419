/* What a device was told when it was set up. Tools write it into the flash of a device
 * (updraft settings), and its own console changes it; settings_record.h is how it is kept.
 *
 * Each setting has a name, a tag, and a text form that the tool and the console share.
 */
#ifndef FIRMWARE_SETTINGS_H
#define FIRMWARE_SETTINGS_H

#include "firmware/settings_record.h"

#include "updraft/digest.h"

#include <stdbool.h>
#include <stdint.h>

#define SETTINGS_NAME_MAX     33u  /* bytes of a host name, NUL included */
#define SETTINGS_URL_MAX      256u /* as UD_PULL_URL_MAX */
#define SETTINGS_USER_MAX     33u
#define SETTINGS_PASSWORD_MAX 65u
#define SETTINGS_PRODUCT_MAX  65u
#define SETTINGS_KEYS_MAX     1024u /* bytes of all trusted keys' DER forms: three RSA-2048 */
#define SETTINGS_KEY_COUNT    11u   /* so many P-256 fit into that */
#define SETTINGS_CA_MAX       2048u /* bytes of a certificate's DER form */
#define SETTINGS_TEXT_MAX     SETTINGS_URL_MAX /* of any setting's text */

/* Tags, for ever. */
enum settings_tag {
    SETTINGS_NAME = 1,
    SETTINGS_SERVER = 2,
    SETTINGS_POLL = 3,
    SETTINGS_TRIAL = 4,
    SETTINGS_PATIENCE = 5,
    SETTINGS_UPLOADS = 6,
    SETTINGS_PAGE = 7,
    SETTINGS_USER = 8,
    SETTINGS_PASSWORD = 9,
    SETTINGS_SHA256 = 10,
    SETTINGS_ANNOUNCE = 11,
    SETTINGS_MANIFEST = 12,
    SETTINGS_PRODUCT = 13,
    SETTINGS_PIN = 14,
    /* Without a text form: of any number of items. */
    SETTINGS_KEY = 32, /* a trusted key, SubjectPublicKeyInfo in DER; may be there repeatedly */
    SETTINGS_CA = 33,  /* certificate of who vouches for servers, in DER */
};

struct settings {
    char name[SETTINGS_NAME_MAX];         /* host name; empty: made of the MAC address */
    char server[SETTINGS_URL_MAX];        /* empty: asks none */
    uint32_t poll_s;                      /* from one check-in to the next */
    uint32_t waits_for_server;            /* bool: a program on trial confirms itself when its
                                           * server has answered; else at once */
    uint32_t patience_s;                  /* so long it waits before it restarts; 0: for ever */
    uint32_t upload_port;                 /* UDP; 0: takes no uploads */
    uint32_t page_port;                   /* TCP; 0: serves no page */
    char user[SETTINGS_USER_MAX];         /* who may use the page, with */
    char password[SETTINGS_PASSWORD_MAX]; /* the password, uploads' too; empty: anybody */
    uint32_t uses_sha256;                 /* bool: uploads prove it as ESP32s have it */
    uint32_t announces;                   /* bool: by mDNS */
    uint32_t wants_manifest;              /* bool: updates must say what they are for; signed
                                           * ones anyway, where keys are trusted */
    char product[SETTINGS_PRODUCT_MAX];   /* namely this; empty: the program's own project */
    uint8_t pin[UD_SHA256_SIZE];          /* SHA-256 of the server's public key; zeros: none */
};

/* All settings: what the record does not have, or not soundly, is as by default. */
void settings_decode(const struct settings_record *record, struct settings *settings);

/* Only those the record has; an item that is not sound stands for the default. */
void settings_apply(const struct settings_record *record, struct settings *settings);

/* ---- settings_text.c: each by its name ---- */

enum settings_kind {
    SETTINGS_TEXT,
    SETTINGS_SECRET, /* a text that is not shown */
    SETTINGS_LABEL,  /* a host name's: letters, digits, hyphens inside */
    SETTINGS_URL,
    SETTINGS_SECONDS,
    SETTINGS_PORT,
    SETTINGS_SWITCH, /* on, off */
    SETTINGS_DIGEST, /* 64 hexadecimal digits */
};

struct settings_field {
    const char *name;
    const char *initial; /* the text it has by default */
    uint8_t tag;
    uint8_t kind;
    uint16_t least;  /* of a number */
    uint16_t offset; /* in struct settings */
    uint16_t room;   /* bytes there; of texts with their NUL */
};

#define SETTINGS_FIELDS 14u
extern const struct settings_field settings_fields[SETTINGS_FIELDS];

/* Null: no setting has that name, which need not end after `length` bytes. */
const struct settings_field *settings_field_named(const char *name, uint32_t length);

/* Puts what a text says in place of what the record has; an empty text, the default.
 * UD_ERR_ARGUMENT for a text it cannot have, UD_ERR_SPACE. */
UD_MUST_CHECK int settings_set(struct settings_record *record, const struct settings_field *field,
                               const char *text);

/* Its text, or for a secret "(set)"; empty for none. Returns text. */
const char *settings_show(const struct settings *settings, const struct settings_field *field,
                          char text[SETTINGS_TEXT_MAX]);

#endif
