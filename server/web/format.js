// Numbers and times as people read them. Pure: the tests run these under Node.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// Age of an instant: "now", "8 s ago", "5 min ago", "3 h ago", "2 d ago".
export function age(instant, nowMs) {
    if (instant === null) return "never";
    const seconds = Math.floor((nowMs - Date.parse(instant)) / 1000);
    if (seconds < 1) return "now";
    if (seconds < MINUTE) return `${seconds} s ago`;
    if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
    if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ago`;
    return `${Math.floor(seconds / DAY)} d ago`;
}

// The exact instant in the reader's own time zone, which it names.
export function exactTime(instant) {
    if (instant === null) return "";
    return new Date(instant).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" });
}

export function count(number) {
    return number.toLocaleString("en").replaceAll(",", "\u202f");
}

export function plural(number, noun) {
    return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

// Sizes in flash: powers of two when they are whole, else bytes with a rounded figure.
export function bytes(size) {
    if (size === null) return null;
    if (size >= 1048576 && size % 1048576 === 0) return `${size / 1048576} MB`;
    if (size >= 1024 && size % 1024 === 0) return `${count(size / 1024)} KB`;
    if (size < 1024) return plural(size, "byte");
    return `${(size / 1024).toFixed(size < 10240 ? 1 : 0)} KB`;
}

// Whole per cent, 100 only when everything is there.
export function percent(part, whole) {
    if (whole <= 0) return 0;
    return Math.min(part >= whole ? 100 : 99, Math.floor((100 * part) / whole));
}

export function compareVersions(a, b) {
    return (a ?? "").localeCompare(b ?? "", "en", { numeric: true });
}
