// What states of rollouts, and what may be decided about them, are called.

export const STATES = {
    planned: "Planned",
    running: "Running",
    awaiting: "Waits for approval",
    paused: "Stopped",
    halted: "Halted by itself",
    finished: "Finished",
    cancelled: "Cancelled",
    "rolled-back": "Rolled back",
};

// The deeds that a state allows, the most likely first.
export const DEEDS = {
    planned: ["cancel"],
    running: ["pause", "roll-back", "cancel"],
    awaiting: ["approve", "pause", "roll-back", "cancel"],
    paused: ["resume", "roll-back", "cancel"],
    halted: ["roll-back", "resume", "cancel"],
    finished: ["roll-back"],
    cancelled: ["roll-back"],
    "rolled-back": [],
};

export const WORDS = {
    approve: "Approve",
    pause: "Stop",
    resume: "Resume",
    cancel: "Cancel",
    "roll-back": "Roll back",
};

// What is asked before; approving is a single press.
export const QUESTIONS = {
    pause: {
        title: (version) => `Stop offering ${version}?`,
        text: "Nothing more is offered. Downloads under way end, and who has it keeps it. It can be resumed at any time.",
        word: "Stop the rollout",
    },
    resume: {
        title: (version) => `Go on offering ${version}?`,
        text: "It goes on where it was, and halts again if the failures are still too many.",
        word: "Resume the rollout",
        danger: false,
    },
    cancel: {
        title: (version) => `Cancel the rollout of ${version}?`,
        text: "It is over for good: nothing more is offered, and who has it keeps it.",
        word: "Cancel the rollout",
    },
    "roll-back": {
        title: (version) => `Roll back ${version}?`,
        text: "Every device that took it is given the release it had before. This cannot be taken back.",
        word: "Roll back",
    },
};

// How many devices a stage reaches, as it was planned.
export function reachOf({ percent, devices }, plural) {
    return percent === null ? plural(devices, "device") : `${percent}\u202f%`;
}
