/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
/** The transports of the default entry by name. */
type ModernName = "websocket" | "streaming" | "event_source" | "long_polling";
/** All transports by name. */
type TransportName = ModernName | "forever_iframe" | "jsonp";
/** A transport, as `everwire/websocket` and its siblings export it. */
interface Transport {
    readonly name: TransportName;
}
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
    /** The transports that may be used, in order of preference, by name or imported one by one. Default: all of the entry. */
    transports?: (ModernName | Transport)[];
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
    /** For `jsonp` on a page whose Content-Security-Policy names it in `script-src`. */
    nonce?: string;
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
/** With `everwire/legacy` all transports have names. Default: all but `jsonp`. */
type LegacyOptions = Omit<Options, "transports"> & {
    transports?: (TransportName | Transport)[];
};
/** What `everwire/binary` exports. */
interface BinaryForm {
    readonly name: "binary";
}
/** With `everwire/core` transports are imported one by one, and so is what binary in arguments needs. */
type CoreOptions = Omit<Options, "transports" | "memory"> & {
    transports: Transport[];
    binary?: BinaryForm;
};

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

/** What `volatile` and `timeout` give. */
interface Emits<Emit> {
    emit<E extends Names<Emit>>(event: E, ...args: EmitArgs<Emit, E>): void;
}
interface Asks<Emit> extends Emits<Emit> {
    emitWithAck<E extends Names<Emit>>(event: E, ...args: CallArgs<Emit, E>): Promise<Answer<Emit, E>>;
}
type AnyHandler = {
    bivariant(event: string, ...args: unknown[]): void;
}["bivariant"];
/** `const socket = connect("/everwire"); socket.on("said", text => show(text)); socket.emit("say", "hello");` */
interface Socket<Listen extends object = AnyEvents, Emit extends object = AnyEvents> {
    readonly namespace: string;
    /** From `connect` to `disconnect`: a session that is suspended is still connected. */
    connected: boolean;
    /** The server's name for this socket. */
    id: string | null;
    /** The transport in use, or null. */
    transport: string | null;
    recovered: boolean;
    auth: Auth;
    /** Emits what is only worth having now: at most once, and not at all if it cannot be sent at once. */
    readonly volatile: Emits<Emit>;
    on<E extends keyof LocalEvents>(event: E, handler: LocalEvents[E]): this;
    on<E extends Names<Listen>>(event: E, handler: Listener<Listen, E>): this;
    once<E extends keyof LocalEvents>(event: E, handler: LocalEvents[E]): this;
    once<E extends Names<Listen>>(event: E, handler: Listener<Listen, E>): this;
    /** Without a handler: all of that event; without an event: all. */
    off<E extends keyof LocalEvents>(event: E, handler?: LocalEvents[E]): this;
    off<E extends Names<Listen>>(event?: E, handler?: Listener<Listen, E>): this;
    /** Every event from the server, its name first. */
    onAny(handler: AnyHandler): this;
    offAny(handler?: AnyHandler): this;
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
}

interface Report {
    ok: boolean;
    /** Of a refusal, or `no_transport`. */
    code: string;
    why: string;
    /** Until the session was open, and for an event and its answer; null if it did not come to that. */
    openMs: number | null;
    rttMs: number | null;
}

/** One row: `why` is empty if it works; else `unavailable` (not in this environment), `failed`, `silent`, `mute`, `buffered`, `crowded`, or a code. */
interface Diagnosis extends Report {
    transport: TransportName;
}

export type { AnyEvents as A, BinaryForm as B, CoreOptions as C, Disconnected as D, Emits as E, LocalEvents as L, Options as O, Reconnection as R, Socket as S, Transport as T, Asks as a, Auth as b, EverwireError as c, RemoteError as d, Diagnosis as e, TransportName as f, LegacyOptions as g };
