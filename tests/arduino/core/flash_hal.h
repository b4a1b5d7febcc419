/* The layout "4M2M". */
#ifndef CORE_FLASH_HAL_H
#define CORE_FLASH_HAL_H

#define FS_PHYS_ADDR 0x200000u
#define FS_PHYS_SIZE 0x1fa000u

#endif
