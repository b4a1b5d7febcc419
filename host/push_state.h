/* Inside an upload; for host/push*.c only. */
#ifndef HOST_PUSH_STATE_H
#define HOST_PUSH_STATE_H

#include "host/push.h"

#define PUSH_AGAIN_MS       1000u /* between datagrams that say the same */
#define PUSH_PROOF_AGAIN_MS 3000u /* a chip takes seconds to judge a proof */
#define PUSH_DATAGRAM_MAX   512u

/* ---- push.c ---- */

/* The upload is over; its sockets are closed. With words: the device's, and its error's number
 * (-1: none). With errno: that is the error. */
void push_finish(struct push *push, enum push_outcome outcome);
void push_finish_with_words(struct push *push, enum push_outcome outcome, int number,
                            const char *words);
void push_finish_with_errno(struct push *push, enum push_outcome outcome);

/* Patience begins anew. */
void push_enter(struct push *push, enum push_state state, uint32_t now_ms);

/* No error, by errno: there is nothing to do now. */
bool push_would_block(void);

void push_close_socket(int *fd);

static inline bool push_is_due(uint32_t deadline_ms, uint32_t now_ms)
{
    return (int32_t)(now_ms - deadline_ms) >= 0;
}

/* ---- push_invite.c: until the device has accepted ---- */

void push_invite(struct push *push, uint32_t now_ms);
void push_say_again(struct push *push, uint32_t now_ms); /* what was not answered, when due */
void push_receive_datagrams(struct push *push, uint32_t now_ms);

/* ---- push_send.c: from then on ---- */

void push_accept_device(struct push *push, uint32_t now_ms);
void push_send_image(struct push *push, uint32_t now_ms);
void push_receive_result(struct push *push);
void push_look_at_progress(struct push *push, uint32_t now_ms);

#endif
