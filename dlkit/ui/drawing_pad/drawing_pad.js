// A pad to draw on, or to put a picture on. What is on it is sent as rows of pixels, in the size asked for.
// A file is decoded here, in the browser; only the small pixels leave it.

const pads = new WeakMap();
const SIDE = 280;
const NOISE = 16;  // levels of grey by which paper differs from itself
const COLORS = ["#ffffff", "#000000", "#d62f2f", "#f08a1d", "#f4d03f", "#2e9e4f", "#2f6fd6", "#7a4a2b"];

export function show(component) {
  const { parentElement } = component;
  if (!pads.has(parentElement)) pads.set(parentElement, new Pad(parentElement));
  pads.get(parentElement).update(component);
}

export function leave(parentElement) {
  pads.delete(parentElement);
}

class Pad {
  constructor(parent) {
    const find = (name) => parent.querySelector(`.dlkit-pad-${name}`);
    this.root = parent.querySelector(".dlkit-pad");
    this.canvas = parent.querySelector("canvas");
    this.brush = this.canvas.getContext("2d", { willReadFrequently: true });
    [this.clear, this.open, this.file] = [find("clear"), find("open"), find("file")];
    [this.invert, this.note, this.colors] = [find("invert"), find("note"), find("colors")];
    this.color = COLORS[0];
    this.last = null;
    this.wipe();
    this.canvas.onpointerdown = (event) => this.begin(event);
    this.canvas.onpointermove = (event) => this.move(event);
    this.canvas.onpointerup = () => this.end();
    this.canvas.onpointercancel = () => this.end();
    this.clear.onclick = () => { this.wipe(); this.send(); };
    this.open.onclick = () => this.file.click();
    this.file.onchange = () => { this.load(this.file.files[0]); this.file.value = ""; };
    this.invert.onclick = () => { this.turnOver(); this.send(); };
    for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
      this.root.addEventListener(name, (event) => this.dragged(event));
    }
  }

  update({ data, setStateValue }) {
    this.setState = setStateValue;
    this.words = data.words;
    const [height, width, channels = 1] = data.shape;
    Object.assign(this, { height, width, colored: channels === 3 });
    this.canvas.setAttribute("aria-label", data.words.label);
    for (const name of ["clear", "open", "invert"]) this[name].textContent = data.words[name];
    this.file.setAttribute("aria-label", data.words.open);
    if (this.colored && !this.colors.children.length) this.offerColors();
    if (!this.note.textContent) this.note.textContent = data.words.hint;
    if (data.picture && data.picture.mark !== this.mark) {
      this.mark = data.picture.mark;
      this.put(data.picture.rows);
      this.send();
    }
  }

  offerColors() {
    this.colors.setAttribute("aria-label", this.words.colors);
    COLORS.forEach((color, number) => {
      const button = document.createElement("button");
      button.type = "button";
      button.style.background = color;
      button.title = this.words.color[number];
      button.setAttribute("aria-label", this.words.color[number]);
      button.onclick = () => this.choose(color);
      this.colors.append(button);
    });
    this.choose(this.color);
  }

  choose(color) {
    this.color = color;
    [...this.colors.children].forEach((button, number) =>
      button.setAttribute("aria-pressed", String(COLORS[number] === color)));
  }

  wipe() {
    this.canvas.width = this.canvas.height = SIDE;
    this.brush.fillStyle = "#000";
    this.brush.fillRect(0, 0, SIDE, SIDE);
  }

  dragged(event) {
    event.preventDefault();
    this.root.classList.toggle("dlkit-pad-target", event.type === "dragenter" || event.type === "dragover");
    if (event.type === "drop") this.load(event.dataTransfer.files[0]);
  }

  async load(file) {
    if (!file) return;
    try {
      this.paint(await createImageBitmap(file));
    } catch {
      this.note.textContent = this.words.refused;
      return;
    }
    this.send();
  }

  // A photograph fills the pad. A grey picture stands in it whole, light on black as in the data sets:
  // what is as bright as its edge becomes black, what differs most from it white.
  paint(picture) {
    const { width, height } = picture;
    const ground = edge(picture);
    const scale = (this.colored ? Math.max : Math.min)(SIDE / width, SIDE / height);
    const [w, h] = [width * scale, height * scale];
    this.wipe();
    this.brush.fillStyle = `rgb(${ground}, ${ground}, ${ground})`;
    this.brush.fillRect(0, 0, SIDE, SIDE);
    this.brush.imageSmoothingQuality = "high";
    this.brush.drawImage(picture, (SIDE - w) / 2, (SIDE - h) / 2, w, h);
    if (this.colored) return;
    const above = (pixel) => (ground > 127 ? ground - grey(pixel) : grey(pixel) - ground) - NOISE;
    let most = 1;
    this.change((pixel) => { most = Math.max(most, above(pixel)); return pixel; });
    this.change((pixel) => Array(3).fill(255 * Math.max(0, above(pixel)) / most));
  }

  turnOver() {
    this.change((pixel) => pixel.map((part) => 255 - part));
  }

  change(rule) {
    const image = this.brush.getImageData(0, 0, SIDE, SIDE);
    for (let i = 0; i < image.data.length; i += 4) {
      image.data.set(rule([image.data[i], image.data[i + 1], image.data[i + 2]]), i);
    }
    this.brush.putImageData(image, 0, 0);
  }

  // Rows of pixels as they are sent, of any size.
  put(rows) {
    const small = new OffscreenCanvas(rows[0].length, rows.length);
    const image = new ImageData(small.width, small.height);
    rows.flat().forEach((pixel, i) => {
      image.data.set([...(this.colored ? pixel : [pixel, pixel, pixel]), 255], 4 * i);
    });
    small.getContext("2d").putImageData(image, 0, 0);
    this.wipe();
    this.brush.imageSmoothingEnabled = false;
    this.brush.drawImage(small, 0, 0, SIDE, SIDE);
    this.brush.imageSmoothingEnabled = true;
  }

  begin(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.last = this.point(event);
    this.line(this.last);
  }

  move(event) {
    if (!this.last) return;
    const next = this.point(event);
    this.line(next);
    this.last = next;
  }

  end() {
    if (!this.last) return;
    this.last = null;
    this.send();
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE];
  }

  line([x, y]) {
    const look = { lineWidth: SIDE / 14, lineCap: "round", lineJoin: "round", strokeStyle: this.color };
    Object.assign(this.brush, look);
    this.brush.beginPath();
    this.brush.moveTo(...this.last);
    this.brush.lineTo(x + 0.01, y);
    this.brush.stroke();
  }

  send() {
    this.note.textContent = this.words.hint;
    const { width, height } = this;
    const small = new OffscreenCanvas(width, height).getContext("2d");
    small.imageSmoothingQuality = "high";
    small.drawImage(this.canvas, 0, 0, width, height);
    const { data } = small.getImageData(0, 0, width, height);
    const pixel = (i) => (this.colored ? Array.from(data.slice(i, i + 3)) : data[i]);
    const rows = Array.from({ length: height }, (_, row) =>
      Array.from({ length: width }, (_, column) => pixel(4 * (row * width + column))));
    this.setState("rows", rows);
  }
}

function grey([red, green, blue]) {
  return Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
}

// The mean grey along the edge of a picture; what shines through it is taken for white paper.
function edge(picture) {
  const side = 12;
  const tiny = new OffscreenCanvas(side, side).getContext("2d");
  tiny.fillStyle = "#fff";
  tiny.fillRect(0, 0, side, side);
  tiny.drawImage(picture, 0, 0, side, side);
  const { data } = tiny.getImageData(0, 0, side, side);
  const rim = [];
  for (let i = 0; i < side * side; i += 1) {
    const [row, column] = [Math.floor(i / side), i % side];
    if (row % (side - 1) === 0 || column % (side - 1) === 0) rim.push(grey(data.slice(4 * i, 4 * i + 3)));
  }
  return Math.round(rim.reduce((sum, one) => sum + one, 0) / rim.length);
}
