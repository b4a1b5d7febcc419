/* Forms of an image: which belong together, and who signed them. */
#include "server/release/forms.h"

#include "folder.h"
#include "host/gzip.h"
#include "host/sign.h"
#include "image_builder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SIGNING(name) TEST_VECTORS "/signing/" name

struct fixture {
    char folder[FOLDER_PATH_SIZE];
    struct blobs *blobs;
    struct key rsa, p256;
    struct blob_upload *uploads[8]; /* to be ended */
    size_t upload_count;
};

static struct key load_key(const char *path)
{
    char error[KEY_ERROR_SIZE];
    struct key key;

    if (key_read_private(path, &key, error) != 0)
        fail_msg("%s", error);
    return key;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    *state = fixture;
    fixture->rsa = load_key(SIGNING("rsa2048.key"));
    fixture->p256 = load_key(SIGNING("p256.key"));
    return blobs_open(folder_make(fixture->folder), &fixture->blobs);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < fixture->upload_count; i++)
        blob_upload_end(fixture->uploads[i]);
    blobs_close(fixture->blobs);
    folder_remove(fixture->folder);
    key_free(&fixture->rsa);
    key_free(&fixture->p256);
    free(fixture);
    return 0;
}

static struct blob_upload *new_upload(struct fixture *fixture, const struct file_bytes *bytes)
{
    struct blob_upload *upload;

    assert_int_equal(blob_upload_begin(fixture->blobs, &upload), 0);
    assert_int_equal(blob_upload_write(upload, bytes->data, bytes->length), 0);
    assert_int_equal(blob_upload_finish(upload), 0);
    fixture->uploads[fixture->upload_count++] = upload;
    return upload;
}

static struct release_image inspect(const struct blob_upload *upload)
{
    char message[INSPECT_MESSAGE_SIZE] = "";
    struct release_image image;

    if (inspect_file(blob_upload_file(upload), blob_upload_size(upload), &image, message) !=
        INSPECT_SOUND)
        fail_msg("%s", message);
    return image;
}

static struct release_image look(struct fixture *fixture, const struct file_bytes *bytes)
{
    return inspect(new_upload(fixture, bytes));
}

static struct file_bytes firmware(const char *version)
{
    const struct image_firmware plan = {
        .version = version, .project = "demo", .flash_mode = UD_MODE_DIO, .flash_size_code = 4};
    struct image_bytes image = image_build_firmware(&plan);
    const struct file_bytes bytes = {image.data, image.length};

    return bytes;
}

static void check_join(struct release_image *there, const struct release_image *upload,
                       enum forms_result expected, uint8_t files)
{
    assert_int_equal(forms_join(there, upload), expected);
    assert_int_equal(there->file_count, files);
}

static void plain_and_compressed_belong_together(void **state)
{
    struct fixture *fixture = *state;
    struct file_bytes plain = firmware("1.0.0"), packed;

    assert_int_equal(gzip_smallest(&plain, &packed), 0);
    const struct release_image first = look(fixture, &plain), second = look(fixture, &packed);
    struct release_image there = first;
    check_join(&there, &second, FORMS_ADDED, 2);
    assert_memory_equal(&there.files[1], &second.files[0], sizeof there.files[1]);
    assert_int_equal(there.digests.md5_count, 4);
    check_join(&there, &first, FORMS_THERE, 2);
    check_join(&there, &second, FORMS_THERE, 2);
    /* The other way round: the plain form brings more digests. */
    there = second;
    check_join(&there, &first, FORMS_ADDED, 2);
    assert_memory_equal(&there.digests, &first.digests, sizeof there.digests);
    free(plain.data);
    free(packed.data);
}

static void other_images_do_not(void **state)
{
    struct fixture *fixture = *state;
    struct file_bytes one = firmware("1.0.0"), two = firmware("1.0.1"), packed;

    assert_int_equal(gzip_smallest(&two, &packed), 0);
    struct release_image there = look(fixture, &one);
    struct release_image other = look(fixture, &two);
    check_join(&there, &other, FORMS_OTHER, 1);
    other = look(fixture, &packed);
    check_join(&there, &other, FORMS_OTHER, 1);
    free(one.data);
    free(two.data);
    free(packed.data);
}

static void each_form_is_there_once_for_each_key(void **state)
{
    struct fixture *fixture = *state;
    const struct key *const keys[] = {NULL, &fixture->rsa, &fixture->p256};
    struct file_bytes plain = firmware("1.0.0"), made;
    struct release_image there = look(fixture, &plain);
    char error[KEY_ERROR_SIZE];

    for (uint8_t i = 1; i < 3; i++) {
        assert_int_equal(sign_content(keys[i], SIGN_STANDARD, &plain, &made, error), 0);
        struct blob_upload *upload = new_upload(fixture, &made);
        struct release_image image = inspect(upload);
        assert_int_equal(forms_find_signer(blob_upload_file(upload), keys, 3, &image.files[0]), 0);
        assert_true(forms_is_signer(keys[i], &image.files[0]));
        assert_false(forms_is_signer(keys[3 - i], &image.files[0]));
        check_join(&there, &image, FORMS_ADDED, i + 1);
        memset(image.files[0].sha256, 1, UD_SHA256_SIZE); /* signed anew, by P-256 say */
        check_join(&there, &image, FORMS_OTHER, i + 1);
        free(made.data);
    }
    free(plain.data);
}

static void an_unknown_signer_stays_unknown(void **state)
{
    struct fixture *fixture = *state;
    const struct key *const p256 = &fixture->p256;
    struct file_bytes plain = firmware("1.0.0"), made;
    char error[KEY_ERROR_SIZE];

    assert_int_equal(sign_content(&fixture->rsa, SIGN_STANDARD, &plain, &made, error), 0);
    struct blob_upload *upload = new_upload(fixture, &made);
    struct release_image image = inspect(upload);
    assert_int_equal(forms_find_signer(blob_upload_file(upload), &p256, 1, &image.files[0]), 0);
    assert_true(image.files[0].is_signed);
    assert_false(image.files[0].has_signer);
    free(plain.data);
    free(made.data);
}

/* Signed here, the plain form comes first and the compressed one second. */
static void the_signed_form_takes_the_place_it_is_safe_in(void **state)
{
    struct fixture *fixture = *state;
    const struct file_bytes nothing = {NULL, 0};
    struct file_bytes contents[2];

    contents[0] = firmware("1.0.0");
    assert_int_equal(gzip_smallest(&contents[0], &contents[1]), 0);
    for (size_t i = 0; i < 2; i++) {
        char message[INSPECT_MESSAGE_SIZE];
        struct blob_upload *sent = new_upload(fixture, &contents[i]);
        struct blob_upload *out = new_upload(fixture, &nothing);
        struct release_image image = inspect(sent);
        const struct release_file before = image.files[0];
        assert_true(forms_sign(&fixture->rsa, sent, out, &image, message));
        assert_int_equal(image.file_count, 2);
        assert_memory_equal(&image.files[1 - i], &before, sizeof before);
        assert_int_equal(image.files[i].size, before.size + 260);
        assert_int_equal(blob_upload_size(out), before.size + 260);
        assert_true(forms_is_signer(&fixture->rsa, &image.files[i]));
    }
    free(contents[0].data);
    free(contents[1].data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(plain_and_compressed_belong_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_images_do_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_form_is_there_once_for_each_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unknown_signer_stays_unknown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_signed_form_takes_the_place_it_is_safe_in, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("forms", tests, NULL, NULL);
}
