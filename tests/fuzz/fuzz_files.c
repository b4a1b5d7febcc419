/* Files that tools are given: keys in every form OpenSSL and the device read, and programs
 * from a linker. */
#include "fuzz.h"

#include "host/elf.h"
#include "host/keys.h"
#include "updraft/key.h"

#include <string.h>

#define INPUT_MAX 16384u

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > INPUT_MAX)
        return 0;
    as_key(data, size);
    as_program(data, size);
    return 0;
}
