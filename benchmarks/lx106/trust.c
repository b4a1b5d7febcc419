/* What believing an update costs on LX106: verifies a signature by each kind of key,
 * digests, and looks into a gzip file, and prints for each how many cycles of the core's
 * counter it took and how many bytes of stack. Made by ../trust.sh, which also makes
 * what is verified.
 */
#include "bearssl/digest.h"
#include "bearssl/keys.h"
#include "esp8266-rom/rom.h"
#include "inputs.h"
#include "updraft/gunzip.h"

#include <string.h>

#define STACK_LOOKED_AT 8192u /* bytes: more than anything here takes */
#define STACK_UNTOUCHED 0x5a5a5a5au
#define PIECE           1024u /* bytes of a file at a time, as they come from the network */

void firmware_main(void);

/* The file, in mapped flash, which takes whole words only. */
extern const uint32_t member[];
extern const uint32_t member_size;

struct work {
    struct ud_gunzip gunzip;
    uint32_t piece[PIECE / sizeof(uint32_t)];
    uint8_t window[UD_GUNZIP_WINDOW];
};

static uint32_t cycles(void)
{
    uint32_t now;

    __asm__ volatile("rsr %0, ccount" : "=r"(now));
    return now;
}

/* The board's own tick would be counted too. */
static void stop_interrupts(void)
{
    uint32_t before;

    __asm__ volatile("rsil %0, 15" : "=r"(before));
}

/* ---- what is measured; each returns whether it went well ---- */

static bool verify(const struct ud_key_der *der, ud_key_verify *by, const uint8_t *signature)
{
    struct ud_key key;

    return ud_key_decode(der, &key) == UD_OK &&
           by(&key, digest, signature, ud_key_signature_length(&key)) == UD_OK;
}

static bool verify_rsa2048(struct work *work)
{
    (void)work;
    return verify(&update_keys[0], ud_bearssl_rsa, rsa2048_signature);
}

static bool verify_p256(struct work *work)
{
    (void)work;
    return verify(&update_keys[1], ud_bearssl_p256, p256_signature);
}

static bool digest_64k(struct work *work)
{
    struct ud_digest digest;
    uint8_t out[UD_SHA256_SIZE];

    ud_digest_begin(&digest, &ud_sha256);
    for (uint32_t i = 0; i < 65536 / PIECE; i++)
        ud_digest_add(&digest, work->piece, PIECE);
    ud_digest_end(&digest, out);
    return true;
}

/* Fetching the pieces is not part of it, and little. */
static bool look_inside(struct work *work)
{
    if (ud_gunzip_init(&work->gunzip, work->window, sizeof work->window) != UD_OK)
        return false;
    ud_gunzip_begin(&work->gunzip, NULL, NULL);
    for (uint32_t at = 0; at < member_size; at += PIECE) {
        const uint32_t left = member_size - at;
        for (uint32_t i = 0; i < PIECE / sizeof(uint32_t); i++)
            work->piece[i] = member[at / sizeof(uint32_t) + i];
        if (ud_gunzip_write(&work->gunzip, (const uint8_t *)work->piece,
                            left < PIECE ? left : PIECE) != UD_OK)
            return false;
    }
    return ud_gunzip_end(&work->gunzip, member_size) == UD_OK;
}

/* ---- measuring ---- */

/* Leaves a mark in all the stack below, and finds the lowest word that lost it. */
static uint32_t *bottom_of_stack(void)
{
    uint32_t here;

    __asm__ volatile("mov %0, a1" : "=r"(here));
    return (uint32_t *)(here - STACK_LOOKED_AT);
}

static __attribute__((noinline)) uint32_t measure(const char *name, bool (*run)(struct work *),
                                                  struct work *work)
{
    volatile uint32_t *stack = bottom_of_stack();
    const uint32_t words = STACK_LOOKED_AT / sizeof(uint32_t);
    uint32_t untouched = 0;

    for (uint32_t i = 0; i + 16 < words; i++)
        stack[i] = STACK_UNTOUCHED;
    const uint32_t before = cycles();
    const bool is_well = run(work);
    const uint32_t taken = cycles() - before;
    while (stack[untouched] == STACK_UNTOUCHED)
        untouched++;
    ets_printf("%s %u %u %u\n", name, (unsigned)taken,
               (unsigned)(STACK_LOOKED_AT - untouched * sizeof(uint32_t)), (unsigned)is_well);
    return taken;
}

void firmware_main(void)
{
    static struct work work;

    stop_interrupts();
    measure("rsa2048", verify_rsa2048, &work);
    measure("p256", verify_p256, &work);
    measure("sha256", digest_64k, &work);
    measure("gunzip", look_inside, &work);
    ets_printf("length %u\ndone\n", (unsigned)work.gunzip.length);
    for (;;)
        continue;
}
