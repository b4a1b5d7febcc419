/* GET /health, for load balancers and whoever watches: no token, nothing worth hiding.
 *
 *   /health            200 as long as this server answers at all: without the database it
 *                      still answers devices from memory
 *   /health/database   200, or 503 while the database cannot be written
 */
#ifndef SERVER_HEALTH_H
#define SERVER_HEALTH_H

#include "server/fleet/fleet.h"
#include "server/http/http.h"

bool health_wants(const struct http_request *request);
void health_handle(struct fleet *fleet, struct http_request *request);

#endif
