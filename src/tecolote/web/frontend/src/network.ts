/** Draws a network on a canvas: drag, zoom, hover for the name, click or Enter for the account or a line's evidence. */

import { place, step, type Body, type Spring } from "./layout";

interface Account {
  key: string;
  label: string;
  masked: boolean;
  platform: string;
  cluster: number | null;
  posts: number;
  flagged: number;
  degree: number;
}

interface Graph {
  nodes: Account[];
  edges: Spring[];
}

type Point = Account & Body;

const STEPS = 320;
const GREY = "#9aa3aa";
const FLAG = "#a3291a";

/** What hides or reorders characters is drawn as its code point, as on the pages. */
function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) =>
    c === "\u200d" ? c : `U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`,
  );
}

function palette(root: HTMLElement): Map<number, string> {
  const found = new Map<number, string>();
  for (const dot of root.querySelectorAll<HTMLElement>("[data-cluster]")) {
    found.set(Number(dot.dataset.cluster), getComputedStyle(dot).backgroundColor);
  }
  return found;
}

class Picture {
  private readonly context: CanvasRenderingContext2D;
  private readonly colours: Map<number, string>;
  private scale = 1;
  private x = 0;
  private y = 0;
  private over = -1;
  /** The line under the pointer or chosen by keys; -1 for none. */
  private line = -1;
  private moved = false;
  private readonly neighbours: Set<number>[];

  constructor(
    private readonly root: HTMLElement,
    private readonly canvas: HTMLCanvasElement,
    private readonly points: Point[],
    private readonly edges: readonly Spring[],
  ) {
    const context = canvas.getContext("2d");
    if (!context) throw new Error("no canvas");
    this.context = context;
    this.colours = palette(root);
    this.neighbours = points.map(() => new Set<number>());
    for (const { source, target } of edges) {
      this.neighbours[source]!.add(target);
      this.neighbours[target]!.add(source);
    }
    new ResizeObserver(() => this.fit()).observe(canvas);
    this.listen();
  }

  private radius(point: Point): number {
    return (4 + 1.5 * Math.sqrt(point.degree)) / Math.sqrt(this.scale);
  }

  private colour(point: Point): string {
    return point.cluster === null ? GREY : (this.colours.get(point.cluster) ?? GREY);
  }

  fit(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const p of this.points) {
      const r = this.radius(p);
      left = Math.min(left, p.x - r);
      right = Math.max(right, p.x + r);
      top = Math.min(top, p.y - r);
      bottom = Math.max(bottom, p.y + r);
    }
    this.scale = Math.min(2.5, (width - 60) / (right - left || 1), (height - 60) / (bottom - top || 1));
    this.x = width / 2 - ((left + right) / 2) * this.scale;
    this.y = height / 2 - ((top + bottom) / 2) * this.scale;
    this.draw();
  }

  draw(): void {
    const { context: c } = this;
    const ratio = window.devicePixelRatio || 1;
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, this.canvas.clientWidth, this.canvas.clientHeight);
    c.translate(this.x, this.y);
    c.scale(this.scale, this.scale);
    this.drawEdges(c);
    this.points.forEach((point, i) => this.drawPoint(c, point, i));
    this.drawNames(c);
  }

  private drawEdges(c: CanvasRenderingContext2D): void {
    for (const [i, { source, target, weight }] of this.edges.entries()) {
      const a = this.points[source]!;
      const b = this.points[target]!;
      const lit = this.over === source || this.over === target || this.line === i;
      c.strokeStyle = a.cluster !== null && a.cluster === b.cluster ? this.colour(a) : GREY;
      c.globalAlpha = lit ? 0.9 : this.over >= 0 ? 0.08 : 0.32;
      c.lineWidth = (Math.min(6, 0.6 + 0.5 * Math.log2(1 + weight)) + (this.line === i ? 2 : 0)) / Math.sqrt(this.scale);
      c.beginPath();
      c.moveTo(a.x, a.y);
      c.lineTo(b.x, b.y);
      c.stroke();
    }
    c.globalAlpha = 1;
  }

  private drawPoint(c: CanvasRenderingContext2D, point: Point, i: number): void {
    const near = this.over < 0 || this.over === i || this.neighbours[this.over]!.has(i);
    const r = this.radius(point);
    c.globalAlpha = near ? 1 : 0.2;
    c.beginPath();
    if (point.masked) c.rect(point.x - r, point.y - r, 2 * r, 2 * r);
    else c.arc(point.x, point.y, r, 0, 2 * Math.PI);
    c.fillStyle = point.masked ? "#8a949c" : this.colour(point);
    c.fill();
    c.lineWidth = (point.flagged ? 2 : 0.8) / Math.sqrt(this.scale);
    c.strokeStyle = point.flagged ? FLAG : "#fff";
    c.stroke();
    c.globalAlpha = 1;
  }

  private drawNames(c: CanvasRenderingContext2D): void {
    const ordered = this.points.map((_, i) => i).sort((a, b) => this.points[b]!.degree - this.points[a]!.degree);
    const shown = ordered.slice(0, this.scale > 1.6 ? 60 : 12);
    c.font = `${12 / this.scale}px Inter, "Noto Emoji", sans-serif`;
    c.textAlign = "center";
    c.lineWidth = 3 / this.scale;
    c.strokeStyle = "#ffffffd9";
    c.fillStyle = "#1a212b";
    for (const i of shown) {
      const point = this.points[i]!;
      if (point.masked || (this.over >= 0 && this.over !== i && !this.neighbours[this.over]!.has(i))) continue;
      const name = visible(point.label).slice(0, 24);
      const y = point.y - this.radius(point) - 4 / this.scale;
      c.strokeText(name, point.x, y);
      c.fillText(name, point.x, y);
    }
  }

  private at(event: PointerEvent): number {
    const box = this.canvas.getBoundingClientRect();
    const x = (event.clientX - box.left - this.x) / this.scale;
    const y = (event.clientY - box.top - this.y) / this.scale;
    let best = -1;
    let nearest = Infinity;
    this.points.forEach((point, i) => {
      const far = Math.hypot(point.x - x, point.y - y) - this.radius(point);
      if (far < 5 / this.scale && far < nearest) [best, nearest] = [i, far];
    });
    return best;
  }

  /** The line nearest to the pointer, if it is near; accounts come first. */
  private lineAt(event: PointerEvent): number {
    const box = this.canvas.getBoundingClientRect();
    const x = (event.clientX - box.left - this.x) / this.scale;
    const y = (event.clientY - box.top - this.y) / this.scale;
    let best = -1;
    let nearest = 5 / this.scale;
    for (const [i, { source, target }] of this.edges.entries()) {
      const a = this.points[source]!;
      const [dx, dy] = [this.points[target]!.x - a.x, this.points[target]!.y - a.y];
      const along = Math.max(0, Math.min(1, ((x - a.x) * dx + (y - a.y) * dy) / (dx * dx + dy * dy || 1)));
      const far = Math.hypot(a.x + along * dx - x, a.y + along * dy - y);
      if (far < nearest) [best, nearest] = [i, far];
    }
    return best;
  }

  private name(point: Point): string {
    return point.masked ? (this.root.dataset.masked ?? "") : visible(point.label);
  }

  /** Lights an account, a line (with `over` -1), or an account's line. */
  private hover(over: number, line = -1): void {
    if (over === this.over && line === this.line) return;
    [this.over, this.line] = [over, line];
    this.canvas.classList.toggle("over", over >= 0 || line >= 0);
    const point = this.points[over];
    const edge = this.edges[line];
    const word = this.root.dataset;
    if (edge) {
      const [a, b] = [this.points[edge.source]!, this.points[edge.target]!];
      this.tell(`${this.name(a)} – ${this.name(b)}\n${edge.weight} ${word.evidence}`, (a.x + b.x) / 2, (a.y + b.y) / 2);
    } else if (point) {
      const cluster = point.cluster === null ? "" : ` · ${word.cluster} ${point.cluster}`;
      const counts = `${point.posts} ${word.posts} · ${point.flagged} ${word.flagged} · ${point.degree} ${word.partners}`;
      this.tell(`${this.name(point)} · ${point.platform}${cluster}\n${counts}`, point.x, point.y);
    } else this.tell("", 0, 0);
    this.draw();
  }

  private tell(text: string, x: number, y: number): void {
    const tip = this.root.querySelector<HTMLElement>(".tip")!;
    tip.hidden = text === "";
    tip.textContent = text;
    tip.style.left = `${Math.max(0, Math.min(this.canvas.clientWidth - 220, x * this.scale + this.x + 14))}px`;
    tip.style.top = `${y * this.scale + this.y + 14}px`;
  }

  /** Goes to the page of what is lit: the evidence of a line, or an account. */
  private open(): void {
    const edge = this.edges[this.line];
    const point = this.points[this.over];
    if (edge) {
      const [one, other] = [this.points[edge.source]!.key, this.points[edge.target]!.key];
      location.href = (this.root.dataset.line ?? "").replace("0".repeat(20), one).replace("f".repeat(20), other);
    } else if (point) location.href = (this.root.dataset.account ?? "").replace("0".repeat(20), point.key);
  }

  private point(event: PointerEvent): void {
    const over = this.at(event);
    this.hover(over, over < 0 ? this.lineAt(event) : -1);
  }

  /** The next or previous line of the lit account, or of all. */
  private walk(by: number): void {
    const mine: number[] = [];
    for (const [i, { source, target }] of this.edges.entries()) {
      if (this.over < 0 || source === this.over || target === this.over) mine.push(i);
    }
    if (!mine.length) return;
    const at = mine.indexOf(this.line);
    this.hover(this.over, mine[at < 0 ? (by > 0 ? 0 : mine.length - 1) : (at + by + mine.length) % mine.length]);
  }

  private zoom(factor: number, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2): void {
    const next = Math.max(0.05, Math.min(12, this.scale * factor));
    this.x = x - ((x - this.x) * next) / this.scale;
    this.y = y - ((y - this.y) * next) / this.scale;
    this.scale = next;
    this.draw();
  }

  private listen(): void {
    const { canvas } = this;
    canvas.addEventListener("pointermove", (event) => {
      if (event.buttons & 1) {
        this.moved ||= Math.abs(event.movementX) + Math.abs(event.movementY) > 1;
        this.x += event.movementX;
        this.y += event.movementY;
        this.draw();
      } else this.point(event);
    });
    canvas.addEventListener("pointerdown", () => (this.moved = false));
    canvas.addEventListener("pointerleave", () => this.hover(-1));
    canvas.addEventListener("pointerup", (event) => {
      if (this.moved) return;
      this.point(event);
      this.open();
    });
    canvas.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const box = canvas.getBoundingClientRect();
        this.zoom(Math.exp(-event.deltaY / 500), event.clientX - box.left, event.clientY - box.top);
      },
      { passive: false },
    );
    canvas.addEventListener("keydown", (event) => this.key(event));
    for (const button of this.root.querySelectorAll<HTMLElement>("[data-do]")) {
      const what = button.dataset.do;
      button.addEventListener("click", () => (what === "fit" ? this.fit() : this.zoom(what === "in" ? 1.4 : 1 / 1.4)));
    }
  }

  private key(event: KeyboardEvent): void {
    const n = this.points.length;
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by && event.shiftKey) this.walk(by);
    else if (by) this.hover((Math.max(this.over, by > 0 ? -1 : 0) + by + n) % n);
    else if (event.key === "Enter") this.open();
    else if (event.key === "Escape") this.hover(-1);
    else if (event.key === "+") this.zoom(1.4);
    else if (event.key === "-") this.zoom(1 / 1.4);
    else return;
    event.preventDefault();
  }
}

/** Lays the graph out in slices of a few milliseconds, so that the page stays alive. */
function settle(picture: Picture, points: Point[], springs: readonly Spring[]): void {
  let done = 0;
  let drawn = 0;
  const slice = (): void => {
    const until = performance.now() + 24;
    while (done < STEPS && performance.now() < until) step(points, springs, 1 - done++ / STEPS);
    // Drawing ten thousand lines takes longer than a step, so not every step is drawn.
    if (done === STEPS || performance.now() - drawn > 200) {
      picture.fit();
      drawn = performance.now();
    }
    if (done < STEPS) requestAnimationFrame(slice);
    else document.documentElement.dataset.settled = "yes";
  };
  slice();
}

async function start(root: HTMLElement): Promise<void> {
  const answer = await fetch(root.dataset.source ?? "");
  if (!answer.ok) throw new Error(String(answer.status));
  const { graph } = (await answer.json()) as { graph: Graph };
  const points: Point[] = graph.nodes.map((node) => ({ ...node, x: 0, y: 0, dx: 0, dy: 0 }));
  place(points);
  root.hidden = false;
  const picture = new Picture(root, root.querySelector("canvas")!, points, graph.edges);
  settle(picture, points, graph.edges);
}

const root = document.getElementById("graph");
if (root) {
  start(root).catch(() => {
    root.hidden = false;
    root.textContent = root.dataset.failed ?? "";
  });
}
