/* Division and multiplication, at the ROM's addresses: known results, and that the
 * quotient and the remainder make up the dividend. */
#include "orders.h"

#include "esp8266-rom/rom.h"

typedef uint32_t udiv32(uint32_t, uint32_t);
typedef int32_t div32(int32_t, int32_t);
typedef uint64_t mul32(uint32_t, uint32_t);
typedef uint64_t op64(uint64_t, uint64_t);
typedef int64_t div64(int64_t, int64_t);

#define UDIV   ROM_FUNCTION(udiv32, 0x4000e21c)
#define UMOD   ROM_FUNCTION(udiv32, 0x4000e268)
#define DIV    ROM_FUNCTION(div32, 0x4000dc88)
#define MUL    ROM_FUNCTION(mul32, 0x4000dcf0)
#define MUL64  ROM_FUNCTION(op64, 0x40000650)
#define UDIV64 ROM_FUNCTION(op64, 0x4000d310)
#define UMOD64 ROM_FUNCTION(op64, 0x4000d770)
#define DIV64  ROM_FUNCTION(div64, 0x4000ce60)

#define ROUNDS 500

void expect(bool is_so, const char *name)
{
    ets_printf("%s %s\n", is_so ? "ok" : "not ok", name);
}

static uint32_t next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Of every magnitude, and not seldom next to a power of two. */
static uint64_t any_number(uint32_t *state)
{
    const uint64_t number = (uint64_t)next(state) << 32 | next(state);

    return number >> (next(state) & 63);
}

static bool divides_32(uint32_t *state)
{
    const uint32_t a = (uint32_t)any_number(state);
    const uint32_t b = (uint32_t)any_number(state) | 1;
    const uint32_t quotient = UDIV(a, b);
    const uint32_t remainder = UMOD(a, b);

    return remainder < b && MUL(quotient, b) + remainder == a;
}

static bool divides_64(uint32_t *state)
{
    const uint64_t a = any_number(state);
    const uint64_t b = any_number(state) | 1;
    const uint64_t quotient = UDIV64(a, b);
    const uint64_t remainder = UMOD64(a, b);

    return remainder < b && MUL64(quotient, b) + remainder == a;
}

void check_arithmetic(uint32_t count)
{
    uint32_t state = 0x12345678 + count;
    bool is_so_32 = true, is_so_64 = true;

    for (int i = 0; i < ROUNDS; i++) {
        is_so_32 = is_so_32 && divides_32(&state);
        is_so_64 = is_so_64 && divides_64(&state);
    }
    expect(is_so_32, "__udivsi3 __umodsi3 __umulsidi3 agree");
    expect(is_so_64, "__udivdi3 __umoddi3 __muldi3 agree");
    expect(UDIV(0xffffffff, 1) == 0xffffffff && UDIV(7, 8) == 0 && UMOD(7, 8) == 7, "__udivsi3");
    expect(DIV(-7, 2) == -3 && DIV(7, -2) == -3 && DIV(-8, -2) == 4, "__divsi3 truncates");
    expect(DIV(INT32_MIN, 1) == INT32_MIN, "__divsi3 of the least number");
    expect(MUL(0xffffffff, 0xffffffff) == 0xfffffffe00000001, "__umulsidi3");
    expect(MUL(0x89abcdef, 0x01234567) == 0x009ca39dc94e4629, "__umulsidi3 of others");
    expect(MUL64(0x123456789, 0xabcdef012) == 0x379aaab7f0bfb7a2, "__muldi3");
    expect(UDIV64(0xffffffffffffffff, 0x100000001) == 0xffffffff, "__udivdi3");
    expect(UMOD64(0xffffffffffffffff, 0xfffffffe) == 0xffffffffffffffff % 0xfffffffe, "__umoddi3");
    expect(DIV64(-10000000000, 3) == -3333333333, "__divdi3");
}
