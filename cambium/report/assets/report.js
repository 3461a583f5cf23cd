"use strict";
// Draws the figures of the page from the JSON that each carries, gives their numbers as CSV, and switches the theme.
(() => {
  const root = document.documentElement;
  const color = (name) => getComputedStyle(root).getPropertyValue("--" + name).trim();
  const variantColor = (index) => color("c" + (index % 12));
  const dash = (index) => ["solid", "dash", "dot"][Math.floor(index / 12) % 3];
  const transparent = (hex, alpha) => hex + Math.round(255 * alpha).toString(16).padStart(2, "0");
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const units = { step: "step", tokens: "tokens", flops: "training FLOPs", seconds: "seconds" };

  // --- layout -------------------------------------------------------------------------------------------------------
  const axis = (title, more = {}) => ({
    title: { text: title, font: { size: 11.5, color: color("soft") }, standoff: 6 },
    gridcolor: color("grid"), linecolor: color("line"), zeroline: false, automargin: true,
    tickfont: { size: 10.5, color: color("soft") }, ...more,
  });
  const layout = (data, more = {}) => ({
    font: { family: getComputedStyle(document.body).fontFamily, size: 11.5, color: color("ink") },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false,
    margin: { l: 44, r: 10, t: 8, b: 36 },
    hoverlabel: { bgcolor: color("card"), bordercolor: color("line"), font: { color: color("ink"), size: 11.5 } },
    xaxis: axis(data.x), yaxis: axis(data.y), ...more,
  });
  const boundary = (at, along) => ({
    type: "line", layer: "above", line: { color: color("faint"), width: 1, dash: "dot" },
    ...(along === "x" ? { x0: at, x1: at, yref: "paper", y0: 0, y1: 1 } : { y0: at, y1: at, xref: "paper", x0: 0, x1: 1 }),
  });

  // Where one place (the first layer, mostly) towers over all others, the axis leaves it out, so that these can be
  // told apart; a note says how high it is.
  const tower = (series) => {
    const finite = (line) => line.y.flatMap((y, i) => (y === null ? [] : [{ x: line.x[i], y }]));
    const tops = series.map((line) => finite(line).reduce((best, point) => (point.y > best.y ? point : best), { y: -Infinity }));
    if (tops.length === 0 || series.some((line) => finite(line).length < 4) || tops.some((top) => top.x !== tops[0].x)) return null;
    const rest = series.flatMap((line) => line.y.filter((y, i) => y !== null && line.x[i] !== tops[0].x));
    const low = Math.min(0, ...rest), high = Math.max(...rest), heights = tops.map((top) => top.y);
    if (!(high > 0) || Math.min(...heights) < 4 * high) return null;
    const show = (value) => Number(value.toPrecision(2)).toString();
    const [least, most] = [show(Math.min(...heights)), show(Math.max(...heights))];
    return { x: tops[0].x, range: [low - 0.06 * (high - low), high + 0.12 * (high - low)], text: "\u2191 " + (least === most ? least : least + " to " + most) };
  };

  // --- kinds of figures: traces and layout -------------------------------------------------------------------------
  const kinds = {
    lines(data, hidden) {
      const traces = [];
      const visible = data.series.filter((line) => !hidden.has(line.name));
      for (const line of visible) {
        const tone = variantColor(line.color);
        if (line.spread) {
          const edge = (sign) => line.y.map((y, i) => (y === null ? null : y + sign * (line.spread[i] ?? 0)));
          const side = { x: line.x, mode: "lines", line: { width: 0 }, hoverinfo: "skip" };
          traces.push({ ...side, y: edge(1) }, { ...side, y: edge(-1), fill: "tonexty", fillcolor: transparent(tone, 0.15) });
        }
        traces.push({
          x: line.x, y: line.y, name: line.name, mode: line.x.length > 40 ? "lines" : "lines+markers",
          line: { color: tone, width: 1.8, dash: dash(line.color) }, marker: { size: 4.5, color: tone },
          hovertemplate: "%{y:.4~g}",
        });
      }
      const shapes = data.boundaries.map((at) => boundary(at, "x"));
      const clipped = data.range ? null : tower(visible);
      const annotations = clipped ? [{ x: clipped.x, y: 1, yref: "paper", xanchor: "left", yanchor: "top", showarrow: false, bgcolor: color("card"), text: clipped.text, font: { size: 10.5, color: color("soft") } }] : [];
      if (data.level !== undefined && data.level !== null) {
        shapes.push({ ...boundary(data.level, "y"), line: { color: color("soft"), width: 1 } });
      }
      const whole = data.series.every((line) => line.x.every(Number.isInteger));
      const ticks = whole && Math.max(...data.series.map((line) => line.x.length)) <= 12 ? { dtick: 1 } : {};
      return [traces, layout(data, {
        shapes, annotations, hovermode: "x unified", xaxis: axis(data.x, ticks),
        yaxis: axis(data.y, clipped ? { range: clipped.range } : data.range ? { range: [data.range[0] - 0.03, data.range[1] + 0.03] } : { rangemode: "normal" }),
      })];
    },
    heat(data) {
      const rows = data.z.length, columns = data.z[0].length;
      const scale = data.diverging ? [[0, color("minus")], [0.5, color("zero")], [1, color("plus")]]
                                   : [[0, color("low")], [0.5, color("middle")], [1, color("high")]];
      const trace = {
        type: "heatmap", z: data.z, zmin: data.range[0], zmax: data.range[1], colorscale: scale, hoverongaps: false,
        xgap: columns > 40 ? 0 : 1, ygap: rows > 40 ? 0 : 1,
        colorbar: { thickness: 8, outlinewidth: 0, len: 1, tickfont: { size: 10, color: color("soft") }, xpad: 4 },
        hovertemplate: data.y + " %{y}, " + data.x + " %{x}: %{z:.4~g}<extra></extra>",
      };
      const shapes = [];
      for (let at = data.block; data.block > 0 && at < Math.max(rows, columns); at += data.block) {
        if (at < columns) shapes.push(boundary(at - 0.5, "x"));
        if (at < rows) shapes.push(boundary(at - 0.5, "y"));
      }
      const ticks = (count) => (count <= 12 ? { dtick: 1 } : {});
      return [[trace], layout(data, {
        shapes, hovermode: "closest", margin: { l: 36, r: 6, t: 8, b: 36 },
        xaxis: axis(data.x, { showgrid: false, constrain: "domain", ...ticks(columns) }),
        yaxis: axis(data.y, {
          showgrid: false, autorange: "reversed", constrain: "domain", ...(data.square ? { scaleanchor: "x" } : {}), ...ticks(rows),
        }),
      })];
    },
    training(data, hidden, choice) {
      const traces = [];
      for (const run of data.runs.filter((run) => !hidden.has(run.name))) {
        const tone = variantColor(run.color), curve = run[choice.what];
        traces.push({
          x: curve[choice.along], y: curve.y, name: run.name + (run.seed === "" ? "" : " seed " + run.seed),
          mode: choice.what === "val_loss" ? "lines+markers" : "lines",
          line: { color: tone, width: 1.4, dash: dash(run.color) }, marker: { size: 4, color: tone }, opacity: 0.9,
          hovertemplate: "%{y:.4f}",
        });
        if (run.growth.y.length) {
          traces.push({
            x: run.growth[choice.along], y: run.growth.y, text: run.growth.text, mode: "markers",
            name: run.name + " grows", marker: { size: 9, symbol: "circle-open", color: tone, line: { width: 1.8 } },
            hovertemplate: "%{text}: %{y:.4f}",
          });
        }
      }
      return [traces, layout(data, {
        hovermode: "closest",
        xaxis: axis(units[choice.along], { type: choice.log ? "log" : "linear", exponentformat: "power" }),
        yaxis: axis((choice.what === "loss" ? "training " : "validation ") + data.y),
      })];
    },
  };

  // --- CSV ----------------------------------------------------------------------------------------------------------
  const field = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\n\r]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
  };
  const csv = {
    *lines(data) {
      yield ["variant", data.x, data.y, "standard deviation"];
      for (const line of data.series) {
        for (let i = 0; i < line.x.length; ++i) yield [line.name, line.x[i], line.y[i], line.spread?.[i]];
      }
    },
    *heat(data) {
      yield [data.y === data.x ? "row " + data.y : data.y, data.x, "value"];
      for (const [i, row] of data.z.entries()) for (const [j, value] of row.entries()) yield [i, j, value];
    },
    *training(data) {
      yield ["variant", "seed", "what", "step", "tokens", "training FLOPs", "seconds", "value"];
      for (const run of data.runs) {
        for (const what of ["loss", "val_loss", "growth"]) {
          const curve = run[what];
          for (let i = 0; i < curve.y.length; ++i) {
            yield [run.name, run.seed, what, curve.step[i], curve.tokens[i], curve.flops[i], curve.seconds[i], curve.y[i]];
          }
        }
      }
    },
  };
  const fileName = (title) => title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "figure";
  const save = (data) => {
    const text = [...csv[data.kind](data)].map((row) => row.map(field).join(",")).join("\n") + "\n";
    const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    make("a", { href: address, download: fileName(data.title) + ".csv" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  };

  // --- figures ------------------------------------------------------------------------------------------------------
  class Figure {
    constructor(element) {
      this.element = element;
      this.canvas = element.querySelector(".canvas");
      this.data = JSON.parse(element.querySelector("script").textContent);
      this.hidden = new Set();
      this.choice = { along: "step", what: "loss", log: false };
      this.drawn = false;
      const tools = make("span", { className: "tools" }, make("button", { type: "button", textContent: "CSV", title: "the numbers", onclick: () => save(this.data) }));
      if (window.Plotly) {
        tools.append(make("button", {
          type: "button", textContent: "SVG", title: "the picture",
          onclick: () => Plotly.downloadImage(this.canvas, { format: "svg", filename: fileName(this.data.title), width: this.canvas.clientWidth, height: this.canvas.clientHeight }),
        }));
      }
      const caption = element.querySelector("figcaption");
      caption.append(tools);
      if (this.data.kind === "training") caption.after(this.choices());
      if (this.data.kind !== "heat") this.canvas.before(this.legend());
    }

    legend() {
      const entries = this.data.series ?? this.data.runs;
      const names = new Map(entries.map((entry) => [entry.name, entry.color]));
      const legend = make("div", { className: "legend" });
      for (const [name, index] of names) {
        const button = make("button", { type: "button" }, make("i", { className: "swatch c" + (index % 12) }), name);
        button.setAttribute("aria-pressed", "true");
        button.onclick = () => {
          if (!this.hidden.delete(name)) this.hidden.add(name);
          button.setAttribute("aria-pressed", String(!this.hidden.has(name)));
          this.draw();
        };
        legend.append(button);
      }
      return legend;
    }

    choices() {
      const known = (along) => this.data.runs.some((run) => run.loss[along].some((value) => value !== null));
      const group = (label, key, options) => {
        const buttons = options.map(([value, text]) => {
          const button = make("button", { type: "button", textContent: text });
          button.setAttribute("aria-pressed", String(this.choice[key] === value));
          button.onclick = () => {
            this.choice[key] = value;
            for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
            this.draw();
          };
          return button;
        });
        return make("span", {}, label, ...buttons);
      };
      const measured = this.data.runs.some((run) => run.val_loss.y.length > 0);
      return make("div", { className: "choices" },
        group("loss", "what", measured ? [["loss", "training"], ["val_loss", "validation"]] : [["loss", "training"]]),
        group("against", "along", [["step", "steps"], ["tokens", "tokens"], ["flops", "FLOPs"], ["seconds", "seconds"]].filter(([along]) => known(along))),
        group("scale", "log", [[false, "linear"], [true, "log"]]));
    }

    draw() {
      if (!window.Plotly) {
        this.canvas.replaceChildren(make("p", { className: "unplotted", textContent: "This program was built without Plotly; the numbers are in the CSV." }));
        return;
      }
      const [traces, arrangement] = kinds[this.data.kind](this.data, this.hidden, this.choice);
      Plotly.react(this.canvas, traces, arrangement, { displayModeBar: false, responsive: true });
      this.drawn = true;
    }
  }

  const figures = new Map([...document.querySelectorAll("figure.plot")].map((element) => [element, new Figure(element)]));
  // A figure is drawn when it comes near the window: the page is there at once.
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) {
        near.unobserve(entry.target);
        figures.get(entry.target).draw();
      }
    }
  }, { rootMargin: "700px" });
  for (const element of figures.keys()) near.observe(element);
  const redraw = () => {
    for (const figure of figures.values()) if (figure.drawn) figure.draw();
  };

  // --- theme --------------------------------------------------------------------------------------------------------
  const themes = ["auto", "light", "dark"];
  const stored = { get: () => { try { return localStorage.getItem("cambium-theme"); } catch { return null; } },
                   set: (theme) => { try { localStorage.setItem("cambium-theme", theme); } catch { /* a page from a file may have no storage */ } } };
  const button = document.getElementById("theme");
  let theme = themes.includes(stored.get()) ? stored.get() : "auto";
  const apply = (shown) => {
    if (shown === "auto") delete root.dataset.theme;
    else root.dataset.theme = shown;
    redraw();
  };
  const label = () => { button.textContent = "Theme: " + theme; };
  button.hidden = false;
  button.onclick = () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    stored.set(theme);
    label();
    apply(theme);
  };
  label();
  apply(theme);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

  // On paper: light, as wide as A4 and letter are, everything drawn that is not folded away.
  addEventListener("beforeprint", () => {
    root.dataset.theme = "light";
    root.classList.add("printed");
    for (const [element, figure] of figures) if (element.offsetParent) figure.draw();
  });
  addEventListener("afterprint", () => {
    root.classList.remove("printed");
    apply(theme);
  });

  // --- contents -----------------------------------------------------------------------------------------------------
  const entries = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
  const here = new IntersectionObserver((seen) => {
    for (const entry of seen) {
      if (entry.isIntersecting) {
        for (const link of entries.values()) link.classList.toggle("here", link === entries.get(entry.target.id));
      }
    }
  }, { rootMargin: "-15% 0px -75% 0px" });
  for (const section of document.querySelectorAll("main > section")) here.observe(section);
})();
