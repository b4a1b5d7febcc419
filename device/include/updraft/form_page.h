/* The page for form.h's config: gzip-compressed HTML, made from device/page/page.html.
 * Linked only by who names it. */
#ifndef UPDRAFT_FORM_PAGE_H
#define UPDRAFT_FORM_PAGE_H

#include <stdint.h>

extern const uint8_t ud_form_page[];
extern const uint32_t ud_form_page_length; /* bytes */

#endif
