/* Strings, and what is printed and read. */
#include <Arduino.h>

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- String ---- */

String::String(const char *text) : text_(strdup(text))
{
}
String::String(const String &other) : text_(strdup(other.text_))
{
}

static char *digits(const char *format, unsigned long value)
{
    char *text = nullptr;

    return asprintf(&text, format, value) < 0 ? nullptr : text;
}

String::String(int value) : text_(digits("%ld", static_cast<unsigned long>(value)))
{
}
String::String(unsigned value) : text_(digits("%lu", value))
{
}
String::String(unsigned long value) : text_(digits("%lu", value))
{
}

String::~String()
{
    free(text_);
}

String &String::operator=(const String &other)
{
    char *copy = strdup(other.text_);

    free(text_);
    text_ = copy;
    return *this;
}

String &String::operator+=(const char *text)
{
    char *joined = nullptr;

    if (asprintf(&joined, "%s%s", text_, text) < 0)
        abort();
    free(text_);
    text_ = joined;
    return *this;
}

String &String::operator+=(char c)
{
    const char text[] = {c, '\0'};

    return *this += text;
}

bool String::operator==(const char *text) const
{
    return strcmp(text_, text) == 0;
}

unsigned String::length() const
{
    return static_cast<unsigned>(strlen(text_));
}

bool String::startsWith(const char *text) const
{
    return strncmp(text_, text, strlen(text)) == 0;
}

int String::indexOf(char c, unsigned from) const
{
    const char *found = from <= length() ? strchr(text_ + from, c) : nullptr;

    return found != nullptr ? static_cast<int>(found - text_) : -1;
}

String String::substring(unsigned from) const
{
    return substring(from, length());
}

String String::substring(unsigned from, unsigned to) const
{
    String part;

    for (unsigned i = from; i < to && i < length(); i++)
        part += text_[i];
    return part;
}

long String::toInt() const
{
    return atol(text_);
}

void String::trim()
{
    unsigned from = 0, to = length();

    while (from < to && isspace(static_cast<unsigned char>(text_[from])))
        from++;
    while (to > from && isspace(static_cast<unsigned char>(text_[to - 1])))
        to--;
    *this = substring(from, to);
}

String IPAddress::toString() const
{
    char text[16];

    snprintf(text, sizeof text, "%u.%u.%u.%u", bytes_[0], bytes_[1], bytes_[2], bytes_[3]);
    return String(text);
}

/* ---- Print and Stream ---- */

size_t Print::print(const char *text)
{
    return write(reinterpret_cast<const uint8_t *>(text), strlen(text));
}

size_t Print::println(const char *text)
{
    return print(text) + print("\r\n");
}

size_t Print::printf(const char *format, ...)
{
    char *text = nullptr;
    va_list arguments;

    va_start(arguments, format);
    const int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    const size_t written = length >= 0 ? print(text) : 0;
    free(text);
    return written;
}

int Stream::readWaiting()
{
    const unsigned long begun = millis();
    int byte;

    while ((byte = read()) < 0 && millis() - begun < timeout_)
        delay(1);
    return byte;
}

size_t Stream::readBytes(uint8_t *bytes, size_t length)
{
    size_t count = 0;
    int byte;

    while (count < length && (byte = readWaiting()) >= 0)
        bytes[count++] = static_cast<uint8_t>(byte);
    return count;
}

String Stream::readStringUntil(char end)
{
    String text;
    int byte;

    while ((byte = readWaiting()) >= 0 && byte != end)
        text += static_cast<char>(byte);
    return text;
}
