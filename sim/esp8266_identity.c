#include "sim/device_state.h"

#include <stdio.h>

/* Set in addresses that no manufacturer gave out: the core derives the access
 * point's from the station's with it. */
#define MAC_LOCAL_BIT 0x02u

/* What ESP.getSdkVersion() says on the Arduino core 3.x. */
#define SDK_VERSION "2.2.2-dev(38a443e)"

static void print_mac(char text[SIM_DEVICE_MAC_TEXT], const uint8_t mac[SIM_DEVICE_MAC_SIZE],
                      uint8_t first_bits)
{
    snprintf(text, SIM_DEVICE_MAC_TEXT, "%02X:%02X:%02X:%02X:%02X:%02X", mac[0] | first_bits,
             mac[1], mac[2], mac[3], mac[4], mac[5]);
}

void sim_device_name(struct sim_device *device)
{
    print_mac(device->sta_mac, device->config.mac, 0);
    print_mac(device->ap_mac, device->config.mac, MAC_LOCAL_BIT);
}

/* ESP.getChipId(): the last three bytes of the address. */
static uint32_t chip_id(const uint8_t mac[SIM_DEVICE_MAC_SIZE])
{
    return (uint32_t)mac[3] << 16 | (uint32_t)mac[4] << 8 | mac[5];
}

struct ud_pull_identity esp8266_identity(const struct sim_device *device)
{
    return (struct ud_pull_identity){
        .chip_id = chip_id(device->config.mac),
        .sta_mac = device->sta_mac,
        .ap_mac = device->ap_mac,
        .free_space = device->program.free_space,
        .sketch_size = device->program.sketch_size,
        .sketch_md5 = device->program.sketch_md5,
        .chip_size = nor_flash(device->nor)->size,
        .sdk_version = SDK_VERSION,
        .abilities = device->abilities,
    };
}
