// A pad to draw on. Pointer up sends the picture as rows of grey values; the field is the size asked for.

const pads = new WeakMap();
const SIDE = 280;

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
    this.canvas = parent.querySelector("canvas");
    this.clear = parent.querySelector("button");
    this.brush = this.canvas.getContext("2d", { willReadFrequently: true });
    this.last = null;
    this.wipe();
    this.canvas.onpointerdown = (event) => this.begin(event);
    this.canvas.onpointermove = (event) => this.move(event);
    this.canvas.onpointerup = () => this.end();
    this.canvas.onpointercancel = () => this.end();
    this.clear.onclick = () => { this.wipe(); this.send(); };
  }

  update({ data, setStateValue }) {
    this.setState = setStateValue;
    this.shape = data.shape;
    this.canvas.setAttribute("aria-label", data.words.label);
    this.clear.textContent = data.words.clear;
  }

  wipe() {
    this.canvas.width = this.canvas.height = SIDE;
    this.brush.fillStyle = "#000";
    this.brush.fillRect(0, 0, SIDE, SIDE);
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
    Object.assign(this.brush, { lineWidth: SIDE / 14, lineCap: "round", lineJoin: "round", strokeStyle: "#fff" });
    this.brush.beginPath();
    this.brush.moveTo(...this.last);
    this.brush.lineTo(x + 0.01, y);
    this.brush.stroke();
  }

  send() {
    const [height, width] = this.shape;
    const small = new OffscreenCanvas(width, height).getContext("2d");
    small.imageSmoothingQuality = "high";
    small.drawImage(this.canvas, 0, 0, width, height);
    const grey = small.getImageData(0, 0, width, height).data;
    const rows = Array.from({ length: height }, (_, row) =>
      Array.from({ length: width }, (_, column) => grey[4 * (row * width + column)]));
    this.setState("rows", rows);
  }
}
