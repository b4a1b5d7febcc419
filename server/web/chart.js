// Charts of the fleet over time, as SVG of our own. They are decoration for those who see
// them: the words and figures beside them say the same.

const SVG = "http://www.w3.org/2000/svg";
export const WIDTH = 600;
export const HEIGHT = 120;

function shape(name, attributes) {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
}

function frame(className, ...children) {
    const svg = shape("svg", {
        class: className,
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        preserveAspectRatio: "none",
        "aria-hidden": "true",
    });
    svg.append(...children);
    return svg;
}

// Where instants are between the first and the last.
function scaleOf(times) {
    const first = times[0];
    const length = Math.max(1, times.at(-1) - first);
    return (time) => (WIDTH * (time - first)) / length;
}

const point = (x, y) => `${x.toFixed(1)},${y.toFixed(1)}`;

// Layers on top of each other: for each name its share (0 to 1) at each time. Returns paths,
// the lowest layer first. Pure: the tests run it under Node.
export function stack(times, layers) {
    const x = scaleOf(times);
    let below = times.map(() => 0);
    return layers.map((shares) => {
        const above = below.map((share, index) => Math.min(1, share + shares[index]));
        const line = (edge) => edge.map((share, i) => point(x(times[i]), HEIGHT * (1 - share)));
        const path = `M${line(above).join("L")}L${line(below).reverse().join("L")}Z`;
        below = above;
        return path;
    });
}

// series: [{tone, shares}]; glance.css has a colour for each tone.
export function areaChart(times, series) {
    const layers = series.map(({ shares }) => shares);
    const paths = stack(times, layers);
    return frame(
        "areas",
        ...paths.map((d, index) => shape("path", { class: `v${series[index].tone}`, d })),
    );
}

export function sparkline(times, values) {
    const x = scaleOf(times);
    const most = Math.max(1, ...values);
    const y = (value) => HEIGHT - 4 - ((HEIGHT - 8) * value) / most;
    const line = values.map((value, index) => point(x(times[index]), y(value)));
    return frame(
        "spark",
        shape("polyline", { points: line.join(" "), "vector-effect": "non-scaling-stroke" }),
    );
}
