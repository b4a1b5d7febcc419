/* What the compiler calls for arithmetic the core has no instructions for. On the
 * chip it is in the ROM, and libgcc has none of it. Division by zero gives nothing
 * of use.
 */
#include <stdint.h>

uint32_t __udivsi3(uint32_t dividend, uint32_t divisor);
uint32_t __umodsi3(uint32_t dividend, uint32_t divisor);
int32_t __divsi3(int32_t dividend, int32_t divisor);
uint64_t __umulsidi3(uint32_t a, uint32_t b);
uint64_t __muldi3(uint64_t a, uint64_t b);
uint64_t __udivdi3(uint64_t dividend, uint64_t divisor);
uint64_t __umoddi3(uint64_t dividend, uint64_t divisor);
int64_t __divdi3(int64_t dividend, int64_t divisor);

struct division32 {
    uint32_t quotient;
    uint32_t remainder;
};

struct division64 {
    uint64_t quotient;
    uint64_t remainder;
};

/* Bit by bit, from the first that can be set. */
static struct division32 divide32(uint32_t dividend, uint32_t divisor)
{
    struct division32 result = {0, dividend};

    if (divisor == 0 || divisor > dividend)
        return result;
    uint32_t shift = (uint32_t)(__builtin_clz(divisor) - __builtin_clz(dividend));
    for (;; shift--) {
        if (result.remainder >> shift >= divisor) {
            result.remainder -= divisor << shift;
            result.quotient |= 1u << shift;
        }
        if (shift == 0)
            return result;
    }
}

static uint32_t leading_zeros(uint64_t value)
{
    const uint32_t high = (uint32_t)(value >> 32);

    return (uint32_t)(high != 0 ? __builtin_clz(high) : 32 + __builtin_clz((uint32_t)value));
}

static struct division64 divide64(uint64_t dividend, uint64_t divisor)
{
    struct division64 result = {0, dividend};

    if (divisor == 0 || divisor > dividend)
        return result;
    uint32_t shift = leading_zeros(divisor) - leading_zeros(dividend);
    for (;; shift--) {
        if (result.remainder >> shift >= divisor) {
            result.remainder -= divisor << shift;
            result.quotient |= (uint64_t)1 << shift;
        }
        if (shift == 0)
            return result;
    }
}

static uint32_t magnitude32(int32_t value)
{
    return value < 0 ? 0 - (uint32_t)value : (uint32_t)value;
}

static uint64_t magnitude64(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

uint32_t __udivsi3(uint32_t dividend, uint32_t divisor)
{
    return divide32(dividend, divisor).quotient;
}

uint32_t __umodsi3(uint32_t dividend, uint32_t divisor)
{
    return divide32(dividend, divisor).remainder;
}

int32_t __divsi3(int32_t dividend, int32_t divisor)
{
    const uint32_t quotient = divide32(magnitude32(dividend), magnitude32(divisor)).quotient;

    return (int32_t)((dividend < 0) != (divisor < 0) ? 0 - quotient : quotient);
}

/* By halves, as the core multiplies 32 bits into 32. */
uint64_t __umulsidi3(uint32_t a, uint32_t b)
{
    const uint32_t low_a = a & 0xffff, high_a = a >> 16;
    const uint32_t low_b = b & 0xffff, high_b = b >> 16;
    const uint32_t low = low_a * low_b;
    const uint32_t middle = high_a * low_b + (low >> 16);
    const uint32_t other = low_a * high_b + (middle & 0xffff);
    const uint32_t high = high_a * high_b + (middle >> 16) + (other >> 16);

    return (uint64_t)high << 32 | (other << 16 | (low & 0xffff));
}

uint64_t __muldi3(uint64_t a, uint64_t b)
{
    const uint32_t low_a = (uint32_t)a, high_a = (uint32_t)(a >> 32);
    const uint32_t low_b = (uint32_t)b, high_b = (uint32_t)(b >> 32);

    return __umulsidi3(low_a, low_b) + ((uint64_t)(high_a * low_b + low_a * high_b) << 32);
}

uint64_t __udivdi3(uint64_t dividend, uint64_t divisor)
{
    return divide64(dividend, divisor).quotient;
}

uint64_t __umoddi3(uint64_t dividend, uint64_t divisor)
{
    return divide64(dividend, divisor).remainder;
}

int64_t __divdi3(int64_t dividend, int64_t divisor)
{
    const uint64_t quotient = divide64(magnitude64(dividend), magnitude64(divisor)).quotient;

    return (int64_t)((dividend < 0) != (divisor < 0) ? 0 - quotient : quotient);
}
