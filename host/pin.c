#include "host/pin.h"

#include "updraft/hex.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#define PREFIX        "sha256//"
#define BASE64_LENGTH 44u /* of 32 bytes, with one '=' */

bool pin_parse(const char *text, uint8_t pin[PIN_SIZE])
{
    uint8_t bytes[PIN_SIZE + 1]; /* the decoder writes what the padding stands for, too */

    if (strlen(text) == 2 * PIN_SIZE)
        return ud_hex_decode(text, pin, PIN_SIZE) == 0;
    if (strncmp(text, PREFIX, strlen(PREFIX)) != 0)
        return false;
    text += strlen(PREFIX);
    if (strlen(text) != BASE64_LENGTH || text[BASE64_LENGTH - 1] != '=' ||
        text[BASE64_LENGTH - 2] == '=' ||
        EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)BASE64_LENGTH) !=
            (int)sizeof bytes)
        return false;
    memcpy(pin, bytes, PIN_SIZE);
    return true;
}

const char *pin_format(const uint8_t pin[PIN_SIZE], char text[PIN_TEXT_SIZE])
{
    unsigned char base64[BASE64_LENGTH + 1];

    EVP_EncodeBlock(base64, pin, (int)PIN_SIZE);
    snprintf(text, PIN_TEXT_SIZE, PREFIX "%s", (const char *)base64);
    return text;
}

bool pin_of_key(EVP_PKEY *key, uint8_t pin[PIN_SIZE])
{
    unsigned char *der = NULL;
    const int length = i2d_PUBKEY(key, &der);
    const bool is_hashed =
        length > 0 && EVP_Digest(der, (size_t)length, pin, NULL, EVP_sha256(), NULL) == 1;

    OPENSSL_free(der);
    return is_hashed;
}
