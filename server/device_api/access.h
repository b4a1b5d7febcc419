/* What devices must prove before they are answered: docs/device-api.md, "Who may ask". */
#ifndef SERVER_DEVICE_API_ACCESS_H
#define SERVER_DEVICE_API_ACCESS_H

#include "server/accounts/accounts.h"
#include "server/http/http.h"

enum device_policy {
    DEVICE_POLICY_OPEN,        /* nothing */
    DEVICE_POLICY_SHARED,      /* a secret that devices share, or one of their own */
    DEVICE_POLICY_OWN,         /* a secret of their own */
    DEVICE_POLICY_CERTIFICATE, /* TLS: a certificate whose common name is their MAC address */
};

struct device_access {
    enum device_policy policy;
    struct accounts *accounts;
};

/* "open", …. False when it is none of them. */
bool device_policy_parse(const char *name, enum device_policy *policy);
const char *device_policy_name(enum device_policy policy);

#define BASIC_PASSWORD_SIZE 129

/* The password of "Basic …"; false when it is not that, or too long. */
bool device_access_read_basic(const char *authorization, char password[BASIC_PASSWORD_SIZE]);

/* Does the request prove it is of the device (0: of any)? If not, it is answered with 401,
 * or 403 where a certificate is what it takes. */
bool device_access_allows(const struct device_access *access, struct http_request *request,
                          mac_address mac);

#endif
