/* The dashboard's files over HTTP. */
#ifndef SERVER_WEB_PAGES_H
#define SERVER_WEB_PAGES_H

#include "server/http/http.h"

/* Answers with the file of the path, or 404. */
void web_pages_handle(struct http_request *request);

#endif
