// The server's time. A device's last check-in is compared with the server's clock, so a
// phone that is minutes off does not show devices of the future.

// The Date header has whole seconds, and an answer takes its time.
const PRECISION_MS = 2000;

let offsetMs = 0;

export function learnServerTime(response) {
    const said = Date.parse(response.headers.get("Date") ?? "");
    if (Number.isNaN(said)) return;
    const difference = said - Date.now();
    offsetMs = Math.abs(difference) < PRECISION_MS ? 0 : difference;
}

export function serverNow() {
    return Date.now() + offsetMs;
}
