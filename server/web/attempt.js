// Runs what a button or form does, and says beside it what went wrong.

import { setText } from "./dom.js";

export async function attempt(problem, act) {
    setText(problem, "");
    try {
        await act();
    } catch (error) {
        setText(problem, error.message);
    }
}
