// As much of a document as JSONP needs, as Internet Explorer 8 has it: `attachEvent`, scripts that tell of their end by `readyState` alone.
import { get, request } from "node:http";

type Listener = () => void;

class OldElement {
  style = {};
  parentNode: OldElement | null = null;
  children: OldElement[] = [];
  name = "";
  listeners: Listener[] = [];

  constructor(
    readonly tag: string,
    protected page: OldDocument,
  ) {}

  get firstChild(): OldElement | null {
    return this.children[0] ?? null;
  }

  /** Only ever an iframe. */
  set innerHTML(html: string) {
    const frame = new OldElement("iframe", this.page);
    frame.name = /name="(\w+)"/.exec(html)?.[1] ?? "";
    this.appendChild(frame);
  }

  appendChild(child: OldElement): void {
    child.parentNode = this;
    this.children.push(child);
    child.inserted();
    child.children.filter((one) => one.tag === "iframe").forEach((frame) => frame.loadSoon());
  }

  removeChild(child: OldElement): void {
    this.children = this.children.filter((one) => one !== child);
    child.parentNode = null;
  }

  attachEvent(_name: "onload", listener: Listener): void {
    this.listeners.push(listener);
  }

  loadSoon(): void {
    setTimeout(() => this.listeners.forEach((listener) => listener()), 0);
  }

  setAttribute(): void {}

  protected inserted(): void {}
}

class OldScript extends OldElement {
  src = "";
  readyState = "loading";
  onreadystatechange: Listener | null = null;

  protected override inserted(): void {
    const end = (code: string): void => {
      this.page.run(code);
      this.readyState = "loaded";
      this.onreadystatechange?.();
    };
    get(this.src, { agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => (text += part));
      answer.on("end", () => end(answer.statusCode === 200 ? text : "")).on("error", () => end(""));
    }).on("error", () => end(""));
  }
}

class OldForm extends OldElement {
  action = "";
  target = "";

  submit(): void {
    const field = this.children[0] as OldElement & { value: string };
    const done = (): void => this.page.body.find((one) => one.tag === "iframe" && one.name === this.target)?.loadSoon();
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    const sent = request(this.action, { method: "POST", headers, agent: false }, (answer) => void answer.resume().on("end", done).on("error", done));
    sent.on("error", done).end(`${field.name}=${encodeURIComponent(field.value)}`);
  }
}

class OldBody extends OldElement {
  find(wanted: (element: OldElement) => boolean, within: OldElement = this): OldElement | undefined {
    const inside = within.children.map((child) => (wanted(child) ? child : this.find(wanted, child)));
    return inside.find((found) => found);
  }
}

export class OldDocument {
  readonly body = new OldBody("body", this);
  private head = new OldElement("head", this);
  /** Evaluates in the page, once there is one. */
  run: (code: string) => unknown = () => {};

  createElement(tag: string): OldElement {
    return tag === "script" ? new OldScript(tag, this) : tag === "form" ? new OldForm(tag, this) : new OldElement(tag, this);
  }

  getElementsByTagName(): OldElement[] {
    return [this.head];
  }
}
