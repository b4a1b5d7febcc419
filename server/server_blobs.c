/* The files of the releases: here, and where all servers find them. */
#include "server/server_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Null, too, where there is to be none; then error stays as it is. */
static struct depot *open_depot(const struct server_config *config, char error[DEPOT_ERROR_SIZE])
{
    if (config->blobs != NULL)
        return depot_folder_open(config->blobs, error);
    return config->database != NULL ? depot_database_open(config->database) : NULL;
}

static void note_file(void *ctx, const struct release *release, const struct release_file *file,
                      bool is_here)
{
    const struct server *server = ctx;

    fleet_note_file(server->fleet, release, file, is_here);
}

bool server_is_release_file(void *ctx, const uint8_t sha256[UD_SHA256_SIZE])
{
    const struct server *server = ctx;
    size_t count;
    bool is_wanted = false;

    struct release *releases = fleet_copy_releases(server->fleet, &count);
    if (releases == NULL)
        return true;
    for (size_t i = 0; i < count && !is_wanted; i++)
        is_wanted = release_file_of(&releases[i].image, sha256) != NULL;
    free(releases);
    return is_wanted;
}

bool server_open_blobs(struct server *server, const struct server_config *setup,
                       char error[SERVER_ERROR_SIZE])
{
    const int result = blobs_open(server->data.blobs, &server->blobs);
    char reason[DEPOT_ERROR_SIZE] = "";

    if (result != 0) {
        snprintf(error, SERVER_ERROR_SIZE, "%.200s: %s", server->data.blobs, strerror(-result));
        return false;
    }
    server->depot = open_depot(setup, reason);
    if (reason[0] != '\0') {
        snprintf(error, SERVER_ERROR_SIZE, "%.150s: %s", setup->blobs, reason);
        return false;
    }
    const struct keeper_config config = {
        .blobs = server->blobs,
        .depot = server->depot,
        .ctx = server,
        .found = note_file,
        .is_wanted = server_is_release_file,
    };
    server->keeper = keeper_new(&config);
    if (server->keeper == NULL)
        snprintf(error, SERVER_ERROR_SIZE, "out of memory");
    return server->keeper != NULL;
}
