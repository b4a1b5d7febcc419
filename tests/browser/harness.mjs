// TAP for tests in JavaScript: test() runs one and reports it, end() closes the report.
//
// What a page shows comes by requests, events and drawings of their own, in any order: a test
// waits for each thing it asserts, with until() or one of its kind, and never asserts one thing
// because another is there. What must not happen is looked at once something is there that came
// after it would have happened.

// For machines that are slow and busy; they cost nothing where all is well.
const DEADLINE_MS = 600000;
export const PATIENCE_MS = 120000;
const POLL_MS = 50;

let count = 0;
let failed = 0;

export async function test(name, body) {
    count++;
    try {
        await withDeadline(body(), name);
        console.log(`ok ${count} - ${name}`);
    } catch (error) {
        failed++;
        for (const line of String(error.stack ?? error).split("\n")) console.log(`# ${line}`);
        console.log(`not ok ${count} - ${name}`);
    }
}

export function end() {
    console.log(`1..${count}`);
    return failed === 0 ? 0 : 1;
}

export function note(text) {
    console.log(`# ${text}`);
}

export function equal(what, got, wanted) {
    if (got !== wanted) throw new Error(differs(what, got, wanted));
}

export function ok(what, condition) {
    if (!condition) throw new Error(`not so: ${what}`);
}

// Waits until probe() answers something true, and returns it.
export function until(what, probe) {
    return poll(probe, Boolean, () => what);
}

// Waits until probe() answers what is wanted.
export function untilEqual(what, probe, wanted) {
    return poll(
        probe,
        (got) => got === wanted,
        (got) => differs(what, got, wanted),
    );
}

// Waits until the text that probe() answers has this in it: a string, or a pattern.
export function untilHas(what, probe, wanted) {
    return poll(
        probe,
        (got) => (wanted instanceof RegExp ? wanted.test(got) : got.includes(wanted)),
        (got) => `${what}: ${JSON.stringify(got)}, expected ${wanted} in it`,
    );
}

function differs(what, got, wanted) {
    return `${what}: ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}`;
}

// Returns the first answer of probe() that is right. complain(last) says what was not so.
async function poll(probe, isRight, complain) {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
        const answer = await probe();
        if (isRight(answer)) return answer;
        if (Date.now() > deadline)
            throw new Error(`not within ${PATIENCE_MS} ms: ${complain(answer)}`);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
}

async function withDeadline(promise, name) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${name}: took too long`)), DEADLINE_MS);
    });
    try {
        return await Promise.race([promise, late]);
    } finally {
        clearTimeout(timer);
    }
}
