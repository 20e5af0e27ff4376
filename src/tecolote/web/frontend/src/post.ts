/** Links the reasons of a post with the stretches of text that they are about. */

function numbers(element: HTMLElement): string[] {
  return (element.dataset.reasons ?? element.dataset.reason ?? "").split(" ").filter(Boolean);
}

const marks = [...document.querySelectorAll<HTMLElement>("mark[data-reasons]")];
const reasons = [...document.querySelectorAll<HTMLElement>("li[data-reason]")];

function light(wanted: readonly string[]): void {
  for (const element of [...marks, ...reasons]) {
    element.classList.toggle("on", numbers(element).some((number) => wanted.includes(number)));
  }
}

for (const element of [...marks, ...reasons]) {
  const mine = numbers(element);
  for (const kind of ["mouseenter", "focusin"]) element.addEventListener(kind, () => light(mine));
  for (const kind of ["mouseleave", "focusout"]) element.addEventListener(kind, () => light([]));
}

for (const mark of marks) {
  mark.addEventListener("click", () => {
    const first = reasons.find((reason) => numbers(mark).includes(reason.dataset.reason ?? ""));
    first?.focus();
    first?.scrollIntoView({ block: "nearest" });
  });
}

for (const reason of reasons) {
  reason.addEventListener("click", () => {
    const target = marks.find((mark) => numbers(mark).includes(reason.dataset.reason ?? ""));
    target?.scrollIntoView({ block: "nearest" });
  });
}
