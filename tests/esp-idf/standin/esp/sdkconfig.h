/* What a build for the tests has of the project configuration; else as much of the header as
 * Updraft's component uses. */
#ifndef STANDIN_SDKCONFIG_H
#define STANDIN_SDKCONFIG_H

#define CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE 1
#define CONFIG_PARTITION_TABLE_OFFSET         0x8000
#define CONFIG_IDF_FIRMWARE_CHIP_ID           0x0005
#define CONFIG_UPDRAFT_REPLACE_APP_UPDATE     1
#define CONFIG_UPDRAFT_TASK_STACK             8192
#define CONFIG_UPDRAFT_TASK_PRIORITY          4
#define CONFIG_EXAMPLE_URL                    standin_option("URL")
#define CONFIG_EXAMPLE_PASSWORD               standin_option("PASSWORD")
#define CONFIG_EXAMPLE_UPLOAD_PORT            standin_port("UPLOAD_PORT")
#define CONFIG_EXAMPLE_PAGE_PORT              standin_port("PAGE_PORT")

/* What menuconfig would have set, from the environment. */
const char *standin_option(const char *name);
unsigned short standin_port(const char *name);

#endif
