/* Every way an Updraft call can fail, in one negative enum.
 *
 * Functions return 0 (UD_OK) or one of these. The first error of a session
 * sticks: later calls return it again until the session is begun anew.
 *
 * The numbers are Updraft's own and may grow; what the Arduino core's tools
 * print and compare are the *originals'* numbers, and messages.h maps to them.
 */
#ifndef UPDRAFT_ERROR_H
#define UPDRAFT_ERROR_H

/* Fallible calls: a result that is dropped is a bug, so the compiler says so. */
#define UD_MUST_CHECK __attribute__((warn_unused_result))

enum ud_error {
    UD_OK = 0,

    /* Programming and configuration. */
    UD_ERR_ARGUMENT = -1, /* a null, unaligned or contradictory argument or config */
    UD_ERR_STATE = -2,    /* call made in a state that does not allow it */

    /* Flash. */
    UD_ERR_FLASH_WRITE = -3,
    UD_ERR_FLASH_ERASE = -4,
    UD_ERR_FLASH_READ = -5,
    UD_ERR_FLASH_RANGE = -6, /* address or length outside the chip, or misaligned */

    /* The update session. */
    UD_ERR_SPACE = -7,             /* does not fit where it would have to be put */
    UD_ERR_SIZE = -8,              /* size zero */
    UD_ERR_TIMEOUT = -9,           /* the sender fell silent */
    UD_ERR_MD5 = -10,              /* digest of the received bytes is not the one expected */
    UD_ERR_FLASH_CONFIG = -11,     /* running header promises more flash than the chip has */
    UD_ERR_NEW_FLASH_CONFIG = -12, /* new header promises more flash than the chip has */
    UD_ERR_MAGIC = -13,            /* first byte is neither an image nor gzip */
    UD_ERR_BOOT_MODE = -14,        /* strapping pins: a restart would enter the serial loader */
    UD_ERR_SIGNATURE = -15,
    UD_ERR_NO_DATA = -16,    /* ended before a single byte arrived */
    UD_ERR_MEMORY = -17,     /* no buffer to work with */
    UD_ERR_BUSY = -18,       /* another update is running; it is left alone */
    UD_ERR_COMMAND = -19,    /* neither firmware nor file system */
    UD_ERR_UNFINISHED = -20, /* ended before all promised bytes arrived */
    UD_ERR_CHIP = -21,       /* a sound image, but for another chip */
    UD_ERR_IMAGE = -22,      /* structure, checksum or CRC of the image is wrong */
    UD_ERR_COMMIT = -23,     /* image is whole, but the boot record could not be written */
    UD_ERR_ABORTED = -24,    /* the caller gave the update up */
    UD_ERR_SHA256 = -25,     /* as UD_ERR_MD5, where a SHA-256 was expected */

    /* Pulling over HTTP. */
    UD_ERR_HTTP_CONNECT = -30,      /* no connection to the server */
    UD_ERR_HTTP_SEND = -31,         /* connection broke while the request was sent */
    UD_ERR_HTTP_LOST = -32,         /* connection closed before the answer was whole */
    UD_ERR_HTTP_NOT_HTTP = -33,     /* the answer is not HTTP */
    UD_ERR_HTTP_TIMEOUT = -34,      /* no byte within the time allowed */
    UD_ERR_HTTP_ENCODING = -35,     /* a Transfer-Encoding the device cannot use */
    UD_ERR_HTTP_URL = -36,          /* URL malformed, too long or of an unknown scheme */
    UD_ERR_HTTP_TOO_LARGE = -37,    /* image larger than the space for it */
    UD_ERR_HTTP_NO_LENGTH = -38,    /* 200 without a Content-Length above 0 */
    UD_ERR_HTTP_NOT_FOUND = -39,    /* 404 */
    UD_ERR_HTTP_FORBIDDEN = -40,    /* 403 */
    UD_ERR_HTTP_STATUS = -41,       /* any other status, redirects not followed among them */
    UD_ERR_HTTP_BAD_MD5 = -42,      /* x-MD5 present but not 32 hexadecimal digits */
    UD_ERR_HTTP_BAD_HEADER = -43,   /* first bytes are neither an image nor gzip */
    UD_ERR_HTTP_FLASH_SIZE = -44,   /* image is made for a larger flash chip */
    UD_ERR_HTTP_UNAUTHORIZED = -45, /* 401 */
    UD_ERR_HTTP_NO_VERSION = -46,   /* version asked for, no x-version in the answer */
    UD_ERR_HTTP_REDIRECTS = -47,    /* more redirects than the limit */

    /* TLS. */
    UD_ERR_TLS = -50,        /* the handshake failed, or a record was damaged */
    UD_ERR_TLS_TRUST = -51,  /* the certificate comes from nobody trusted */
    UD_ERR_TLS_NAME = -52,   /* it is for another host */
    UD_ERR_TLS_DATE = -53,   /* it is not valid yet, or any more */
    UD_ERR_TLS_PIN = -54,    /* it has another key */
    UD_ERR_TLS_RECORD = -55, /* a record larger than the buffer: the server does not keep to
                              * the length it was asked for */

    /* Decoding compressed images. */
    UD_ERR_GZIP = -60,       /* not a gzip member, or a damaged one */
    UD_ERR_GZIP_PLACE = -61, /* it goes where nobody decompresses it */
    UD_ERR_FLASH_MODE = -62, /* the image inside is made for another flash mode than runs */

    /* Trust: what a signed file is for, and which keys may sign. */
    UD_ERR_MANIFEST = -70,   /* missing, or of no version known here */
    UD_ERR_PRODUCT = -71,    /* for another product */
    UD_ERR_KIND = -72,       /* an application where a file system belongs, or the reverse */
    UD_ERR_SECURITY = -73,   /* a security version below the device's */
    UD_ERR_KEY_UPDATE = -74, /* malformed, or about a key it cannot be about */
    UD_ERR_KEY_NUMBER = -75, /* not the key update that comes next */
    UD_ERR_LAST_KEY = -76,   /* revoking it would leave no key */

    /* Two slots, after a partition table. */
    UD_ERR_TABLE = -80,       /* the partition table is damaged, or contradicts itself */
    UD_ERR_NOT_FOUND = -81,   /* no such partition */
    UD_ERR_NO_SLOT = -82,     /* not for a partition of this kind */
    UD_ERR_RUNNING = -83,     /* the running program lies there */
    UD_ERR_UNCONFIRMED = -84, /* the running program has not confirmed itself yet */
    UD_ERR_NO_WAY_BACK = -85, /* there is no other program that would start */
    UD_ERR_REVISION = -86,    /* a sound image, but for other revisions of the chip */
    UD_ERR_NO_RECORD = -87,   /* no entry of the OTA data is about it */
};

#endif
