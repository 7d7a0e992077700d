// A map of letters: what is put down on its places is sent as rows parted by "/", as it would be typed.

const pads = new WeakMap();
const ONCE = "S";  // the letter that stands on one place only
const FLOOR = ".";
const [FEWEST, MOST] = [2, 16];  // rows, and columns
const WAYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

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
    const find = (name) => parent.querySelector(`.dlkit-grid-${name}`);
    [this.letters, this.places, this.sizes, this.hint] = ["letters", "places", "sizes", "hint"].map(find);
    this.letter = "#";
    this.at = [0, 0];
    this.sent = null;
    this.places.onpointerdown = (event) => this.begin(event);
    this.places.onpointermove = (event) => this.move(event);
    this.places.onpointerup = this.places.onpointercancel = () => this.end();
    this.places.onkeydown = (event) => this.key(event);
  }

  update({ data, setStateValue }) {
    this.setState = setStateValue;
    this.words = data.words;
    this.names = new Map(data.letters);
    this.hint.textContent = data.words.hint;
    this.places.setAttribute("aria-label", data.words.label);
    this.letters.setAttribute("aria-label", data.words.letters);
    this.offer();
    if (this.sent === null || this.sent === data.text) {  // not an answer to an older stroke
      this.sent = null;
      this.rows = this.read(data.text);
    }
    this.draw();
  }

  read(text) {
    const rows = text.trim().split("/").slice(0, MOST);
    const width = Math.min(MOST, Math.max(FEWEST, ...rows.map((row) => row.length)));
    while (rows.length < FEWEST) rows.push("");
    return rows.map((row) => Array.from({ length: width }, (_, column) =>
      (this.names.has(row[column]) ? row[column] : FLOOR)));
  }

  offer() {
    this.letters.replaceChildren(...[...this.names].map(([letter, name]) => {
      const button = made("button", "");
      button.append(made("b", letter));
      if (/\d/.test(letter)) button.title = name;  // nine of them: their names would fill the form
      else button.append(name);
      button.setAttribute("aria-label", `${letter} ${name}`);
      button.setAttribute("aria-pressed", String(letter === this.letter));
      button.onclick = () => { this.letter = letter; this.offer(); };
      return button;
    }));
    this.sizes.replaceChildren(this.size("rows", 0), this.size("columns", 1));
  }

  size(name, side) {
    const box = made("span", this.words[name]);
    for (const [sign, word, change] of [["−", "fewer", -1], ["+", "more", 1]]) {
      const button = made("button", sign);
      button.setAttribute("aria-label", `${this.words[name]}: ${this.words[word]}`);
      button.onclick = () => this.resize(side, change);
      box.append(button);
    }
    return box;
  }

  resize(side, change) {
    const [rows, columns] = [this.rows.length, this.rows[0].length];
    const wanted = [rows, columns][side] + change;
    if (wanted < FEWEST || wanted > MOST) return;
    if (side) for (const row of this.rows) change > 0 ? row.push(FLOOR) : row.pop();
    else if (change > 0) this.rows.push(Array(columns).fill(FLOOR));
    else this.rows.pop();
    this.at = [0, 0];
    this.draw();
    this.send();
  }

  draw() {
    const columns = this.rows[0].length;
    const count = this.rows.length * columns;
    this.places.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 2.6rem))`;
    while (this.places.children.length < count) this.places.append(made("button", ""));
    while (this.places.children.length > count) this.places.lastChild.remove();
    [...this.places.children].forEach((button, number) => {
      const [row, column] = [Math.floor(number / columns), number % columns];
      const letter = this.rows[row][column];
      const what = this.names.get(letter);
      button.className = "dlkit-grid-place";
      button.dataset.letter = button.textContent = letter;
      button.tabIndex = row === this.at[0] && column === this.at[1] ? 0 : -1;
      button.setAttribute("aria-label", filled(this.words.place, { row: row + 1, column: column + 1, what }));
    });
  }

  put(row, column, letter) {
    if (this.rows[row][column] === letter) return;
    if (letter === ONCE) this.rows = this.rows.map((one) => one.map((old) => (old === ONCE ? FLOOR : old)));
    this.rows[row][column] = letter;
    this.at = [row, column];
    this.draw();
  }

  begin(event) {
    this.drawing = true;
    this.move(event);
  }

  move(event) {
    if (!this.drawing) return;
    const button = document.elementFromPoint(event.clientX, event.clientY)?.closest(".dlkit-grid-place");
    const number = [...this.places.children].indexOf(button);
    const columns = this.rows[0].length;
    if (number >= 0) this.put(Math.floor(number / columns), number % columns, this.letter);
  }

  end() {
    this.drawing = false;
    this.send();
  }

  key(event) {
    const [row, column] = this.at;
    const way = WAYS[event.key];
    const typed = event.key === " " || event.key === "Enter" ? this.letter : event.key.toUpperCase();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (way) {
      const [next, beside] = [row + way[0], column + way[1]];
      if (!this.rows[next]?.[beside]) return;
      this.at = [next, beside];
    } else if (this.names.has(typed)) {
      this.put(row, column, typed);
      this.send();
    } else return;
    event.preventDefault();
    this.draw();
    this.places.children[this.at[0] * this.rows[0].length + this.at[1]].focus();
  }

  send() {
    const text = this.rows.map((row) => row.join("")).join("/");
    this.sent = text;
    this.setState("text", text);
  }
}

function made(kind, text) {
  const element = document.createElement(kind);
  if (kind === "button") element.type = "button";
  element.textContent = text;
  return element;
}

function filled(text, values) {
  return text.replace(/\[(\w+)\]/g, (_, name) => values[name]);
}
