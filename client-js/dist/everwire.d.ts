/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
/** The transports by name. */
type TransportName = "websocket" | "streaming" | "event_source" | "long_polling" | "forever_iframe" | "jsonp";
/** What a namespace's middleware on the server is given: any JSON value, or a function that is asked at each new session. */
type Auth = unknown | (() => unknown) | ((done: (auth: unknown) => void) => void);
/** How a client comes back. Pauses grow from `delay` up to `maxDelay`, each drawn at random below that. */
interface Reconnection {
    /** Rounds through all transports without success before it gives up. Default: no limit. */
    attempts?: number;
    /** Milliseconds, default 500. */
    delay?: number;
    /** Milliseconds, default 10,000. */
    maxDelay?: number;
}
interface Options {
    /** Where the server is mounted, if the URL has no path. Default: `/everwire`. */
    path?: string;
    /** The transports that may be used, in order of preference. Default: all but `jsonp`. */
    transports?: TransportName[];
    auth?: Auth;
    /** Default: `/`, the main one. */
    namespace?: string;
    /** Send cookies to another origin, too. Default: false. */
    withCredentials?: boolean;
    /**
     * For node: on every request, and on a WebSocket whose class was handed in and takes `{ headers }`, as that of `ws` does.
     * In a browser they make the requests to another origin need a preflight.
     */
    extraHeaders?: {
        [name: string]: string;
    };
    reconnection?: Reconnection | false;
    /** An implementation to use instead of the global one. */
    WebSocket?: unknown;
    fetch?: unknown;
    EventSource?: unknown;
    /** False: a session of its own, even if one to this URL exists. Default: true. */
    multiplex?: boolean;
    /** Where to keep what was learnt of a server's transports. Default: a page's localStorage, else the memory of the process. */
    memory?: {
        get(key: string): string | null | undefined;
        set(key: string, value: string): void;
    };
    /** How many bytes the server may send ahead of the handlers. Default: 1 MiB. */
    window?: number;
}

/** A function whose parameters the caller knows better than we do. */
type Handler = {
    bivariant(...args: unknown[]): unknown;
}["bivariant"];

/** What a call or an ack can fail with. `code` is made for programs, `message` for people. */
interface EverwireError extends Error {
    /** `timeout`, `session_ended`, `too_large`, `buffer_full`, `reserved_event`, `bad_data`, …, or what the peer said, as `handler_panic`. */
    code: string;
    /** What the server gave with a refusal (`connect_error`). */
    data?: unknown;
}

/** Why a session or a namespace has ended, and how many emitted events the server has not confirmed. */
interface Disconnected {
    code: string;
    reason: string;
    unconfirmed: number;
}
/** What the server says about an event that could not be handled. */
interface RemoteError {
    code: string;
    event: string | null;
    message: string;
}
/** The events of the socket itself. Their names cannot be emitted. */
interface LocalEvents {
    /** Once per session. */
    connect(info: {
        recovered: boolean;
    }): void;
    /** The namespace was refused, or the server cannot be reached. */
    connect_error(error: EverwireError): void;
    /** The session or the namespace has ended; never for a lost connection alone. */
    disconnect(info: Disconnected): void;
    /** The connection is lost; the session lives on, and what is emitted waits. */
    suspended(): void;
    /** The session has a connection again, and nothing was lost. */
    resumed(): void;
    /** The transport in use, whenever it changes. */
    transport(name: string): void;
    error(error: RemoteError): void;
}
/** Any name, any arguments: what holds if no types are given to `connect`. */
interface AnyEvents {
    [event: string]: Handler;
}
type Names<Events> = Extract<keyof Events, string>;
type Listener<Events, Name extends keyof Events> = Events[Name] extends Handler ? Events[Name] : never;
type Params<F> = F extends (...args: infer Args) => unknown ? Args : never;
/** The last parameter of an event that is answered: `(err, ...values)`. */
type Split<Args extends unknown[]> = Args extends [...infer Rest, infer Last] ? Last extends (error: never, ...values: infer Values) => unknown ? {
    args: Rest;
    values: Values;
} : {
    args: Args;
    values: unknown[];
} : {
    args: Args;
    values: unknown[];
};
/** The arguments of an event, with or without its ack. Where no types are given, anything. */
type EmitArgs<Events, Name extends keyof Events> = string extends keyof Events ? unknown[] : Params<Events[Name]> | Split<Params<Events[Name]>>["args"];
/** The arguments without the ack. */
type CallArgs<Events, Name extends keyof Events> = string extends keyof Events ? unknown[] : Split<Params<Events[Name]>>["args"];
/** The first value of the ack. */
type Answer<Events, Name extends keyof Events> = string extends keyof Events ? unknown : Split<Params<Events[Name]>>["values"][0];

/** A Uint8Array, or an array of numbers where typed arrays do not exist. */
type Bytes = Uint8Array | number[];

interface Packet {
    /** The letter of the table in section 2.1. */
    type: string;
    namespace: string;
    id: number | null;
    /** The JSON value, binary values put in their places; undefined if there is none. Of `n`: the two counts. */
    body: unknown;
}
/** What goes over a transport: the text form, or the binary form. */
type Data = string | Bytes;

/** A counted packet, encoded once and kept until the peer has confirmed it. */
interface Message {
    namespace: string;
    data: Data;
    size: number;
    /** Events need credit; nothing else does. */
    credited: boolean;
    /** Of an event that wants an ack. */
    id: number | null;
}

/** What a socket needs of the session it belongs to. */
interface Host {
    /** Puts the message behind all others. */
    push(message: Message): void;
    pushVolatile(data: Data): void;
    /** The largest message that is taken, and how many acks may be pending. */
    max(): number;
    acks(): number;
    /** Bytes that wait or are not confirmed. */
    queued(): number;
    later(run: () => void, ms: number): unknown;
    cancel(timer: unknown): void;
    /** Ends the session at once. */
    abort(code: string): void;
    open(socket: AnySocket): void;
    close(socket: AnySocket): void;
}
/** A socket whatever its events are. */
type AnySocket = Socket<AnyEvents, AnyEvents>;
/** What `volatile` and `timeout` give. */
interface Emits<Emit> {
    emit<E extends Names<Emit>>(event: E, ...args: EmitArgs<Emit, E>): void;
}
interface Asks<Emit> extends Emits<Emit> {
    emitWithAck<E extends Names<Emit>>(event: E, ...args: CallArgs<Emit, E>): Promise<Answer<Emit, E>>;
}
/** `const socket = connect("/everwire"); socket.on("said", text => show(text)); socket.emit("say", "hello");` */
declare class Socket<Listen extends object = AnyEvents, Emit extends object = AnyEvents> {
    private host;
    readonly namespace: string;
    auth: Auth;
    /** From `connect` to `disconnect`: a session that is suspended is still connected. */
    connected: boolean;
    /** The server's name for this socket. */
    id: string | null;
    /** The transport in use, or null. */
    transport: string | null;
    recovered: boolean;
    /** Emits what is only worth having now: at most once, and not at all if it cannot be sent at once. */
    readonly volatile: Emits<Emit>;
    /** @internal Does the user want it connected? */
    wanted: boolean;
    /** @internal Has this session been asked for the namespace? */
    joined: boolean;
    /** @internal What was emitted before that. */
    waiting: Message[];
    private waitingBytes;
    private events;
    private pending;
    private pendingCount;
    private lastId;
    constructor(host: Host, namespace: string, auth: Auth);
    on<E extends keyof LocalEvents>(event: E, handler: LocalEvents[E]): this;
    on<E extends Names<Listen>>(event: E, handler: Listener<Listen, E>): this;
    once<E extends keyof LocalEvents>(event: E, handler: LocalEvents[E]): this;
    once<E extends Names<Listen>>(event: E, handler: Listener<Listen, E>): this;
    /** Without a handler: all of that event; without an event: all. */
    off<E extends keyof LocalEvents>(event: E, handler?: LocalEvents[E]): this;
    off<E extends Names<Listen>>(event?: E, handler?: Listener<Listen, E>): this;
    /** Every event from the server, its name first. */
    onAny(handler: {
        bivariant(event: string, ...args: unknown[]): void;
    }["bivariant"]): this;
    offAny(handler?: {
        bivariant(event: string, ...args: unknown[]): void;
    }["bivariant"]): this;
    /**
     * Sends an event, once and in order, now or as soon as there is a connection. A function as last argument is the ack:
     * `(err, ...values)`. Throws an EverwireError if it cannot be sent at all.
     */
    emit<E extends Names<Emit>>(event: E, ...args: EmitArgs<Emit, E>): this;
    /** Resolves to the first value of the answer. */
    emitWithAck<E extends Names<Emit>>(event: E, ...args: CallArgs<Emit, E>): Promise<Answer<Emit, E>>;
    /** `socket.timeout(2000).emitWithAck("add", 1, 2)`: fails with `timeout` if there is no answer within so many milliseconds. */
    timeout(ms: number): Asks<Emit>;
    /** Connects again after the end. */
    connect(): this;
    /** Leaves the namespace, after what was emitted. The last one closes the session. */
    close(): this;
    /** @internal */
    fire<E extends keyof LocalEvents>(event: E, ...args: Parameters<LocalEvents[E]>): void;
    /** @internal A packet of this namespace. */
    take(packet: Packet): void;
    /** @internal */
    refuse(packet: Packet, code: string, message: string): void;
    /** @internal The namespace, or the whole session, is over. */
    end(code: string, reason: string, unconfirmed: number): void;
    /** @internal The namespace has been asked for: what has waited goes behind. */
    release(): void;
    /** @internal The server would not take this message. */
    rejected(message: Message): void;
    private ask;
    private send;
    private post;
    private handle;
    private answered;
    private settle;
    private call;
    /** An error of the user's code is the user's: it appears as uncaught, and hurts nothing here. */
    private rethrow;
}

/**
 * Connects to a namespace of a server. Several namespaces of one URL share a session.
 *
 * ```js
 * const socket = connect("https://example.com/everwire");
 * socket.on("said", text => show(text));
 * socket.emit("say", "hello");
 * ```
 */
declare function connect<Listen extends object = AnyEvents, Emit extends object = AnyEvents>(url?: string, options?: Options): Socket<Listen, Emit>;

interface Report {
    ok: boolean;
    /** Of a refusal, or `no_transport`. */
    code: string;
    why: string;
    /** Until the session was open, and for an event and its answer; null if it did not come to that. */
    openMs: number | null;
    rttMs: number | null;
}

/** One row: `why` is empty if it works; else `unavailable` (not in this environment), `failed`, `silent`, `mute`, `buffered`, or a code. */
interface Diagnosis extends Report {
    transport: TransportName;
}
/**
 * Tries each transport alone, those of `options.transports` or all, one after the other.
 *
 * ```js
 * console.table(await diagnose("https://example.com/everwire"));
 * ```
 */
declare function diagnose(url?: string, options?: Options): Promise<Diagnosis[]>;

export { Socket, connect, diagnose };
export type { AnyEvents, Asks, Auth, Diagnosis, Disconnected, Emits, EverwireError, LocalEvents, Options, Reconnection, RemoteError, TransportName };
