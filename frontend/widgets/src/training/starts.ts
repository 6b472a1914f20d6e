/** Random starts as small multiples: one curve of the loss for each, on axes that all of them share. */
import { element, svg } from "../common/dom";
import { readable } from "../common/numbers";
import { curveThrough, logExtent, scaleOf } from "../common/scales";

const START = { width: 72, height: 40, margin: 3 };

const FATES: Record<string, string> = {
  running: "is being trained",
  kept: "is kept for the next round",
  eliminated: "was eliminated",
  failed: "failed: its loss is not a number",
  best: "is the best: training went on with it",
};

interface Start {
  number: number;
  state: string;
  iterations: number;
  losses: Float32Array;
  /** Of its losses. */
  last: number;
}

/** @param values rows of iterations and losses */
export function startsIn(states: string[], values: Float32Array): Start[] {
  const width = states.length ? values.length / states.length : 0;
  return states.map((state, i) => {
    const row = values.subarray(i * width, (i + 1) * width);
    const losses = row.subarray(1, 1 + Math.min(row[0], width - 1));
    return { number: i + 1, state, iterations: row[0], losses, last: losses[losses.length - 1] };
  });
}

export function summary(starts: Start[]) {
  const count = (state: string) => starts.filter((start) => start.state === state).length;
  const parts = Object.keys(FATES)
    .filter((state) => state !== "best" && count(state))
    .map((state) => `${count(state)} ${state}`);
  const best = starts.find((start) => start.state === "best");
  return `${starts.length} random starts: ${parts.join(", ")}${best ? `${parts.length ? "; " : ""}number ${best.number} is the best` : ""}`;
}

/** The start that is ahead: the best one, or that of the least loss among those that are left. */
function leader(starts: Start[]) {
  const left = starts.filter((start) => ["running", "kept", "best"].includes(start.state));
  return left.reduce(
    (ahead: Start | null, start) => (ahead && ahead.last <= start.last ? ahead : start),
    null,
  );
}

/** A folded section that is not there without starts; arrow keys walk, the line below tells of one. */
export function startsView() {
  const panel = element("details", "kw-starts");
  panel.open = true;
  panel.dataset.draft = "starts";
  panel.hidden = true;
  const head = element("summary", "kw-numbers");
  const grid = element("div", "kw-multiples");
  grid.setAttribute("role", "group");
  grid.setAttribute("aria-label", "Loss of every random start, logarithmic, on the same axes");
  const detail = element("p", "kw-quiet kw-numbers kw-start-detail");
  panel.append(head, grid, detail);
  let starts: Start[] = [];
  let unit = "";
  let told = -1;
  let found = 0;

  function tell() {
    const shown = starts[told] ?? leader(starts);
    detail.textContent = shown ? sentence(shown) : "";
  }
  function sentence(start: Start) {
    const plural = start.iterations === 1 ? "" : "s";
    return `Start ${start.number} ${FATES[start.state]}; ${unit} ${readable(start.last)} after ${start.iterations} iteration${plural}`;
  }
  function choose(place: number) {
    told = place;
    tell();
  }
  function stopAt(place: number) {
    for (const [i, card] of ([...grid.children] as HTMLElement[]).entries())
      card.tabIndex = i === place ? 0 : -1;
  }
  grid.addEventListener("keydown", (event) => {
    const cards = [...grid.children] as HTMLElement[];
    const here = cards.indexOf(document.activeElement as HTMLElement);
    const across = Math.max(1, cards.filter((card) => card.offsetTop === cards[0].offsetTop).length);
    const moves: Record<string, number> = {
      ArrowRight: here + 1,
      ArrowLeft: here - 1,
      ArrowDown: here + across,
      ArrowUp: here - across,
      Home: 0,
      End: cards.length - 1,
    };
    const next = cards[moves[event.key]];
    if (here < 0 || !next) return;
    event.preventDefault();
    stopAt(cards.indexOf(next));
    next.focus();
  });
  grid.addEventListener("pointerleave", () =>
    choose(
      grid.contains(document.activeElement)
        ? [...grid.children].indexOf(document.activeElement as Element)
        : -1,
    ),
  );
  grid.addEventListener("focusout", () => choose(-1));

  function card(place: number) {
    const made = element("button", "kw-multiple");
    made.type = "button";
    made.dataset.local = "";
    made.tabIndex = place ? -1 : 0;
    const picture = svg("svg", { viewBox: `0 0 ${START.width} ${START.height}`, "aria-hidden": "true" });
    picture.append(svg("path"));
    made.append(picture, element("span"));
    made.addEventListener("pointerenter", () => choose(place));
    made.addEventListener("focus", () => {
      stopAt(place);
      choose(place);
    });
    return made;
  }

  function draw(states: string[], values: Float32Array, measured: string) {
    panel.hidden = !states.length;
    starts = startsIn(states, values);
    unit = measured;
    while (grid.children.length > starts.length) grid.lastElementChild?.remove();
    const longest = Math.max(1, ...starts.map((start) => start.iterations));
    const { width, height, margin } = START;
    const across = scaleOf([0, longest], [margin, width - margin]);
    const range = logExtent(starts.flatMap((start) => [...start.losses]));
    const down = scaleOf(range, [height - margin, margin], true);
    const ahead = leader(starts);
    starts.forEach((start, i) => {
      const made = (grid.children[i] ?? grid.appendChild(card(i))) as HTMLElement;
      const share = start.iterations / start.losses.length;
      const iterations = start.losses.map((_, point) => share * (point + 1));
      made.querySelector("path")?.setAttribute("d", curveThrough(iterations, start.losses, across, down));
      made.dataset.state = start.state;
      made.dataset.ahead = String(start === ahead);
      const words = `${start.number} ${start.state}`;
      const caption = made.querySelector("span");
      if (caption && caption.textContent !== words) caption.textContent = words;
      const label = sentence(start);
      if (made.getAttribute("aria-label") !== label) made.setAttribute("aria-label", label);
    });
    const line = starts.length ? summary(starts) : "";
    if (head.textContent !== line) head.textContent = line;
    tell();
    bringUp(starts.find((start) => start.state === "best"));
  }

  /** Scroll to the best start when it is known, and never against the reader later. */
  function bringUp(best: Start | undefined) {
    if (!best) found = 0;
    if (!best || best.number === found || !grid.clientHeight) return;
    found = best.number;
    const gap = grid.children[best.number - 1].getBoundingClientRect().top - grid.getBoundingClientRect().top;
    grid.scrollTop += gap - grid.clientHeight / 3;
  }
  return { panel, draw };
}
