/* As much of ESP-IDF's header as Updraft's component uses. */
#ifndef STANDIN_SYS_LOCK_H
#define STANDIN_SYS_LOCK_H

typedef void *_lock_t;

void _lock_acquire_recursive(_lock_t *lock);
void _lock_release_recursive(_lock_t *lock);

#endif
