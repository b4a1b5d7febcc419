/* DNS messages as text, and texts as DNS messages, by nothing the library has. */
#ifndef TESTS_DEVICE_MDNS_TEXT_H
#define TESTS_DEVICE_MDNS_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* A line for each question and record: section, name, type, class, and of records time to
 * live and data: "? kitchen.local ANY IN!" "= kitchen.local A IN! 120 10.0.0.5", with "!" for
 * the class's top bit; "#" and "+" are the other sections. Fails the test if the message is
 * not whole, or has anything behind its end. */
void mdns_text(const uint8_t *message, size_t length, char *text, size_t size);

/* The message such lines stand for, of all types but NSEC. Bytes. */
size_t mdns_from_text(const char *text, uint16_t id, uint16_t flags, uint8_t message[1024]);

#endif
