/**
 * A force-directed layout: repulsion by a Barnes-Hut quadtree, springs along the edges, gravity to the middle.
 *
 * Source: Barnes and Hut, Nature 324 (1986); Jacomy et al., ForceAtlas2, PLOS ONE 9(6) (2014) for the linear forces.
 * The beginning is a spiral in the order of the nodes, so the same graph gives the same picture.
 */

export interface Body {
  x: number;
  y: number;
  degree: number;
  dx: number;
  dy: number;
}

export interface Spring {
  source: number;
  target: number;
  weight: number;
}

interface Cell {
  x: number;
  y: number;
  mass: number;
  size: number;
  body: number;
  children: (Cell | undefined)[] | undefined;
}

const OPENING = 0.9;
const REPULSION = 700;
const GRAVITY = 0.6;
const DEEPEST = 24;

export function place(bodies: Body[]): void {
  bodies.forEach((body, i) => {
    const angle = i * 2.399963229728653;
    const radius = 14 * Math.sqrt(i + 0.5);
    body.x = radius * Math.cos(angle);
    body.y = radius * Math.sin(angle);
  });
}

function quadrant(left: number, top: number, half: number, body: Body): number {
  return (body.x >= left + half ? 1 : 0) + (body.y >= top + half ? 2 : 0);
}

/** A cell over the bodies in `inside`, with its centre of mass. */
function tree(bodies: readonly Body[], inside: number[], left: number, top: number, size: number, depth: number): Cell {
  const cell: Cell = { x: 0, y: 0, mass: 0, size, body: -1, children: undefined };
  for (const i of inside) {
    const body = bodies[i]!;
    const mass = body.degree + 1;
    cell.x += body.x * mass;
    cell.y += body.y * mass;
    cell.mass += mass;
  }
  cell.x /= cell.mass;
  cell.y /= cell.mass;
  if (inside.length === 1) cell.body = inside[0]!;
  else if (depth < DEEPEST) {
    const half = size / 2;
    const parts: number[][] = [[], [], [], []];
    for (const i of inside) parts[quadrant(left, top, half, bodies[i]!)]!.push(i);
    cell.children = parts.map((part, q) =>
      part.length ? tree(bodies, part, left + (q & 1) * half, top + (q >> 1) * half, half, depth + 1) : undefined,
    );
  }
  return cell;
}

function repel(body: Body, self: number, cell: Cell): void {
  if (cell.body === self) return;
  const dx = body.x - cell.x;
  const dy = body.y - cell.y;
  const square = dx * dx + dy * dy + 0.01;
  if (cell.children && cell.size * cell.size > OPENING * OPENING * square) {
    for (const child of cell.children) if (child) repel(body, self, child);
    return;
  }
  const force = (REPULSION * (body.degree + 1) * cell.mass) / square;
  body.dx += dx * force;
  body.dy += dy * force;
}

/** One step; `heat` (1 to 0) bounds how far a body may move. */
export function step(bodies: Body[], springs: readonly Spring[], heat: number): void {
  if (bodies.length === 0) return;
  let left = Infinity;
  let top = Infinity;
  let size = 1;
  for (const body of bodies) {
    left = Math.min(left, body.x);
    top = Math.min(top, body.y);
  }
  for (const body of bodies) size = Math.max(size, body.x - left, body.y - top);
  const root = tree(bodies, bodies.map((_, i) => i), left, top, size * 1.001, 0);
  bodies.forEach((body, i) => {
    const pull = GRAVITY * (body.degree + 1);
    body.dx = -body.x * pull;
    body.dy = -body.y * pull;
    repel(body, i, root);
  });
  for (const { source, target, weight } of springs) {
    const a = bodies[source]!;
    const b = bodies[target]!;
    const pull = 1 + Math.log2(1 + weight);
    const dx = (b.x - a.x) * pull;
    const dy = (b.y - a.y) * pull;
    a.dx += dx;
    a.dy += dy;
    b.dx -= dx;
    b.dy -= dy;
  }
  for (const body of bodies) {
    const wanted = Math.hypot(body.dx, body.dy) / (body.degree + 1);
    const far = Math.min(wanted * 0.08, 30 * heat + 0.5);
    const scale = wanted > 0 ? far / (wanted * (body.degree + 1)) : 0;
    body.x += body.dx * scale;
    body.y += body.dy * scale;
  }
}
