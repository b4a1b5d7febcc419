// TAP for tests in JavaScript: test() runs one and reports it, end() closes the report.

const DEADLINE_MS = 60000;
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

export function equal(what, got, wanted) {
    if (got !== wanted)
        throw new Error(`${what}: ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}`);
}

export function ok(what, condition) {
    if (!condition) throw new Error(`not so: ${what}`);
}

// Waits until probe() answers something true, and returns it.
export async function until(what, probe, limitMs = 15000) {
    const deadline = Date.now() + limitMs;
    for (;;) {
        const answer = await probe();
        if (answer) return answer;
        if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
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
