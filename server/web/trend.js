// What a chart of versions shows, out of the points of /api/v1/trend. Pure: the tests run it
// under Node.

export const NAMED = 5; // versions with a colour of their own
const OTHERS = "others";

const nameOf = ({ product, version }, products) =>
    products > 1 ? `${product} ${version}` : version;

// Without the time when there was no device yet, but for one point to draw from.
function begun(points) {
    const first = points.findIndex(({ devices }) => devices > 0);
    const left = points.slice(Math.max(0, first));
    return left.length > 1
        ? left
        : points.slice(-2).map((point) => ({ ...left.at(-1), at: point.at }));
}

// points: as the API has them, at least two. Gives {times, series: [{name, tone, devices, shares}]},
// the most frequent version now first, all others together last.
export function versionsOverTime(all) {
    const points = begun(all);
    const products = new Set(points.flatMap(({ versions }) => versions.map((v) => v.product))).size;
    const counts = points.map(
        ({ versions }) => new Map(versions.map((v) => [nameOf(v, products), v.devices])),
    );
    const names = [...new Set(counts.toReversed().flatMap((count) => [...count.keys()]))];
    const now = counts.at(-1);
    const most = (name) => Math.max(...counts.map((count) => count.get(name) ?? 0));
    names.sort((a, b) => (now.get(b) ?? 0) - (now.get(a) ?? 0) || most(b) - most(a));
    const named = names.slice(0, NAMED);
    const totals = points.map(({ devices }) => devices);
    const series = named.map((name, index) => ({
        name,
        tone: index,
        amounts: counts.map((count) => count.get(name) ?? 0),
    }));
    const rest = totals.map((total, index) =>
        Math.max(0, total - series.reduce((sum, { amounts }) => sum + amounts[index], 0)),
    );
    if (rest.some((amount) => amount > 0))
        series.push({ name: OTHERS, tone: NAMED, amounts: rest });
    return {
        times: points.map(({ at }) => Date.parse(at)),
        series: series.map(({ name, tone, amounts }) => ({
            name,
            tone,
            devices: amounts.at(-1),
            shares: amounts.map((amount, index) => amount / Math.max(1, totals[index])),
        })),
    };
}

// Check-ins a minute between each point and the one before it.
export function rates(points) {
    return points.slice(1).map(({ at, checkins }, index) => {
        const minutes = (Date.parse(at) - Date.parse(points[index].at)) / 60000;
        return checkins / Math.max(minutes, 1 / 60);
    });
}
