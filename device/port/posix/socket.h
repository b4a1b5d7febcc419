/* Sockets that never block, wherever there are BSD sockets: lwIP's know no flags in a
 * socket's type.
 */
#ifndef UPDRAFT_POSIX_SOCKET_H
#define UPDRAFT_POSIX_SOCKET_H

/* socket() and accept(), closed for programs that are started. -1 with errno set. */
int ud_posix_socket(int family, int type);
int ud_posix_accept(int listener);

#endif
