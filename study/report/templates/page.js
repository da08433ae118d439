"use strict";
// The page without this script is whole: it only lets one ask back. Nothing is fetched, nothing is kept.
(() => {
  const all = (css, root = document) => [...root.querySelectorAll(css)];
  const SVG = "http://www.w3.org/2000/svg";

  // --- One legend for all figures -------------------------------------------------------------------------------
  const legend = document.querySelector(".legend");
  const settings = JSON.parse(document.getElementById("settings")?.textContent ?? "{}"); // label: optimizer
  const off = new Set(); // labels that are hidden

  const stands = (name, optimizer) =>
    name in settings ? [name] : Object.keys(settings).filter((label) => settings[label] === optimizer);
  const hidden = (mark) => {
    const labels = stands(mark.dataset.name, mark.dataset.optimizer);
    return labels.length > 0 && labels.every((label) => off.has(label));
  };
  const covers = (chip) => JSON.parse(chip.dataset.covers);

  const draw = () => {
    for (const mark of all(".series")) mark.classList.toggle("off", hidden(mark));
    for (const axes of all(".axes")) {
      const marks = all(".series", axes);
      axes.classList.toggle("empty", marks.length > 0 && marks.every((mark) => mark.classList.contains("off")));
    }
    for (const chip of all(".chip", legend)) {
      chip.setAttribute("aria-pressed", String(!covers(chip).every((label) => off.has(label))));
    }
    tell(null);
  };
  const toggle = (labels) => {
    const show = labels.every((label) => off.has(label));
    for (const label of labels) show ? off.delete(label) : off.add(label);
    draw();
  };
  const isolate = (labels) => {
    const others = Object.keys(settings).filter((label) => !labels.includes(label));
    const alone = others.every((label) => off.has(label)) && labels.every((label) => !off.has(label));
    off.clear();
    if (!alone) for (const label of others) off.add(label);
    draw();
  };
  if (legend) {
    legend.hidden = false;
    for (const chip of all(".chip", legend)) {
      chip.addEventListener("click", (event) => (event.shiftKey ? isolate : toggle)(covers(chip)));
      chip.addEventListener("dblclick", () => isolate(covers(chip)));
    }
    legend.querySelector(".show-all").addEventListener("click", () => { off.clear(); draw(); });
  }

  // --- Views of a figure: a scale, an axis ----------------------------------------------------------------------
  for (const figure of all("figure")) {
    const views = all(".view", figure);
    for (const choices of all(".views", figure)) choices.hidden = false;
    const show = () => {
      const chosen = all(".views input:checked", figure).map((input) => input.value).join(" ");
      if (views.some((view) => view.dataset.view === chosen)) {
        for (const view of views) view.hidden = view.dataset.view !== chosen;
      }
      tell(null);
    };
    for (const input of all(".views input", figure)) input.addEventListener("change", show);
  }

  // --- Values of the point nearest to the pointer ---------------------------------------------------------------
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.setAttribute("role", "status");
  tip.hidden = true;
  document.body.append(tip);
  const ring = document.createElementNS(SVG, "circle");
  ring.setAttribute("class", "ring");
  ring.setAttribute("r", "4");

  const known = new WeakMap();
  const points = (mark) => {
    if (!known.has(mark)) {
      const found = [];
      for (const path of all("path", mark)) {
        if (path.closest("defs") || getComputedStyle(path).fill !== "none") continue; // a marker, a band
        const ends = (path.getAttribute("d").match(/-?[\d.]+(?:e-?\d+)?/g) ?? []).map(Number);
        for (let k = 0; k + 1 < ends.length; k += 2) found.push([ends[k], ends[k + 1]]);
      }
      for (const use of all("use", mark)) {
        if (use.hasAttribute("x")) found.push([Number(use.getAttribute("x")), Number(use.getAttribute("y"))]);
      }
      known.set(mark, found);
    }
    return known.get(mark);
  };
  const value = (axis, share) => {
    const [low, high] = axis.ends;
    return axis.log ? low * Math.pow(high / low, share) : low + share * (high - low);
  };
  const written = (name, number) => {
    if (["update", "epoch", "trials"].includes(name) && Math.abs(number) >= 1) return String(Math.round(number));
    const digits = Number(number.toPrecision(3));
    return Math.abs(digits) >= 1e5 || (digits !== 0 && Math.abs(digits) < 1e-4) ? digits.toExponential() : String(digits);
  };
  const tell = (found, event) => {
    tip.hidden = found === null;
    if (found === null) { ring.remove(); return; }
    const { mark, at, ends } = found;
    const [left, top, right, bottom] = ends.box;
    const lines = [mark.dataset.name];
    for (const [axis, share] of [[ends.x, (at[0] - left) / (right - left)], [ends.y, (bottom - at[1]) / (bottom - top)]]) {
      if (axis.name) lines.push(`${axis.name}: ${written(axis.name, value(axis, share))}`);
    }
    tip.textContent = lines.join("\n");
    const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
    tip.style.left = `${window.scrollX + Math.max(8, Math.min(event.clientX + 14, room))}px`;
    tip.style.top = `${window.scrollY + event.clientY + 14}px`;
    ring.setAttribute("cx", at[0]);
    ring.setAttribute("cy", at[1]);
    mark.ownerSVGElement.append(ring);
  };
  const nearest = (svg, event) => {
    const to = svg.getScreenCTM().inverse();
    const [x, y] = [to.a * event.clientX + to.c * event.clientY + to.e, to.b * event.clientX + to.d * event.clientY + to.f];
    let [found, least] = [null, 18 * 18]; // points: further away nothing is meant
    for (const axes of all(".axes", svg)) {
      const ends = JSON.parse(axes.dataset.axes);
      const [left, top, right, bottom] = ends.box;
      const inside = ([px, py]) => px >= left - 1 && px <= right + 1 && py >= top - 1 && py <= bottom + 1;
      if (!inside([x, y])) continue;
      for (const mark of all(".series:not(.off)", axes)) {
        for (const at of points(mark)) {
          const away = (at[0] - x) ** 2 + (at[1] - y) ** 2;
          if (away < least && inside(at)) [found, least] = [{ mark, at, ends }, away];
        }
      }
    }
    return found;
  };
  for (const svg of all(".view svg")) {
    svg.addEventListener("pointermove", (event) => tell(nearest(svg, event), event));
    svg.addEventListener("pointerleave", () => tell(null));
  }

  // --- Tables: sort by a column, keep the rows that hold a word --------------------------------------------------
  const key = (text) => {
    const plain = text.trim().replaceAll(",", "").replace("−", "-");
    if (/^[[(]?-?∞/.test(plain)) return plain.includes("-∞") ? -Infinity : Infinity;
    const number = parseFloat(plain.replace(/^[[(×]/, ""));
    return Number.isNaN(number) ? plain : number;
  };
  const compared = (one, other) => {
    if (typeof one === typeof other) {
      return typeof one === "string" ? one.localeCompare(other, undefined, { numeric: true }) : one === other ? 0 : one - other;
    }
    return typeof one === "number" ? -1 : 1; // words after numbers
  };
  for (const table of all("table.sortable")) {
    const heads = all("thead th", table);
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const body = table.tBodies[0];
        const rows = [...body.rows].map((row) => [key(row.cells[column].textContent), row]);
        rows.sort(([one], [other]) => (up ? compared(one, other) : compared(other, one)));
        body.append(...rows.map(([, row]) => row));
      });
    });
  }
  for (const box of all(".filter")) {
    box.hidden = false;
    const [input, count] = [box.querySelector("input"), box.querySelector("output")];
    const rows = all("tbody tr", document.getElementById(input.getAttribute("aria-controls")));
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of rows) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
      count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
    });
  }
})();
