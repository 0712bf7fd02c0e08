// As much of EventSource as the client uses: node has none.
export class EventSource {
  onmessage = null;
  onerror = null;
  #abort = new AbortController();

  constructor(url) {
    this.#read(url).catch(() => {}).then(() => this.#abort.signal.aborted || this.onerror?.());
  }

  close() {
    this.#abort.abort();
  }

  async #read(url) {
    const headers = { accept: "text/event-stream", "cache-control": "no-store" };
    const answer = await fetch(url, { headers, signal: this.#abort.signal });
    if (answer.status !== 200 || !answer.headers.get("content-type")?.startsWith("text/event-stream")) {
      return;
    }
    let rest = "";
    for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
      const events = (rest + text).split("\n\n");
      rest = events.pop();
      events.forEach((event) => this.#tell(event));
    }
  }

  #tell(event) {
    const lines = event.split("\n").filter((line) => line.startsWith("data:"));
    if (lines.length > 0 && !this.#abort.signal.aborted) {
      this.onmessage?.({ data: lines.map((line) => line.slice(5).replace(/^ /, "")).join("\n") });
    }
  }
}
