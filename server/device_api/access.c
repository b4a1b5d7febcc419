#include "server/device_api/access.h"

#include "server/accounts/secret.h"
#include "server/log/log.h"

#include <openssl/evp.h>

#include <string.h>
#include <strings.h>

#define BASIC         "Basic "
#define SECRET_IN_URL "key"

static const char *const names[] = {
    [DEVICE_POLICY_OPEN] = "open",
    [DEVICE_POLICY_SHARED] = "shared",
    [DEVICE_POLICY_OWN] = "own",
    [DEVICE_POLICY_CERTIFICATE] = "certificate",
};

#define POLICY_COUNT (sizeof names / sizeof names[0])

bool device_policy_parse(const char *name, enum device_policy *policy)
{
    for (size_t i = 0; i < POLICY_COUNT; i++)
        if (strcmp(names[i], name) == 0) {
            *policy = (enum device_policy)i;
            return true;
        }
    return false;
}

const char *device_policy_name(enum device_policy policy)
{
    return (size_t)policy < POLICY_COUNT ? names[policy] : "";
}

/* Base64 makes four characters of three bytes. */
#define BASIC_LONGEST (4 * 2 * BASIC_PASSWORD_SIZE / 3)

bool device_access_read_basic(const char *authorization, char password[BASIC_PASSWORD_SIZE])
{
    unsigned char pair[BASIC_LONGEST];

    if (strncasecmp(authorization, BASIC, strlen(BASIC)) != 0)
        return false;
    const char *encoded = authorization + strlen(BASIC);
    const size_t length = strlen(encoded);
    if (length == 0 || length > BASIC_LONGEST || length % 4 != 0)
        return false;
    const int decoded = EVP_DecodeBlock(pair, (const unsigned char *)encoded, (int)length);
    if (decoded < 0)
        return false;
    /* Padding is decoded to zeros, which end the text; others must not. */
    const size_t size =
        (size_t)decoded - (encoded[length - 1] == '=') - (encoded[length - 2] == '=');
    /* The last: whoever takes the MAC address for a user name has colons in it. */
    const unsigned char *colon = memrchr(pair, ':', size);
    const size_t rest = colon != NULL ? (size_t)(pair + size - colon - 1) : BASIC_PASSWORD_SIZE;
    if (rest >= BASIC_PASSWORD_SIZE || memchr(colon + 1, '\0', rest) != NULL)
        return false;
    memcpy(password, colon + 1, rest);
    password[rest] = '\0';
    return true;
}

/* Is it a secret that is good for the device? */
static bool is_secret(const struct device_access *access, const char *secret, mac_address mac)
{
    uint8_t digest[SECRET_DIGEST_SIZE];
    mac_address owner;

    secret_digest(secret, digest);
    if (!accounts_device_secret(access->accounts, digest, &owner))
        return false;
    if (owner == 0)
        return access->policy == DEVICE_POLICY_SHARED;
    return mac == 0 || owner == mac;
}

static bool has_secret(const struct device_access *access, const struct http_request *request,
                       mac_address mac)
{
    const char *authorization = http_header(request, "Authorization");
    const char *key = http_query(request, SECRET_IN_URL);
    char password[BASIC_PASSWORD_SIZE];

    if (authorization != NULL && device_access_read_basic(authorization, password) &&
        is_secret(access, password, mac))
        return true;
    return key != NULL && is_secret(access, key, mac);
}

static bool has_certificate(const struct http_request *request, mac_address mac)
{
    char name[HTTP_CLIENT_NAME_SIZE];
    mac_address owner;

    return http_client_name(request, name) && mac_parse(name, &owner) && (mac == 0 || owner == mac);
}

static bool is_proved(const struct device_access *access, const struct http_request *request,
                      mac_address mac)
{
    if (access->policy == DEVICE_POLICY_OPEN)
        return true;
    return access->policy == DEVICE_POLICY_CERTIFICATE ? has_certificate(request, mac)
                                                       : has_secret(access, request, mac);
}

bool device_access_allows(const struct device_access *access, struct http_request *request,
                          mac_address mac)
{
    char text[MAC_TEXT_SIZE];

    if (is_proved(access, request, mac))
        return true;
    const bool wants_certificate = access->policy == DEVICE_POLICY_CERTIFICATE;
    if (mac != 0)
        log_line("%s has no %s that is good for it: refused", mac_format(mac, text),
                 wants_certificate ? "certificate" : "secret");
    if (wants_certificate) {
        http_answer_line(request, 403,
                         "a certificate is needed, from the authority this server was given for "
                         "devices, with the device's MAC address as its common name");
        return false;
    }
    http_set_header(request, "WWW-Authenticate", "Basic realm=\"updraft\"");
    http_answer_line(request, 401,
                     "a secret of this server's is needed, as the password of Basic "
                     "credentials or as ?" SECRET_IN_URL "=SECRET");
    return false;
}
