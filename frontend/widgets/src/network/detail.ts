/** One edge in large: its curve, the functions that it may be, and what can be done with it. */
import { chart } from "../common/chart";
import { button, element, svg } from "../common/dom";
import { apart, floats, isBusy, readable } from "../common/numbers";
import { curveThrough, extent, type Range } from "../common/scales";
import { bent, handles } from "./bending";
import type { Bend, Candidate, Edge, Scene, Selected } from "./scene";
import { plain, sayKind, titleOf } from "./scene";

export function detailOf(scene: Scene) {
  const detail = element("aside", "kw-detail");
  detail.setAttribute("aria-label", "Selected edge");
  detail.hidden = true;

  let opening = false;
  function select(i: number) {
    const edge = scene.graph.edges[i];
    scene.close();
    opening = true;
    detail.hidden = false;
    scene.hideTip();
    detail.replaceChildren(
      detailHead(titleOf(scene, edge)),
      element("p", "kw-quiet kw-loading", "Reading the curve…"),
    );
    scene.model.send({ type: "select", edge: edge.address });
  }

  /** Away with it, wherever the focus goes. */
  function close() {
    if (detail.hidden) return;
    detail.hidden = true;
    scene.model.send({ type: "unselect" });
    for (const group of scene.canvas.querySelectorAll(".kw-selected")) group.classList.remove("kw-selected");
  }

  function unselect() {
    close();
    scene.stops.get(scene.focused)?.focus();
  }
  detail.addEventListener("keydown", (event) => {
    if (event.key === "Escape") unselect();
  });

  function detailHead(title: string) {
    const head = element("div", "kw-bar");
    const shut = button("×", unselect, { kind: "kw-small kw-push", label: "Close" });
    shut.dataset.keep = "close";
    head.append(element("span", "kw-title kw-detail-title", title), shut);
    return head;
  }

  let slope = false;
  let overlay = 0;
  let bending = Boolean(scene.drafts.get("bending"));
  let dragging = false;
  let waiting = false;
  /** coefficients as they are dragged, and those that they come from */
  let draft: { of: string; values: number[] } = scene.drafts.get("bend") ?? { of: "", values: [] };

  function drawDetail() {
    // A handle that is dragged must stay under the pointer.
    waiting = dragging;
    if (dragging) return;
    const about = scene.model.get("detail");
    detail.hidden = !about.address;
    const same = (e: Edge) => about.address && e.address.every((n, k) => n === about.address[k]);
    const number = scene.graph.edges.findIndex(same);
    for (const group of scene.canvas.querySelectorAll<SVGElement>(".kw-edge"))
      group.classList.toggle("kw-selected", Number(group.dataset.edge) === number);
    if (!about.address || number < 0) return;
    const edge = scene.graph.edges[number];
    const values = floats(scene.model.get("detail_values"));
    const row = (i: number) => values.subarray(i * about.points, (i + 1) * about.points);
    const found = about.candidates ?? [];
    const dots = values.subarray((3 + found.length) * about.points);
    overlay = Math.min(overlay, Math.max(found.length - 1, 0));
    const plot = element("div", "kw-plot");
    const says = element("p", "kw-quiet kw-numbers");
    const toggle = button(
      "Derivative",
      () => {
        slope = !slope;
        paint();
      },
      { kind: "kw-small", local: true },
    );
    toggle.dataset.keep = "slope";
    const bend = button(
      "Bend",
      () => {
        bending = !bending;
        scene.drafts.keep("bending", bending);
        slope = false;
        paint();
      },
      { kind: "kw-small", label: "Change the curve by its coefficients" },
    );
    bend.dataset.keep = "bend";
    bend.hidden = !about.bend;
    bend.disabled = isBusy(scene.root.dataset.status ?? "");

    function paint() {
      toggle.setAttribute("aria-pressed", String(slope));
      bend.setAttribute("aria-pressed", String(bending));
      toggle.disabled = bending && about.bend !== null;
      if (bending && about.bend && !bend.disabled) paintBending(about.bend);
      else paintCurve();
    }

    function paintBending({ at, values: before }: Bend) {
      const of = JSON.stringify([about.address, before]);
      if (draft.of !== of) draft = { of, values: [...before] };
      const changed = () => draft.values.some((value, k) => value !== before[k]);
      const basis = floats(scene.model.get("detail_basis"));
      const shape = () => bent(row(1), basis, before, draft.values);
      const [low, high] = extent([
        ...row(1),
        ...before.slice(0, at.length),
        ...draft.values.slice(0, at.length),
      ]);
      const range: Range = [low - 0.25 * (high - low), high + 0.25 * (high - low)];
      const picture = chart({
        width: 360,
        height: 220,
        x: extent([...row(0), ...at]),
        y: range,
        xLabel: "input of the edge",
        yLabel: "value",
        label: `${titleOf(scene, edge)}: coefficients of the curve`,
      });
      picture.node.setAttribute("role", "group");
      const line = svg("path", { class: "kw-spline" });
      const drawn = (values: Float32Array) => curveThrough(row(0), values, picture.across, picture.down);
      const draw = () => {
        line.setAttribute("d", drawn(shape()));
        says.textContent = dragging
          ? "It is kept where you let it go"
          : changed()
            ? "Enter keeps it, Escape takes it back"
            : "Drag a point, or move it with ↑ and ↓; ← and → go to the next";
      };
      const moved = (on: boolean) => {
        dragging = on;
        draw();
        if (!on) scene.drafts.keep("bend", draft);
      };
      const keep = () => {
        if (changed()) scene.model.send({ type: "reshape", edge: about.address, coefficients: draft.values });
        else if (waiting) drawDetail();
      };
      const forget = () => {
        const there = changed();
        if (there) {
          draft.of = "";
          scene.drafts.drop("bend");
          const held =
            document.activeElement instanceof SVGElement ? document.activeElement.dataset.keep : "";
          paint();
          plot.querySelector<SVGElement>(`[data-keep="${held}"]`)?.focus();
        }
        return there;
      };
      picture.node.append(
        svg("path", { class: "kw-ghost", d: drawn(row(1)) }),
        line,
        handles({ picture, range, at, values: draft.values, first: 0, moved, keep, forget }),
      );
      plot.replaceChildren(picture.node);
      draw();
    }

    function overlaid(i: number) {
      overlay = i;
      paint();
    }

    function paintCurve() {
      const y = row(slope ? 2 : 1);
      const picture = chart({
        width: 360,
        height: 220,
        x: extent(row(0)),
        y: extent(y),
        xLabel: "input of the edge",
        yLabel: slope ? "derivative" : "value",
        label: `${titleOf(scene, edge)}, ${sayKind(edge)}`,
      });
      const drawn = (values: Float32Array) => curveThrough(row(0), values, picture.across, picture.down);
      if (!slope) {
        for (let i = 0; i < dots.length; i += 2) picture.dot(dots[i], dots[i + 1], 2.5);
      }
      picture.node.append(
        svg("path", { class: edge.state === "fixed" ? "kw-fixed" : "kw-spline", d: drawn(y) }),
      );
      if (!slope && found.length)
        picture.node.append(svg("path", { class: "kw-overlay", d: drawn(row(3 + overlay)) }));
      plot.replaceChildren(picture.node);
      const [low, high] = extent(row(1));
      says.textContent = `in ${apart([row(0)[0], row(0)[row(0).length - 1]]).join(" to ")} · out ${apart([low, high]).join(" to ")} · strength ${readable(edge.score)}`;
      for (const [i, line] of list.querySelectorAll("tr[data-candidate]").entries())
        line.classList.toggle("kw-chosen", i === overlay && found.length > 0);
    }
    const list = element("div", "kw-candidates");
    const active = document.activeElement;
    const held =
      (active instanceof HTMLElement || active instanceof SVGElement) && detail.contains(active)
        ? (active.dataset.keep ?? "close")
        : "";
    if (about.function) {
      const line = element("div", "kw-bar");
      line.append(
        element("span", "", `Locked to ${about.formula}`),
        button("Unfix", () => scene.model.send({ type: "unfix", edge: about.address }), {
          label: "Turn the edge back into a spline",
        }),
      );
      list.append(line);
    }
    list.append(handling(about));
    if (about.candidates === null)
      list.append(element("p", "kw-quiet kw-loading", "Looking for functions that fit…"));
    else if (found.length) list.append(candidates(found, about, overlaid));
    const left = element("div", "kw-picture");
    const choose = element("div", "kw-buttons");
    choose.append(toggle, bend);
    left.append(plot, choose, says);
    const columns = element("div", "kw-columns");
    columns.append(left, list);
    detail.replaceChildren(detailHead(titleOf(scene, edge)), columns);
    paint();
    const keep = (detail.querySelector(`[data-keep="${held || "close"}"]`) ??
      detail.querySelector("button")) as HTMLElement | null;
    if (held || opening) keep?.focus({ preventScroll: true });
    opening = false;
  }

  /** What can be done with an edge, whatever its curve. */
  function handling(about: Selected) {
    const line = element("div", "kw-buttons kw-handling");
    const busy = isBusy(scene.root.dataset.status ?? "");
    const hold = button(
      about.held ? "Let it train" : "Hold",
      () => scene.model.send({ type: about.held ? "release" : "hold", edge: about.address }),
      {
        kind: "kw-small",
        label: about.held
          ? "Let training move this edge again"
          : "Keep this edge as it is through any training",
      },
    );
    hold.setAttribute("aria-pressed", String(about.held));
    hold.dataset.keep = "hold";
    const remove = button("Remove", () => scene.model.send({ type: "remove", edge: about.address }), {
      kind: "kw-small",
      label: "Take this edge out of the network; undo brings it back",
    });
    for (const made of [hold, remove]) made.disabled = busy;
    line.append(hold, remove);
    return line;
  }

  function candidates(found: Candidate[], about: Selected, show: (i: number) => void) {
    const table = element("table", "kw-table");
    const head = element("tr");
    for (const title of ["Function", "r²", ""])
      head.append(element("th", title === "r²" ? "kw-numbers" : "", title));
    table.append(head);
    found.forEach((candidate, i) => {
      const line = element("tr");
      line.dataset.candidate = candidate.name;
      const formula = element("td", "kw-formula", candidate.formula);
      formula.title = plain(candidate.name);
      const act = element("td");
      const fixing = button(
        "Fix",
        () => scene.model.send({ type: "fix", edge: about.address, candidate: i }),
        { kind: "kw-small", label: `Fix the edge to ${candidate.formula}` },
      );
      fixing.dataset.keep = `fix${i}`;
      fixing.disabled = isBusy(scene.root.dataset.status ?? "");
      act.append(fixing);
      line.append(formula, element("td", "kw-numbers", candidate.r2.toFixed(5)), act);
      line.addEventListener("pointerenter", () => show(i));
      line.addEventListener("focusin", () => show(i));
      table.append(line);
    });
    return table;
  }

  return { detail, drawDetail, select, close };
}
