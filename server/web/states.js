// The states of docs/operator-api.md: their words, and the order of concern.

export const STATES = [
    {
        name: "failing",
        word: "Failing",
        about: "offered three times and did not arrive: held back",
    },
    { name: "unfit", word: "Unfit", about: "the target cannot run there" },
    { name: "unassigned", word: "Unassigned", about: "no product yet: gets nothing" },
    { name: "updating", word: "Updating", about: "the target is on its way" },
    { name: "due", word: "Due", about: "gets the target at its next check-in" },
    {
        name: "waiting",
        word: "Waiting",
        about: "for its stage of a rollout, its maintenance window, or others' downloads",
    },
    { name: "current", word: "Current", about: "runs its target" },
    { name: "ahead", word: "Ahead", about: "runs something newer than its target" },
    { name: "no-release", word: "No release", about: "the product has nothing for it" },
    { name: "decommissioned", word: "Decommissioned", about: "gets nothing and does not count" },
    { name: "never-seen", word: "Never seen", about: "entered by an operator, has not checked in" },
];

const ranks = new Map(STATES.map((state, rank) => [state.name, rank]));

// Smaller is more urgent. A state this page does not know yet comes last, by its own name.
export function rankOf(name) {
    return ranks.get(name) ?? STATES.length;
}

export function stateNamed(name) {
    return STATES[ranks.get(name)] ?? { name, word: name, about: "" };
}
