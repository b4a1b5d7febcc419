/* UART 0, which is the emulator's standard output, and printing on it. */
#include "sim/qemu/host_file.h"
#include "sim/qemu/rom.h"
#include "sim/qemu/variables.h"

int uart_tx_one_char(int character)
{
    const char byte = (char)character;

    host_file_put(HOST_STDOUT, &byte, 1);
    return 0;
}

int ets_putc(int character)
{
    return uart_tx_one_char(character);
}

/* A carriage return of the caller's own is dropped. */
void ets_uart_putc1(int character)
{
    if (character == '\n')
        uart_tx_one_char('\r');
    if (character != '\r')
        uart_tx_one_char(character);
}

/* Any speed will do. */
void uart_div_modify(uint32_t uart, uint32_t divider)
{
    (void)uart;
    (void)divider;
}

void ets_install_putc1(ets_putc_function *put)
{
    ROM_CONSOLE->put1 = put;
}

void ets_install_putc2(ets_putc_function *put)
{
    ROM_CONSOLE->put2 = put;
}

void ets_install_uart_printf(void)
{
    ets_install_putc1(ets_uart_putc1);
}

void ets_write_char(int character)
{
    if (ROM_CONSOLE->put1 != NULL)
        ROM_CONSOLE->put1(character);
    if (ROM_CONSOLE->put2 != NULL)
        ROM_CONSOLE->put2(character);
}

int ets_printf(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    const int count = ets_vprintf(ets_write_char, format, arguments);
    va_end(arguments);
    return count;
}

int ets_uart_printf(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    const int count = ets_vprintf(ets_uart_putc1, format, arguments);
    va_end(arguments);
    return count;
}
