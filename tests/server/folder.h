/* A temporary folder for a test. */
#ifndef TESTS_SERVER_FOLDER_H
#define TESTS_SERVER_FOLDER_H

#define FOLDER_PATH_SIZE 256

/* Makes a folder; aborts the program when that fails. Returns path. */
const char *folder_make(char path[FOLDER_PATH_SIZE]);

/* "folder/name" in out. Returns out. */
const char *folder_join(char out[FOLDER_PATH_SIZE], const char *folder, const char *name);

/* Removes it with all that is in it. */
void folder_remove(const char *path);

#endif
