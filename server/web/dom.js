// Building and changing the page. Strangers' text reaches it only as text nodes.

const SVG = "http://www.w3.org/2000/svg";

// element("p", {class: "hint", title: "…"}, "text", node): attributes that are null or
// false are left out; names that start with "on" are listeners.
export function element(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
        else if (value === true) node.setAttribute(name, "");
        else if (value !== null && value !== false) node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child !== null));
    return node;
}

export function icon(name) {
    const svg = document.createElementNS(SVG, "svg");
    const use = document.createElementNS(SVG, "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `/icons.svg#${name}`);
    svg.append(use);
    return svg;
}

export function setIcon(svg, name) {
    setAttribute(svg.firstChild, "href", `/icons.svg#${name}`);
}

// These leave a node alone that says it already: selections and focus survive, and a
// thousand rows cost nothing while nothing changes.
export function setText(node, text) {
    if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(node, name, value) {
    if (value === null) node.removeAttribute(name);
    else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

// Makes `nodes` the children of `parent` in that order, moving as few as it can. Moving a
// node takes the focus from it, so the focus is given back.
export function arrange(parent, nodes) {
    const focused = document.activeElement;
    const wanted = new Set(nodes);
    for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
    let next = parent.firstElementChild;
    for (const node of nodes) {
        if (node === next) next = next.nextElementSibling;
        else parent.insertBefore(node, next);
    }
    if (focused !== document.activeElement && parent.contains(focused))
        focused.focus({ preventScroll: true });
}

export function byId(id) {
    return document.getElementById(id);
}

// One sentence for screen readers, for what happened away from where the user is.
export function announce(text) {
    byId("announcements").textContent = text;
}
