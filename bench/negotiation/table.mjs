// Rows of figures that are filled over several rounds.

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export class Table {
  #rows = new Map();

  constructor(title, heads, note) {
    Object.assign(this, { title, heads, note });
  }

  /** One more value for a cell; a text stands for itself, and undefined for what did not come within the limit. */
  add(row, head, value) {
    const cells = this.#rows.get(row) ?? this.#rows.set(row, new Map()).get(row);
    cells.set(head, [...(cells.get(head) ?? []), value]);
  }

  /** As Markdown: median (least–most). */
  print() {
    console.log(`\n### ${this.title}\n\n| |${this.heads.map((head) => ` ${head} |`).join("")}`);
    console.log(`|${"---|".repeat(this.heads.length + 1)}`);
    for (const [row, cells] of this.#rows) {
      console.log(`| ${row} |${this.heads.map((head) => ` ${cell(cells.get(head) ?? [])} |`).join("")}`);
    }
    console.log(`\n${this.note}`);
  }
}

function cell(values) {
  const texts = values.filter((value) => typeof value === "string");
  const numbers = values.filter((value) => typeof value === "number");
  const never = values.length - texts.length - numbers.length;
  const parts = [...new Set(texts)];
  if (numbers.length > 0) {
    const [least, most] = [Math.min(...numbers), Math.max(...numbers)].map(short);
    parts.push(least === most ? least : `${short(median(numbers))} (${least}–${most})`);
  }
  if (never > 0) {
    parts.push(`never in ${never} of ${values.length}`);
  }
  return parts.join(", ");
}

function short(value) {
  return Number.isInteger(value) || value >= 100 ? value.toFixed(0) : value.toFixed(1);
}
