// A person's game beside that of the trained network. A game is a list of moves; the server says what they lead to.
// The next move is asked for when the last one is shown: on a slow line the game goes slower and skips nothing.

const duels = new WeakMap();
const ARROWS = { "←": "ArrowLeft", "→": "ArrowRight", "↑": "ArrowUp", "↓": "ArrowDown" };
const AHEAD = 8;  // moments of the agent's game that are asked for at once, before they are needed
const HURRY = 1000 / 40;  // milliseconds for one of its moves when the person's game is over

export function show(component) {
  const { parentElement } = component;
  if (!duels.has(parentElement)) duels.set(parentElement, new Duel(parentElement));
  duels.get(parentElement).update(component.data);
}

export function leave(parentElement) {
  duels.get(parentElement)?.end();
  duels.delete(parentElement);
}

class Duel {
  constructor(parent) {
    const find = (name) => parent.querySelector(`.dlkit-duel-${name}`);
    [this.title, this.help, this.start] = [find("title"), find("help"), find("start")];
    [this.stage, this.moves, this.said] = [find("stage"), find("moves"), find("said")];
    this.paceLabel = parent.querySelector("label");
    this.pace = parent.querySelector("select");
    this.sides = [...parent.querySelectorAll("figure")].map((figure) => ({
      name: figure.querySelector("figcaption"),
      picture: figure.querySelector("img"),
      note: figure.querySelector("p"),
    }));
    this.start.onclick = () => this.begin();
    this.root = parent.querySelector(".dlkit-duel");
    this.root.addEventListener("keydown", (event) => this.key(event, true));
    this.root.addEventListener("keyup", (event) => this.key(event, false));
    this.root.addEventListener("focusout", (event) => {
      if (!this.root.contains(event.relatedTarget)) this.release();
    });
  }

  update(data) {
    const before = JSON.stringify([this.data?.level, this.data?.words]);
    this.data = data;
    if (before !== JSON.stringify([data.level, data.words])) this.label(data);
    else if (this.turn && !this.turn.started) Object.assign(this.turn, { data, late: [], asking: null });
  }

  label(data) {
    const { words } = data;
    [this.title.textContent, this.help.textContent] = [words.title, words.help];
    this.stage.setAttribute("aria-label", words.title);
    this.paceLabel.firstElementChild.textContent = words.pace;
    this.paceLabel.hidden = !data.paces.length;
    const chosen = this.pace.selectedIndex;
    this.pace.replaceChildren(...data.paces.map(([label, pace]) => new Option(label, pace)));
    if (data.paces.length) this.pace.selectedIndex = chosen < 0 ? 1 : chosen;
    this.sides.forEach((side, number) => {
      side.name.textContent = number ? words.agent : words.you;
    });
    if (!this.turn || this.turn.over) this.prepare();
  }

  // A level that nobody has moved in yet.
  async prepare() {
    this.end();
    const { data } = this;
    const turn = { data, mine: [], late: [], asking: null, held: [], taps: [], last: null, wake: null };
    Object.assign(turn, { over: false, id: Math.random().toString(36).slice(2) });
    this.turn = turn;
    this.offer(data.rules);
    this.say(data.words.ready);
    this.start.textContent = data.words.start;
    try {
      const [first] = await this.ask(turn, "you", [], 0);
      if (this.turn === turn && !turn.mine.length) for (const number of [0, 1]) this.put(turn, number, first, 0);
      await this.ahead(turn, 0);
    } catch {
      this.fail(turn);
    }
  }

  async begin() {
    if (this.turn?.started) await this.prepare();
    const { turn } = this;
    if (!turn || turn.started) return;
    turn.started = true;
    this.start.textContent = turn.data.words.again;
    this.say(turn.data.words.wait);
    for (const button of this.moves.children) button.disabled = false;
    this.stage.focus({ preventScroll: true });
    try {
      await this.run(turn);
    } catch {
      this.fail(turn);
    }
  }

  end() {
    if (!this.turn) return;
    this.turn.over = true;
    this.turn.wake?.();
    this.turn = null;
  }

  fail(turn) {
    if (this.turn !== turn) return;
    turn.over = turn.started = true;
    this.say(turn.data.words.lost);
  }

  async run(turn) {
    let mine;
    do {
      const move = await this.next(turn);
      if (this.turn !== turn) return;
      const began = performance.now();
      turn.mine.push(move);
      const count = turn.mine.length;
      [mine] = await this.ask(turn, "you", turn.mine, count);
      if (this.turn !== turn) return;
      this.put(turn, 0, mine, count);
      await this.follow(turn, count);
      if (this.turn !== turn) return;
      if (this.period()) await sleep(this.period() - (performance.now() - began));
    } while (!mine.over);
    turn.over = true;
    this.release();
    for (const button of this.moves.children) button.disabled = true;
    this.judge(turn, mine.brought);
    const { length } = turn.data.agent.moves;
    for (let count = turn.mine.length + 1; count <= length && this.turn === turn; count += 1) {
      const began = performance.now();
      await this.follow(turn, count);
      await sleep(HURRY - (performance.now() - began));
    }
  }

  // The agent's game after as many moves.
  async follow(turn, count) {
    const place = Math.min(count, turn.data.agent.moves.length);
    const coming = this.ahead(turn, place);
    if (!turn.late[place]) await coming;
    while (!turn.late[place]) await this.ahead(turn, place);
    if (this.turn === turn) this.put(turn, 1, turn.late[place], place);
  }

  // Asks for the next moments of the agent's game when few are left that were not shown.
  ahead(turn, place) {
    const { late, data: { agent: { moves } } } = turn;
    const next = late.length;
    if (turn.asking || next > moves.length || next > place + AHEAD / 2) return turn.asking;
    const asking = this.ask(turn, "agent", moves.slice(0, next + AHEAD), next)
      .then((scenes) => { late.push(...scenes); })
      .finally(() => { if (turn.asking === asking) turn.asking = null; });
    asking.catch(() => {});  // whoever needs the moment waits for it and sees the failure
    turn.asking = asking;
    return asking;
  }

  // What the person does now. The first move, and each one of a game that waits, is waited for.
  async next(turn) {
    const { idle, waits } = turn.data.rules;
    const asks = waits || !this.period();
    if (asks || turn.last === null) {
      if (!turn.taps.length) await new Promise((resolve) => { turn.wake = resolve; });
      if (this.turn === turn && !turn.mine.length) this.say("");
      return turn.taps.shift();
    }
    const tapped = turn.taps.pop();
    turn.taps = [];
    return turn.held.at(-1) ?? tapped ?? idle ?? turn.last;
  }

  period() {
    const pace = Number(this.pace.value);
    return pace && 1000 / pace;
  }

  press(move) {
    const { turn } = this;
    if (!turn?.started || turn.over) return;
    if (!turn.held.includes(move)) turn.held.push(move);
    turn.last = move;
    turn.taps.push(move);
    turn.wake?.();
    this.mark();
  }

  lift(move) {
    if (!this.turn) return;
    this.turn.held = this.turn.held.filter((one) => one !== move);
    this.mark();
  }

  release() {
    if (this.turn) this.turn.held = [];
    this.mark();
  }

  mark() {
    [...this.moves.children].forEach((button, move) =>
      button.setAttribute("aria-pressed", String(Boolean(this.turn?.held.includes(move)))));
  }

  key(event, down) {
    if (event.target === this.pace || event.ctrlKey || event.metaKey || event.altKey) return;
    const { turn } = this;
    if (!turn?.started) return;
    let move = turn.data.rules.moves.findIndex(({ key }) => (ARROWS[key] ?? key) === event.key);
    if (move < 0 && (event.key === " " || event.key === "Enter")) move = [...this.moves.children].indexOf(event.target);
    if (move < 0) return;
    event.preventDefault();
    if (!down) this.lift(move);
    else if (!event.repeat) this.press(move);
  }

  offer(rules) {
    this.moves.replaceChildren(...rules.moves.map(({ label, key }, move) => {
      const button = document.createElement("button");
      const sign = document.createElement("kbd");
      sign.textContent = key;
      button.append(sign, label);
      button.type = "button";
      button.disabled = true;
      button.setAttribute("aria-keyshortcuts", ARROWS[key] ?? key);
      button.onpointerdown = (event) => { button.setPointerCapture(event.pointerId); this.press(move); };
      button.onpointerup = button.onpointercancel = () => this.lift(move);
      button.oncontextmenu = (event) => event.preventDefault();
      return button;
    }));
    this.moves.setAttribute("aria-label", this.data.words.you);
    this.mark();
  }

  async ask(turn, side, moves, since) {
    const body = JSON.stringify({ game: `${turn.id}-${side}`, inputs: turn.data.level, moves, since });
    const answer = await fetch(new URL(this.data.url, document.baseURI), { method: "POST", body });
    if (!answer.ok) throw new Error(`${answer.status}`);
    return (await answer.json()).scenes;
  }

  put(turn, number, scene, count) {
    const { picture, name, note } = this.sides[number];
    const { words } = turn.data;
    picture.src = scene.picture;
    note.textContent = filled(words.moment, { count, brought: plain(scene.brought) });
    picture.alt = `${name.textContent}. ${note.textContent}`;
  }

  judge(turn, mine) {
    const { words, agent } = turn.data;
    const gap = mine - agent.brought;
    const key = Math.abs(gap) < 1e-6 ? "even" : gap > 0 ? "ahead" : "behind";
    this.say(filled(words[key], { mine: plain(mine), its: plain(agent.brought) }));
  }

  say(text) {
    this.said.textContent = text;
  }
}

function sleep(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, Math.max(0, milliseconds)); });
}

function plain(value) {
  return String(Number(value.toPrecision(4)));
}

function filled(text, values) {
  return text.replace(/\[(\w+)\]/g, (_, name) => values[name]);
}
