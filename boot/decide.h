/* What a boot does, from what is known: pure, and readable as a table. */
#ifndef BOOT_DECIDE_H
#define BOOT_DECIDE_H

/* The facts. */
enum boot_fact {
    BOOT_VERIFIED = 1 << 0, /* the journal holds an update whose source was checked, and may
                             * have been overwritten since */
    BOOT_ORDERED = 1 << 1,  /* the journal holds an order, and no more */
    BOOT_COPY = 1 << 2,     /* RTC memory orders an update */
    BOOT_LOAD = 1 << 3,     /* RTC memory names an application to start */
    BOOT_SPENT = 1 << 4,    /* the program is on trial and has had all its boots */
    BOOT_TRIAL = 1 << 5,    /* the program is on trial */
};

/* As the console shows them; '@' and '~' mean what eboot's mean. */
enum boot_action {
    BOOT_RESUME = 'c',    /* carry the update in the journal out, or on */
    BOOT_BEGIN = '?',     /* plan it, check its source */
    BOOT_ADOPT = '@',     /* put the ordered one into the journal */
    BOOT_START_AT = '>',  /* start the application RTC memory names */
    BOOT_ROLL_BACK = '<', /* order the way back to the program before */
    BOOT_TRY = '!',       /* count a boot of the trial, start the program */
    BOOT_START = '~',     /* start the program */
};

enum boot_action boot_decide(unsigned facts);

#endif
