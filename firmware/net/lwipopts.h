/* lwIP as this firmware uses it: no threads, IPv4, TCP to a server, names by DNS, an
 * address by DHCP, a group for mDNS. What is not said here is lwIP's default.
 */
#ifndef FIRMWARE_LWIPOPTS_H
#define FIRMWARE_LWIPOPTS_H

#define NO_SYS                     1
#define SYS_LIGHTWEIGHT_PROT       0 /* nothing of it runs in interrupts */
#define LWIP_NETCONN               0
#define LWIP_SOCKET                0
#define LWIP_STATS                 0
#define LWIP_NOASSERT              1
#define LWIP_RAW                   0
#define IP_REASSEMBLY              0
#define IP_FRAG                    0
#define LWIP_DHCP                  1
#define DHCP_DOES_ARP_CHECK        0 /* it would take a second at every start */
#define LWIP_DNS                   1
#define LWIP_IGMP                  1
#define LWIP_NETIF_HOSTNAME        1
#define LWIP_NETIF_STATUS_CALLBACK 1

/* Frames that arrive stay in the Ethernet's own buffers (ethernet.c), so lwIP's pool
 * has next to nothing to hold. */
#define LWIP_SUPPORT_CUSTOM_PBUF       1
#define PBUF_POOL_SIZE                 1
#define PBUF_POOL_BUFSIZE              128
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1 /* they want the window to fit into that pool */

/* Memory: a connection to a server, one to an uploader and two from browsers. The window is
 * what the Ethernet's buffers hold, less room for what else is on the wire. */
#define MEM_ALIGNMENT           4
#define MEM_SIZE                4096
#define TCP_MSS                 1460
#define TCP_WND                 (3 * TCP_MSS)
#define TCP_SND_BUF             (2 * TCP_MSS)
#define TCP_QUEUE_OOSEQ         0
#define MEMP_NUM_TCP_PCB        6 /* two of them may be closing */
#define MEMP_NUM_TCP_PCB_LISTEN 1
#define MEMP_NUM_UDP_PCB        5 /* DHCP, DNS, one more look-up, uploads, mDNS */
#define MEMP_NUM_IGMP_GROUP     2 /* all hosts', mDNS */
#define DNS_TABLE_SIZE          1
#define DNS_MAX_NAME_LENGTH     64

#endif
