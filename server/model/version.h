/* Which of two versions is the older one.
 *
 *   version = ["v"] prefix numbers rest [commits] ["+" build]
 *
 * The prefix is what comes before the first digit, numbers are separated by dots, and
 * commits is what `git describe` appends: "-5-g1a2b3c4", or "-g1a2b3c4", then maybe "-dirty".
 * Compared are, in this order: the numbers (a missing one is 0); the rest, where one that
 * begins with - or ~ (a release candidate) is older than none, and any other newer; the
 * commits. In the rest, runs of digits compare as numbers, anything else by its bytes. The
 * build does not count.
 *
 * Two versions of different prefixes have no order, nor have one with numbers and one without,
 * nor abbreviated commits alone (seven or more hexadecimal digits with a letter among them).
 */
#ifndef SERVER_MODEL_VERSION_H
#define SERVER_MODEL_VERSION_H

enum version_order { VERSION_OLDER, VERSION_SAME, VERSION_NEWER, VERSION_UNORDERED };

/* What the first one is, next to the second. */
enum version_order version_order(const char *version, const char *other);

#endif
