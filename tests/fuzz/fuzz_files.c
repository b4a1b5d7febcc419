/* Files that tools are given: keys in every form OpenSSL and the device read, programs
 * from a linker, and ESP32 images with Secure Boot's signatures. */
#include "fuzz.h"

#include "host/elf.h"
#include "host/keys.h"
#include "host/secure_boot.h"
#include "updraft/flash.h"
#include "updraft/key.h"

#include <string.h>

#define INPUT_MAX 16384u

/* OpenSSL tries all the forms it knows on any bytes, one after the other: where they are
 * none by their first byte already, that is worth its time only now and then. */
static bool may_be_key(const uint8_t *data, size_t size)
{
    return data[0] == 0x30 || data[0] == '-' || data[size / 2] % 32 == 0;
}

/* What the device takes for a key OpenSSL takes too, as the same. */
static void as_key(const uint8_t *data, size_t size)
{
    const struct file_bytes bytes = {(uint8_t *)(uintptr_t)data, size};
    const struct ud_key_der der = {data, (uint32_t)size};
    char error[KEY_ERROR_SIZE] = "";
    struct ud_key device_key;
    struct key key;
    const bool is_devices = ud_key_decode(&der, &device_key) == UD_OK;

    if (is_devices) {
        require(device_key.number >= data && device_key.length <= size);
        require(device_key.number + device_key.length <= data + size);
        require(ud_key_signature_length(&device_key) <= UD_KEY_RSA_MAX);
    }
    if (key_parse_public(&bytes, "it", &key, error) != 0) {
        require(error[0] != '\0' && memchr(error, '\0', sizeof error) != NULL);
        return;
    }
    require(key.kind == KEY_RSA ? key.bits >= 512 : key.bits == 256);
    require(!is_devices || ud_key_signature_length(&device_key) == key.signature_length);
    struct file_bytes again;
    require(key_der(&key, &again, error) == 0);
    require(!is_devices || (again.length == size && memcmp(again.data, data, size) == 0));
    free(again.data);
    key_free(&key);
}

static void require_inside(const struct elf *elf, const struct elf_section *section)
{
    if (section->data == NULL)
        return;
    require(section->data >= elf->bytes && section->length <= elf->length);
    require((size_t)(section->data - elf->bytes) <= elf->length - section->length);
}

static void as_program(const uint8_t *data, size_t size)
{
    struct elf elf;
    struct elf_section section;

    if (elf_open(&elf, data, size) != ELF_OK)
        return;
    for (uint32_t i = 0; i < elf.section_count; i++)
        if (elf_section_at(&elf, i, &section) == ELF_OK)
            require_inside(&elf, &section);
    if (elf_section(&elf, ".text", &section) == ELF_OK)
        require_inside(&elf, &section);
}

/* As an image of one sector, and of none. */
static void as_secure_boot(const uint8_t *data, size_t size)
{
    const struct file_bytes bytes = {(uint8_t *)(uintptr_t)data, size};
    struct secure_boot found;

    for (size_t end = 0; end <= UD_FLASH_SECTOR && end <= size; end += UD_FLASH_SECTOR) {
        secure_boot_read(&bytes, end, &found);
        require(found.count <= SECURE_BOOT_BLOCKS);
        for (size_t i = 0; i < found.count; i++)
            require(found.blocks[i].kind != NULL && secure_boot_message(found.blocks[i].verdict));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > INPUT_MAX)
        return 0;
    if (may_be_key(data, size))
        as_key(data, size);
    as_program(data, size);
    as_secure_boot(data, size);
    return 0;
}
