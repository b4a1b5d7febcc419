#include "network.h"

#include <WiFiClient.h>
#include <WiFiUdp.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- Ports and names ---- */

constexpr int MAX_ROUTES = 4;
static struct Route {
    char name[64];
    unsigned port;
    char address[64];
    unsigned actual;
} routes[MAX_ROUTES];
static int routeCount;

bool addRoute(const char *text)
{
    if (routeCount == MAX_ROUTES)
        return false;
    Route &route = routes[routeCount++];
    return sscanf(text, "%63[^:]:%u=%63[^:]:%u", route.name, &route.port, route.address,
                  &route.actual) == 4;
}

static struct Port {
    unsigned number, actual;
} ports[MAX_ROUTES];
static int portCount;

bool setPort(const char *text)
{
    if (portCount == MAX_ROUTES)
        return false;
    Port &port = ports[portCount++];
    return sscanf(text, "%u=%u", &port.number, &port.actual) == 2;
}

static unsigned actualPort(uint16_t number)
{
    for (int i = 0; i < portCount; i++) {
        if (ports[i].number == number)
            return ports[i].actual;
    }
    return 0;
}

static sockaddr_in addressOf(const char *text, unsigned port)
{
    sockaddr_in address = {};

    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    inet_pton(AF_INET, text, &address.sin_addr);
    return address;
}

static bool find(const char *name, uint16_t port, sockaddr_in *address)
{
    for (int i = 0; i < routeCount; i++) {
        if (strcmp(routes[i].name, name) != 0 || routes[i].port != port)
            continue;
        *address = addressOf(routes[i].address, routes[i].actual);
        return true;
    }
    return false;
}

int bindPort(int type, uint16_t port)
{
    sockaddr_in own = addressOf("127.0.0.1", actualPort(port));
    socklen_t size = sizeof own;
    const int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    const int yes = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (fd < 0 || bind(fd, reinterpret_cast<sockaddr *>(&own), size) != 0 ||
        (type == SOCK_STREAM && listen(fd, 8) != 0) ||
        getsockname(fd, reinterpret_cast<sockaddr *>(&own), &size) != 0) {
        perror("a port cannot be had");
        exit(2);
    }
    printf("port %u is %u\n", port, ntohs(own.sin_port));
    fflush(stdout);
    return fd;
}

int acceptConnection(int listener)
{
    return accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
}

/* ---- TCP ---- */

constexpr int MAX_CONNECTIONS = 16;

/* Shared by the clients that are copies of each other. */
struct Connection {
    int fd;
    int clients;
    bool isOver; /* the other side has closed, and everything has been read */
};
static Connection *connections[MAX_CONNECTIONS];

static Connection *remember(int fd)
{
    for (Connection *&slot : connections) {
        if (slot == nullptr)
            return slot = new Connection{fd, 1, false};
    }
    fprintf(stderr, "more connections than the stand-in has\n");
    exit(2);
}

static void forget(Connection *connection)
{
    for (Connection *&slot : connections) {
        if (slot == connection)
            slot = nullptr;
    }
    delete connection;
}

static void closeSocket(Connection *connection)
{
    if (connection->fd >= 0)
        close(connection->fd);
    connection->fd = -1;
}

/* The sketch's server makes one of what it accepted. */
Connection *connectionOf(int fd)
{
    return remember(fd);
}

WiFiClient::WiFiClient(Connection *connection) : connection_(connection)
{
}

WiFiClient::WiFiClient(const WiFiClient &other) : Stream(other), connection_(other.connection_)
{
    if (connection_ != nullptr)
        connection_->clients++;
}

/* The last of the copies closes. */
static void release(Connection *connection)
{
    if (connection == nullptr || --connection->clients > 0)
        return;
    closeSocket(connection);
    forget(connection);
}

WiFiClient &WiFiClient::operator=(const WiFiClient &other)
{
    if (other.connection_ != nullptr)
        other.connection_->clients++;
    release(connection_);
    connection_ = other.connection_;
    return *this;
}

WiFiClient::~WiFiClient()
{
    release(connection_);
}

static Connection *connectTo(const sockaddr_in &address)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (connect(fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0)
        return remember(fd);
    close(fd);
    return nullptr;
}

int WiFiClient::connect(const char *host, uint16_t port)
{
    sockaddr_in address;

    stop();
    connection_ = find(host, port, &address) ? connectTo(address) : nullptr;
    return connection_ != nullptr;
}

int WiFiClient::connect(IPAddress address, uint16_t port)
{
    stop();
    connection_ = connectTo(::addressOf(address.toString().c_str(), port));
    return connection_ != nullptr;
}

/* For all copies. */
void WiFiClient::stop()
{
    if (connection_ == nullptr)
        return;
    closeSocket(connection_);
    release(connection_);
    connection_ = nullptr;
}

void WiFiClient::stopAllExcept(WiFiClient *but)
{
    for (Connection *connection : connections) {
        if (connection != nullptr && connection != but->connection_)
            closeSocket(connection);
    }
}

uint8_t WiFiClient::connected()
{
    return connection_ != nullptr && connection_->fd >= 0 &&
           (available() > 0 || !connection_->isOver);
}

void WiFiClient::setNoDelay(bool isOn)
{
    const int value = isOn;

    if (connection_ != nullptr && connection_->fd >= 0)
        setsockopt(connection_->fd, IPPROTO_TCP, TCP_NODELAY, &value, sizeof value);
}

size_t WiFiClient::write(const uint8_t *bytes, size_t length)
{
    if (connection_ == nullptr || connection_->fd < 0)
        return 0;
    const ssize_t sent = send(connection_->fd, bytes, length, MSG_NOSIGNAL);
    connection_->isOver |= sent < 0;
    return sent > 0 ? static_cast<size_t>(sent) : 0;
}

/* As many as the core would have at once. */
int WiFiClient::available()
{
    uint8_t bytes[1460];

    if (connection_ == nullptr || connection_->fd < 0)
        return 0;
    const ssize_t count = recv(connection_->fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    connection_->isOver |= count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
    return count > 0 ? static_cast<int>(count) : 0;
}

int WiFiClient::read(uint8_t *bytes, size_t length)
{
    if (connection_ == nullptr || connection_->fd < 0)
        return -1;
    return static_cast<int>(recv(connection_->fd, bytes, length, MSG_DONTWAIT));
}

int WiFiClient::read()
{
    uint8_t byte;

    return read(&byte, 1) == 1 ? byte : -1;
}

int WiFiClient::peek()
{
    uint8_t byte;

    if (connection_ == nullptr || connection_->fd < 0)
        return -1;
    return recv(connection_->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1 ? byte : -1;
}

/* ---- UDP ---- */

constexpr int MAX_UDP = 4;
static int udpSockets[MAX_UDP] = {-1, -1, -1, -1};

uint8_t WiFiUDP::begin(uint16_t port)
{
    stop();
    for (int &slot : udpSockets) {
        if (slot != -1)
            continue;
        slot = socket_ = bindPort(SOCK_DGRAM, port);
        return 1;
    }
    return 0;
}

static void closeUdp(int socket)
{
    for (int &slot : udpSockets) {
        if (slot != socket || socket < 0)
            continue;
        close(slot);
        slot = -1;
    }
}

void WiFiUDP::stop()
{
    closeUdp(socket_);
    socket_ = -1;
}

void WiFiUDP::stopAll()
{
    for (int &slot : udpSockets)
        closeUdp(slot);
}

int WiFiUDP::parsePacket()
{
    sockaddr_in from;
    socklen_t size = sizeof from;
    const ssize_t length =
        recvfrom(socket_, packet_, sizeof packet_, 0, reinterpret_cast<sockaddr *>(&from), &size);

    length_ = length > 0 ? static_cast<int>(length) : 0;
    if (length_ == 0)
        return 0;
    uint8_t bytes[4];
    memcpy(bytes, &from.sin_addr, sizeof bytes);
    remoteIP_ = IPAddress(bytes[0], bytes[1], bytes[2], bytes[3]);
    remotePort_ = ntohs(from.sin_port);
    return length_;
}

int WiFiUDP::read(uint8_t *bytes, size_t length)
{
    const size_t there = static_cast<size_t>(length_);
    const size_t count = length < there ? length : there;

    memcpy(bytes, packet_, count);
    return static_cast<int>(count);
}

int WiFiUDP::beginPacket(IPAddress address, uint16_t port)
{
    to_ = address;
    toPort_ = port;
    length_ = 0;
    return 1;
}

size_t WiFiUDP::write(const uint8_t *bytes, size_t length)
{
    if (length > sizeof packet_ - static_cast<size_t>(length_))
        return 0;
    memcpy(packet_ + length_, bytes, length);
    length_ += static_cast<int>(length);
    return length;
}

int WiFiUDP::endPacket()
{
    const sockaddr_in to = addressOf(to_.toString().c_str(), toPort_);

    return sendto(socket_, packet_, static_cast<size_t>(length_), 0,
                  reinterpret_cast<const sockaddr *>(&to), sizeof to) == length_;
}
