/* The server's data folder: its lock, the operator's token, the paths in it.
 *
 *   updraft.db       devices, groups, releases, unless these are in PostgreSQL
 *   blobs/           firmware files, or this server's copies of them
 *   operator.token   mode 0600
 *   trend.json       how the fleet was over time: statistics, not in backups
 *   lock             held while a server runs
 *   snapshot.db      while a backup is made
 *   restoring/       while a backup is restored, or after that was interrupted
 */
#ifndef SERVER_DATA_FOLDER_H
#define SERVER_DATA_FOLDER_H

#define DATA_PATH_SIZE  1024
#define DATA_TOKEN_SIZE 65 /* 64 hexadecimal digits and a NUL */
#define DATA_ERROR_SIZE 256

struct data_folder {
    int lock; /* descriptor */
    char database[DATA_PATH_SIZE];
    char blobs[DATA_PATH_SIZE];
    char trend[DATA_PATH_SIZE];
    char snapshot[DATA_PATH_SIZE]; /* for a copy of the database */
    char token[DATA_TOKEN_SIZE];
};

/* Creates the folder if need be, takes its lock, and reads its token or makes
 * one. 0, or -1 with a line in error. */
int data_folder_open(const char *path, struct data_folder *folder, char error[DATA_ERROR_SIZE]);

/* The same without the lock, for reading beside a server: the folder must be one that a
 * server has made. */
int data_folder_peek(const char *path, struct data_folder *folder, char error[DATA_ERROR_SIZE]);
void data_folder_close(struct data_folder *folder);

#endif
