/* Prints the operator API's table of routes: METHOD PATH ROLE, a line each. */
#include "server/operator_api/operator_api.h"

#include <stdio.h>

int main(void)
{
    struct operator_route route;

    for (size_t i = 0; operator_api_route(i, &route); i++)
        printf("%s %s %s\n", route.method, route.path, role_name(route.role));
    return 0;
}
