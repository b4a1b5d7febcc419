/* Text on the heap. */
#ifndef CORE_WSTRING_H
#define CORE_WSTRING_H

#include <stddef.h>

class String
{
  public:
    String(const char *text = "");
    String(const String &other);
    explicit String(int value);
    explicit String(unsigned value);
    explicit String(unsigned long value);
    ~String();
    String &operator=(const String &other);

    String &operator+=(const char *text);
    String &operator+=(char c);
    String &operator+=(const String &other)
    {
        return *this += other.c_str();
    }
    bool operator==(const char *text) const;
    bool operator==(const String &other) const
    {
        return *this == other.c_str();
    }
    bool operator!=(const String &other) const
    {
        return !(*this == other);
    }

    const char *c_str() const
    {
        return text_;
    }
    unsigned length() const;
    bool startsWith(const char *text) const;
    int indexOf(char c, unsigned from = 0) const;
    String substring(unsigned from) const;
    String substring(unsigned from, unsigned to) const;
    long toInt() const;
    void trim();

  private:
    char *text_;
};

inline String operator+(String left, const String &right)
{
    return left += right;
}
inline String operator+(String left, const char *right)
{
    return left += right;
}
inline String operator+(const char *left, const String &right)
{
    return String(left) += right;
}

#endif
