/* Keys: made, written where nothing was, read back in every form OpenSSL writes. */
#include "host/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define VECTOR(name) TEST_VECTORS "/signing/" name

static int enter_folder(void **state)
{
    char folder[] = "/tmp/updraft-keys.XXXXXX";
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
    char folder[256];
    char command[300];
    (void)state;
    if (!getcwd(folder, sizeof folder))
        return -1;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return chdir("/") == 0 ? system(command) : -1;
}

static unsigned mode_of(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 07777;
}

static const struct key_type *type_named(const char *name)
{
    for (const struct key_type *type = key_types; type->name; type++)
        if (strcmp(type->name, name) == 0)
            return type;
    fail_msg("no type %s", name);
    return NULL;
}

static void every_type_is_made_written_and_read(void **state)
{
    static const struct {
        const char *type, *name;
        size_t length;
    } rows[] = {{"rsa2048", "RSA-2048", 256}, {"rsa3072", "RSA-3072", 384}, {"p256", "P-256", 64}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char error[KEY_ERROR_SIZE], name[KEY_NAME_SIZE], path[32];
        struct key made, read;
        assert_int_equal(key_generate(type_named(rows[i].type), &made, error), 0);
        assert_string_equal(key_name(&made, name), rows[i].name);
        assert_int_equal(made.signature_length, rows[i].length);
        assert_true(made.is_private);

        snprintf(path, sizeof path, "%s.key", rows[i].type);
        assert_int_equal(key_write_private(&made, path, error), 0);
        assert_int_equal(mode_of(path), 0600);
        assert_int_equal(key_read_private(path, &read, error), 0);
        assert_int_equal(EVP_PKEY_eq(made.pkey, read.pkey), 1);
        assert_true(read.is_private);
        key_free(&read);
        assert_int_equal(key_read_public(path, &read, error), 0);
        key_free(&read);

        snprintf(path, sizeof path, "%s.pub", rows[i].type);
        assert_int_equal(key_write_public(&made, path, error), 0);
        assert_int_equal(key_read_public(path, &read, error), 0);
        assert_int_equal(EVP_PKEY_eq(made.pkey, read.pkey), 1);
        assert_false(read.is_private);
        assert_string_equal(key_name(&read, name), rows[i].name);
        key_free(&read);
        key_free(&made);
    }
}

static void keys_that_are_there_stay_as_they_are(void **state)
{
    char error[KEY_ERROR_SIZE];
    struct key key;
    struct file_bytes bytes;
    (void)state;
    assert_int_equal(file_write_atomic("there", "mine", 4, 0644), 0);
    assert_int_equal(key_generate(type_named("p256"), &key, error), 0);
    assert_int_equal(key_write_private(&key, "there", error), -1);
    assert_string_equal(error, "there is there already and is left as it is: name another file");
    assert_int_equal(key_write_public(&key, "there", error), -1);
    assert_int_equal(key_write_private(&key, "nowhere/file", error), -1);
    assert_int_equal(file_read("there", 100, &bytes), 0);
    assert_int_equal(bytes.length, 4);
    free(bytes.data);
    key_free(&key);
}

static void run(const char *command)
{
    if (system(command) != 0)
        fail_msg("%s", command);
}

/* PKCS#1, SEC1 with and without parameters before it, DER. */
static void forms_openssl_writes_are_read(void **state)
{
    static const struct {
        const char *command;
        bool is_private;
    } rows[] = {
        {"openssl rsa -in " VECTOR("rsa2048.key") " -traditional -out key 2>/dev/null", true},
        {"openssl rsa -in " VECTOR("rsa2048.key") " -outform DER -out key 2>/dev/null", true},
        {"openssl rsa -in " VECTOR("rsa2048.key") " -RSAPublicKey_out -out key 2>/dev/null", false},
        {"openssl rsa -in " VECTOR("rsa2048.key") " -pubout -outform DER -out key 2>/dev/null",
         false},
        {"openssl ecparam -genkey -name prime256v1 -out key 2>/dev/null", true},
        {"openssl ecparam -genkey -name prime256v1 -noout -out key 2>/dev/null", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char error[KEY_ERROR_SIZE];
        struct key key;
        run(rows[i].command);
        if (key_read_public("key", &key, error) != 0)
            fail_msg("%s: %s", rows[i].command, error);
        assert_int_equal(key.is_private, rows[i].is_private);
        key_free(&key);
        assert_int_equal(key_read_private("key", &key, error), rows[i].is_private ? 0 : -1);
        if (rows[i].is_private)
            key_free(&key);
        else
            assert_string_equal(error, "key holds a public key: signing needs the private one");
    }
}

static void an_encrypted_key_takes_its_password_from_the_environment(void **state)
{
    char error[KEY_ERROR_SIZE];
    struct key key;
    (void)state;
    run("openssl pkcs8 -topk8 -in " VECTOR("rsa2048.key") " -passout pass:sesame -out locked");
    setenv("UPDRAFT_KEY_PASSWORD", "sesame", 1);
    assert_int_equal(key_read_private("locked", &key, error), 0);
    key_free(&key);
    setenv("UPDRAFT_KEY_PASSWORD", "wrong", 1);
    assert_int_equal(key_read_private("locked", &key, error), -1);
    assert_string_equal(error, "locked is encrypted, and UPDRAFT_KEY_PASSWORD does not open it");
    unsetenv("UPDRAFT_KEY_PASSWORD");
}

static void what_cannot_sign_updates_is_refused(void **state)
{
    static const struct {
        const char *command, *error;
    } rows[] = {
        {"printf hello >key", "key holds no key that can be read: it takes PEM or DER"},
        {"printf '' >key", "key holds no key that can be read: it takes PEM or DER"},
        {"rm key", "key: No such file or directory; updraft keygen makes a pair of keys"},
        {"cp " VECTOR("rsa512.key") " key",
         "key is RSA-512, which is easily forged: make one with updraft keygen"},
        {"openssl ecparam -genkey -name secp384r1 -noout -out key",
         "key is on another curve than P-256, which devices do not verify"},
        {"openssl genpkey -algorithm ed25519 -out key",
         "key is of a kind devices do not verify: they take RSA and P-256"},
        {"openssl genpkey -algorithm rsa-pss -out key 2>/dev/null",
         "key is of a kind devices do not verify: they take RSA and P-256"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char error[KEY_ERROR_SIZE];
        struct key key;
        run(rows[i].command);
        assert_int_equal(key_read_private("key", &key, error), -1);
        assert_string_equal(error, rows[i].error);
    }
}

static void ids_are_those_of_the_document(void **state)
{
    static const struct {
        const char *path, *id;
    } rows[] = {
        {VECTOR("rsa1024.pub"), "8ca4ab53c6219153"}, {VECTOR("rsa2048.pub"), "1804b9fb39ac8280"},
        {VECTOR("rsa2048.key"), "1804b9fb39ac8280"}, {VECTOR("rsa3072.pub"), "9485012356d19c45"},
        {VECTOR("rsa4096.pub"), "e93d91bc695231ef"}, {VECTOR("p256.pub"), "92ebb840dce2a791"},
        {VECTOR("p256.key"), "92ebb840dce2a791"},    {"compressed", "92ebb840dce2a791"}};
    (void)state;
    run("openssl ec -in " VECTOR(
        "p256.key") " -conv_form compressed -pubout -out compressed 2>/dev/null");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char error[KEY_ERROR_SIZE], text[KEY_ID_TEXT];
        struct key key;
        assert_int_equal(key_read_public(rows[i].path, &key, error), 0);
        assert_string_equal(key_id_text(&key, text), rows[i].id);
        key_free(&key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_made_written_and_read),
        cmocka_unit_test(keys_that_are_there_stay_as_they_are),
        cmocka_unit_test(forms_openssl_writes_are_read),
        cmocka_unit_test(an_encrypted_key_takes_its_password_from_the_environment),
        cmocka_unit_test(what_cannot_sign_updates_is_refused),
        cmocka_unit_test(ids_are_those_of_the_document),
    };
    return cmocka_run_group_tests_name("keys", tests, enter_folder, leave_folder);
}
