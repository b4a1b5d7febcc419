/* What a boot does, from what is known: pure, and readable as a table. */
#ifndef BOOT_DECIDE_H
#define BOOT_DECIDE_H

/* The facts. */
enum boot_fact {
    BOOT_JOURNAL = 1 << 0,  /* the journal holds an update */
    BOOT_PLANNED = 1 << 1,  /* its plan too */
    BOOT_VERIFIED = 1 << 2, /* its source was checked and may have been overwritten since */
    BOOT_DEBRIS = 1 << 3,   /* the journal's sector holds what a cut left of one */
    BOOT_COPY = 1 << 4,     /* RTC memory orders an update */
    BOOT_LOAD = 1 << 5,     /* RTC memory names an application to start */
    BOOT_TRIAL = 1 << 6,    /* the program is on trial */
    BOOT_SPENT = 1 << 7,    /* and has had all its boots */
};

enum boot_action {
    BOOT_RESUME,    /* carry on with the update in the journal */
    BOOT_BEGIN,     /* plan it, check its source, carry it out */
    BOOT_ADOPT,     /* put the ordered one into the journal, then begin */
    BOOT_CLEAN,     /* erase the journal, decide again */
    BOOT_ROLL_BACK, /* order the way back to the image before, then begin */
    BOOT_TRY,       /* count a boot of the trial, start the program */
    BOOT_START,     /* start the program */
    BOOT_START_AT,  /* start the application RTC memory names */
};

enum boot_action boot_decide(unsigned facts);

#endif
