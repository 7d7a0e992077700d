// The board: all live charts of one run. Figures come over one EventSource and are applied with
// Plotly.react, so that zoom, hover and selection survive; the zoom also survives a page reload.
// A click on a place of a chart asks the page what lies behind it; the answer stands beside the chart.

const boards = new WeakMap();
let plotly;

export function show(component) {
  const { parentElement } = component;
  if (!boards.has(parentElement)) boards.set(parentElement, new Board(parentElement));
  boards.get(parentElement).update(component);
}

export function leave(parentElement) {
  boards.get(parentElement)?.close();
  boards.delete(parentElement);
}

class Board {
  constructor(parent) {
    this.root = parent.querySelector(".dlkit-board");
    this.panels = new Map();
    this.behind = null;
    this.turn = null;
    this.source = null;
    this.errors = 0;
  }

  update({ data, setStateValue }) {
    this.setState = setStateValue;
    this.memory = data.memory;
    this.words = data.words;
    this.root.setAttribute("aria-label", data.words.board);
    this.arrange(data.panels);
    for (const text of data.frames ?? []) this.receive(JSON.parse(text));
    this.lay(data.behind);
    for (const panel of this.panels.values()) panel.draw();
    this.behind?.draw();
    if (data.frames) this.disconnect();
    else this.connect(data.url, data.turn);
  }

  arrange(list) {
    const names = new Set(list.map((one) => one.view));
    for (const [name, panel] of this.panels) {
      if (!names.has(name)) {
        panel.close();
        this.panels.delete(name);
      }
    }
    for (const one of list) {
      if (!this.panels.has(one.view)) this.panels.set(one.view, new Panel(this, one));
      this.panels.get(one.view).describe(one);
    }
  }

  ask(place) {
    this.setState("place", { ...place, count: Date.now() });
  }

  // What lies behind the clicked place, right after the chart that was clicked.
  lay(found) {
    if (this.behind?.mark === found?.mark) return;
    const origin = this.panels.get(found?.view);
    this.behind?.close();
    this.behind = origin ? new Behind(this, origin, found) : null;
  }

  receive(message) {
    this.errors = 0;
    this.heard = true;
    this.panels.get(message.view)?.take(message);
  }

  connect(url, turn) {
    const goal = `${url} ${turn}`;
    if (this.turn === goal) return;
    // A run that opens is seen from its top, where its warnings stand.
    if (!this.seen) document.querySelector("[data-testid=stMain]")?.scrollTo({ top: 0 });
    this.seen = true;
    this.disconnect();
    this.turn = goal;
    this.heard = false;
    this.root.dataset.stream = "open";
    this.source = new EventSource(new URL(url, document.baseURI));
    this.source.addEventListener("figure", (event) => this.receive(JSON.parse(event.data)));
    this.source.addEventListener("end", () => this.hangUp("ended"));
    this.source.onerror = () => this.failed();
  }

  failed() {
    this.errors += 1;
    const refused = this.source?.readyState === EventSource.CLOSED;
    if (!refused && this.errors < (this.heard ? 30 : 2)) return;
    this.hangUp("unreachable");
    this.setState("unreachable", true);
  }

  hangUp(why) {
    this.source?.close();
    this.source = null;
    this.root.dataset.stream = why;
  }

  disconnect() {
    this.hangUp("closed");
    this.turn = null;
  }

  close() {
    this.disconnect();
    this.behind?.close();
    for (const panel of this.panels.values()) panel.close();
    this.panels.clear();
  }
}

class Panel {
  constructor(board, { view }) {
    this.board = board;
    this.view = view;
    this.message = null;
    this.figure = make("figure", "dlkit-panel");
    this.head = make("figcaption", "dlkit-panel-head");
    this.title = make("div", "dlkit-panel-title");
    this.help = make("div", "dlkit-panel-help");
    this.tools = make("div", "dlkit-panel-tools");
    this.reset = this.button("M4 4v6h6M4.9 15a8 8 0 1 0 .9-8.3L4 10", () => this.unzoom());
    this.save = this.button("M12 4v11m0 0-4.5-4.5M12 15l4.5-4.5M5 20h14", () => this.picture());
    this.plot = make("div", "dlkit-panel-plot");
    this.hint = make("div", "dlkit-panel-hint");
    this.said = make("div", "dlkit-panel-said");
    this.said.setAttribute("aria-live", "polite");
    this.empty = make("div", "dlkit-panel-empty");
    this.row = make("div", "dlkit-panel-row");
    this.tools.append(this.reset, this.save);
    this.row.append(this.title, this.tools);
    this.head.append(this.row, this.help, this.hint);
    this.figure.append(this.head, this.plot, this.empty, this.said);
    board.root.append(this.figure);
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this.plot);
  }

  describe({ title, help, height, wide, detail, still }) {
    const words = this.board.words;
    this.title.textContent = title;
    this.head.hidden = !title;
    this.help.textContent = this.help.title = help;
    this.help.hidden = !help;
    this.figure.classList.toggle("dlkit-wide", wide);
    this.figure.dataset.view = this.view;
    this.plot.style.minHeight = `${height}px`;
    this.empty.textContent = words.empty;
    for (const [button, word] of [[this.reset, words.reset], [this.save, words.save]]) {
      button.title = word;
      button.setAttribute("aria-label", `${word}: ${title}`);
    }
    this.reset.hidden = still;
    this.name = title;
    this.detail = detail;
    this.hint.textContent = detail ? words.hint : "";
    this.hint.hidden = !detail;
    if (detail) this.openToKeys(`${title}. ${words.keys}`);
  }

  openToKeys(label) {
    this.plot.tabIndex = 0;
    this.plot.setAttribute("role", "group");
    this.plot.setAttribute("aria-label", label);
    this.plot.onkeydown = (event) => this.key(event);
  }

  // Arrow keys go from place to place, as the pointer would; Enter asks for the one they are on.
  async key(event) {
    if (event.key === "Enter" && this.pointed) return void this.ask(this.pointed);
    const way = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [1, 0], ArrowDown: [-1, 0] }[event.key];
    if (!way || !this.message) return;
    event.preventDefault();
    const Plotly = await library();
    const next = stepped(this.plot, this.pointed, way);
    if (!next) return;
    Plotly.Fx.hover(this.plot, next);
    setTimeout(() => {
      [this.pointed] = this.plot._hoverdata ?? [];  // no event tells it where no pointer moved
      const lines = [...this.plot.querySelectorAll(".hoverlayer text, .hoverlayer tspan")];
      const ends = lines.filter((line) => !line.querySelector("tspan"));
      this.said.textContent = ends.map((line) => line.textContent).join(", ");
    }, 100);
  }

  ask({ x, y, curveNumber, pointNumber }) {
    if (this.detail) this.board.ask({ view: this.view, x, y, curve: curveNumber, number: pointNumber });
  }

  button(path, action) {
    const button = make("button", "dlkit-panel-button");
    button.type = "button";
    button.innerHTML =
      `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${path}"/></svg>`;
    button.onclick = action;
    return button;
  }

  take(message) {
    this.message = message;
    this.draw();
  }

  async draw() {
    if (!this.message || this.drawing) return void (this.late = Boolean(this.message));
    this.drawing = true;
    const Plotly = await library();
    do {
      this.late = false;
      const { label } = this.message;
      const figure = this.figureThatFits();
      const layout = dressed(structuredClone(figure.layout ?? {}), this.plot, this.board.memory);
      if (layout.yaxis.title?.text === this.name) delete layout.yaxis.title;
      recall(layout, this.place());
      this.empty.hidden = figure.data.length > 0 || Boolean(figure.layout?.annotations?.length);
      this.plot.style.visibility = this.empty.hidden ? "" : "hidden";
      try {
        await Plotly.react(this.plot, figure.data, layout, CONFIG);
      } catch (error) {
        console.warn(this.view, error);  // such as a range too wide for an axis: the next one may do
        continue;
      }
      this.listen();
      this.speak(label);
    } while (this.late);
    this.drawing = false;
    this.figure.dataset.step = this.message.step;
  }

  // A drawing comes for several widths: the widest that has room here.
  figureThatFits() {
    const { figure, widths } = this.message;
    if (!widths) return figure;
    const room = widths.filter(({ least }) => least <= this.plot.clientWidth);
    this.fitting = room.at(-1) ?? widths[0];
    this.plot.style.minHeight = `${this.fitting.figure.layout.height}px`;
    return this.fitting.figure;
  }

  listen() {
    if (this.listening) return;
    this.listening = true;
    this.plot.on("plotly_relayout", (change) => remember(this.place(), change));
    this.plot.on("plotly_hover", ({ points }) => { this.pointed = points[0]; });
    this.plot.on("plotly_click", ({ points }) => this.ask(points[0]));
  }

  speak(label) {
    const svg = this.plot.querySelector(".main-svg");
    svg?.setAttribute("role", "img");
    svg?.setAttribute("aria-label", label);
  }

  place() {
    return `dlkit.zoom.${this.board.memory}.${this.view}`;
  }

  async unzoom() {
    sessionStorage.removeItem(this.place());
    this.forget = true;
    const Plotly = await library();
    const layout = this.plot.layout ?? {};
    const change = {};
    for (const key of Object.keys(layout)) {
      if (/^[xy]axis\d*$/.test(key)) change[`${key}.autorange`] = true;
    }
    await Plotly.relayout(this.plot, change);
    await this.draw();
  }

  async picture() {
    const Plotly = await library();
    const paper = style(this.plot, "--st-background-color");
    const shot = { ...this.plot.layout, paper_bgcolor: paper };
    const filename = `${this.board.memory.slice(0, 8)}-${this.view}`;
    await Plotly.downloadImage(
      { data: this.plot.data, layout: shot },
      { format: "png", scale: 2, filename, width: this.plot.clientWidth, height: this.plot.clientHeight },
    );
  }

  async resize() {
    if (!this.message || !this.plot.clientWidth) return;
    const before = this.fitting?.figure;
    if (before && this.figureThatFits() !== before) await this.draw();
    const Plotly = await library();
    if (this.plot.isConnected) Plotly.Plots.resize(this.plot);
  }

  close() {
    this.sizes.disconnect();
    window.Plotly?.purge(this.plot);
    this.figure.remove();
  }
}

class Behind extends Panel {
  constructor(board, origin, { mark, title, height, frame }) {
    super(board, { view: `behind-${mark}` });
    this.mark = mark;
    this.origin = origin;
    this.shut = this.button("M6 6l12 12M18 6 6 18", () => {
      board.setState("place", null);
      origin.plot.focus();
    });
    this.tools.append(this.shut);
    this.describe({ title, help: "", height, wide: true, detail: false });
    this.shut.title = board.words.close;
    this.shut.setAttribute("aria-label", `${board.words.close}: ${title}`);
    this.empty.textContent = board.words.nothing;
    this.figure.classList.add("dlkit-behind");
    this.figure.onkeydown = (event) => { if (event.key === "Escape") this.shut.click(); };
    origin.figure.after(this.figure);
    this.take(JSON.parse(frame));
    this.figure.scrollIntoView({ block: "nearest", behavior: "smooth" });
    if (origin.plot === document.activeElement) this.shut.focus({ preventScroll: true });
  }
}

const coarse = matchMedia("(pointer: coarse)").matches;
const CONFIG = { displayModeBar: false, responsive: false, doubleClick: "autosize", scrollZoom: false };

function make(tag, name) {
  const element = document.createElement(tag);
  element.className = name;
  return element;
}

function library() {
  plotly ??= window.Plotly ? Promise.resolve(window.Plotly) : new Promise(load);
  return plotly;
}

// Tries until it is there: a server that starts anew cannot give it for a while.
function load(done) {
  const script = document.createElement("script");
  script.src = new URL("plotly.min.js", document.baseURI);
  script.onload = () => done(window.Plotly);
  script.onerror = () => {
    script.remove();
    setTimeout(load, 2000, done);
  };
  document.head.append(script);
}

function style(element, name) {
  return getComputedStyle(element).getPropertyValue(name).trim();
}

// The next place of a chart on the way: another cell of a map, or another point of a curve.
function stepped(plot, from, [up, right]) {
  const points = plot.calcdata?.[from?.curveNumber ?? 0];
  const cells = points?.[0]?.z;
  if (!cells) {
    const { x, y } = points?.[from ? from.pointNumber + up + right : 0] ?? {};
    return x === undefined ? null : { xval: x, yval: y };
  }
  const [bottom, top] = plot._fullLayout.yaxis.range;
  const [row, column] = from ? from.pointNumber : [0, -right];
  const xval = middle(points[0].x, column + right, cells[0].length);
  const yval = middle(points[0].y, from ? row + (top < bottom ? -up : up) : 0, cells.length);
  return xval === null || yval === null ? null : { xval, yval };
}

function middle(edges, number, count) {
  if (number < 0 || number >= count) return null;
  return edges.length > count ? (edges[number] + edges[number + 1]) / 2 : edges[number];
}

// Colours of the theme go in here, on the client: the server builds one figure for all themes.
function dressed(layout, element, memory) {
  const ink = style(element, "--st-text-color");
  const line = style(element, "--st-border-color");
  const paper = style(element, "--st-background-color");
  layout.autosize = true;
  layout.margin = { l: 48, r: 12, t: 10, b: 40, ...layout.margin };
  layout.uirevision = memory;
  layout.paper_bgcolor = "rgba(0,0,0,0)";
  layout.plot_bgcolor = "rgba(0,0,0,0)";
  layout.font = { ...layout.font, color: ink, family: style(element, "--st-font"), size: 12 };
  layout.hoverlabel = { ...layout.hoverlabel, bgcolor: paper, bordercolor: line, font: { color: ink } };
  layout.legend = { ...layout.legend, bgcolor: "rgba(0,0,0,0)" };
  if (coarse) layout.dragmode = false;
  delete layout.width;
  delete layout.height;
  for (const name of ["xaxis", "yaxis"]) layout[name] ??= {};
  for (const [key, part] of Object.entries(layout)) {
    if (/^[xy]axis\d*$/.test(key)) {
      Object.assign(part, { gridcolor: line, zerolinecolor: line, linecolor: line });
      if (part.title) part.title = { standoff: 6, ...part.title, font: { size: 12 } };
    }
    if (/^scene\d*$/.test(key)) {
      for (const axis of ["xaxis", "yaxis", "zaxis"]) {
        part[axis] = { ...part[axis], gridcolor: line, zerolinecolor: line, backgroundcolor: "rgba(0,0,0,0)" };
      }
    }
  }
  return layout;
}

// A person's zoom names the ends of an axis, `xaxis.range[0]`; Plotly's own moves name `xaxis.range`.
function remember(place, change) {
  const kept = JSON.parse(sessionStorage.getItem(place) ?? "{}");
  for (const [key, value] of Object.entries(change)) {
    const axis = key.split(".")[0];
    if (/\.autorange$/.test(key) && value) {
      for (const old of Object.keys(kept)) if (old.startsWith(`${axis}.`)) delete kept[old];
    } else if (/^[xy]axis\d*\.range\[/.test(key) || /\.camera$/.test(key)) {
      kept[key] = value;
    }
  }
  if (Object.keys(kept).length) sessionStorage.setItem(place, JSON.stringify(kept));
  else sessionStorage.removeItem(place);
}

function recall(layout, place) {
  const kept = JSON.parse(sessionStorage.getItem(place) ?? "{}");
  for (const [key, value] of Object.entries(kept)) {
    const [part, name] = key.split(".");
    layout[part] ??= {};
    const index = name.match(/^range\[(\d)\]$/);
    if (index) {
      layout[part].range ??= [];
      layout[part].range[Number(index[1])] = value;
    } else {
      layout[part][name] = value;
    }
    if (name.startsWith("range")) layout[part].autorange = false;
  }
}
