/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
/** The transports of the default entry by name. */
type ModernName = "websocket" | "streaming" | "event_source" | "long_polling";
/** All transports by name. */
type TransportName = ModernName | "forever_iframe" | "jsonp";
/** A transport, as `everwire/websocket` and its siblings export it. */
interface Transport {
    /** As in `options.transports`. */
    readonly name: TransportName;
}
/** What a namespace's middleware on the server is given: any JSON value, or a function that is asked at each new session, and whenever the server wants fresh auth. */
type Auth = unknown | (() => unknown) | ((done: (auth: unknown) => void) => void);
/** How a client comes back. Pauses grow from `delay` up to `maxDelay`, each drawn at random below that. */
interface Reconnection {
    /** Rounds through all transports, after the first, before it gives up. Default: no limit. */
    attempts?: number;
    /** Milliseconds, default 500. */
    delay?: number;
    /** Milliseconds, default 10,000. */
    maxDelay?: number;
}
/** What can be set, each with its default. */
interface Options {
    /** Where the server is mounted, if the URL has no path. Default: `/everwire`. */
    path?: string;
    /** The transports that may be used, in order of preference, by name or imported one by one. Default: all of the entry. */
    transports?: (ModernName | Transport)[];
    /** Default: none. */
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
    /** How it comes back. Default: for as long as it takes. False: it does not. */
    reconnection?: Reconnection | false;
    /** For `jsonp` on a page whose Content-Security-Policy names it in `script-src`. */
    nonce?: string;
    /** A class to use instead of the global one, as that of the package `ws` in node before 22. */
    WebSocket?: unknown;
    /** A function to use instead of the global one, as one that adds certificates. */
    fetch?: unknown;
    /** A class to use instead of the global one, as that of the package `eventsource` in node. */
    EventSource?: unknown;
    /** False: a session of its own, even if one to this URL exists. Default: true. */
    multiplex?: boolean;
    /** Where to keep what was learnt of a server's transports. Default: a page's localStorage, else the memory of the process. */
    memory?: {
        /** What was set last, null or undefined if nothing was. */
        get(key: string): string | null | undefined;
        /** Keeps a short text. May throw, as storage does that is full: then it is not kept. */
        set(key: string, value: string): void;
    };
    /** How many bytes the server may send ahead of the handlers. Default: 1 MiB. */
    window?: number;
}
/** With `everwire/legacy` all transports have names. Default: all but `jsonp`. */
type LegacyOptions = Omit<Options, "transports"> & {
    /** The transports that may be used, in order of preference, by name or imported. */
    transports?: (TransportName | Transport)[];
};
/** What `everwire/binary` exports. */
interface BinaryForm {
    /** What it is. */
    readonly name: "binary";
}
/** With `everwire/core` transports are imported one by one, and so is what binary in arguments needs. */
type CoreOptions = Omit<Options, "transports" | "memory"> & {
    /** The transports that may be used, in order of preference, imported one by one. */
    transports: Transport[];
    /** What `everwire/binary` exports. Default: none, and binary cannot be sent or received. */
    binary?: BinaryForm;
};

/** A function whose parameters the caller knows better than we do. */
type Handler = {
    bivariant(...args: unknown[]): unknown;
}["bivariant"];

/** What a call or an ack can fail with. `code` is made for programs, `message` for people. */
interface EverwireError extends Error {
    /** `timeout`, `session_ended`, `too_large`, `buffer_full`, `bad_data`, …, or what the peer said, as `reserved_event` or `handler_panic`. */
    code: string;
    /** What the server gave with a refusal (`connect_error`). */
    data?: unknown;
}

/** Why a session or a namespace has ended, and how many emitted events the server has not confirmed. */
interface Disconnected {
    /** `server_disconnect`, `unknown_session`, …: one of the protocol's codes; `denied` if fresh auth was refused. */
    code: string;
    /** What the side that ended it has said, or `""`. */
    reason: string;
    /** Events of this namespace that may have arrived or not, and do not come again. */
    unconfirmed: number;
}
/** What the server says about an event that could not be handled. */
interface RemoteError {
    /** `bad_data`, `handler_error`, `handler_panic`, …: one of the protocol's codes. */
    code: string;
    /** The event's name, or null if the server did not say it. */
    event: string | null;
    /** For people; may be `""`. */
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
    /** The server could not handle an event that asked for no ack. */
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

/** What `volatile` gives. */
interface Emits<Emit> {
    /** As `emit` of the socket, without an ack. */
    emit<E extends Names<Emit>>(event: E, ...args: CallArgs<Emit, E>): void;
}
/** What `timeout` gives. */
interface Asks<Emit> {
    /** As `emit` of the socket. */
    emit<E extends Names<Emit>>(event: E, ...args: EmitArgs<Emit, E>): void;
    /** As `emitWithAck` of the socket. */
    emitWithAck<E extends Names<Emit>>(event: E, ...args: CallArgs<Emit, E>): Promise<Answer<Emit, E>>;
}
type AnyHandler = {
    bivariant(event: string, ...args: unknown[]): void;
}["bivariant"];
/** `const socket = connect("/everwire"); socket.on("said", text => show(text)); socket.emit("say", "hello");` */
interface Socket<Listen extends object = AnyEvents, Emit extends object = AnyEvents> {
    /** As in the options. */
    readonly namespace: string;
    /** From `connect` to `disconnect`: a session that is suspended is still connected. */
    connected: boolean;
    /** The server's name for this socket. */
    id: string | null;
    /** The transport in use, or null. */
    transport: string | null;
    /** For those who come from Socket.IO, and never true: a session that has survived fires `resumed`. */
    recovered: boolean;
    /** As in the options; can be set anew before `connect()`. */
    auth: Auth;
    /** Emits what is only worth having now: at most once, and not at all if it cannot be sent at once. */
    readonly volatile: Emits<Emit>;
    /** Calls the handler at each of the socket's own events of this name. */
    on<E extends keyof LocalEvents>(event: E, handler: LocalEvents[E]): this;
    /** Calls the handler at each event of this name from the server. If the server waits for an ack, the last argument is the function that gives it. */
    on<E extends Names<Listen>>(event: E, handler: Listener<Listen, E>): this;
    /** As `on`, for the next one only. */
    once<E extends keyof LocalEvents>(event: E, handler: LocalEvents[E]): this;
    /** As `on`, for the next one only. */
    once<E extends Names<Listen>>(event: E, handler: Listener<Listen, E>): this;
    /** Without a handler: all of that event; without an event: all. */
    off<E extends keyof LocalEvents>(event: E, handler?: LocalEvents[E]): this;
    /** Without a handler: all of that event; without an event: all. */
    off<E extends Names<Listen>>(event?: E, handler?: Listener<Listen, E>): this;
    /** Every event from the server, its name first. */
    onAny(handler: AnyHandler): this;
    /** Without a handler: all that were given to `onAny`. */
    offAny(handler?: AnyHandler): this;
    /**
     * Sends an event, once and in order, now or as soon as there is a connection. A function as last argument is the ack:
     * `(err, ...values)`. Throws an EverwireError if it cannot be sent at all.
     */
    emit<E extends Names<Emit>>(event: E, ...args: EmitArgs<Emit, E>): this;
    /** Resolves to the first value of the answer. */
    emitWithAck<E extends Names<Emit>>(event: E, ...args: CallArgs<Emit, E>): Promise<Answer<Emit, E>>;
    /** Bytes that were emitted and the server has not confirmed, in all namespaces of the session: above 4 MiB `emit` throws `buffer_full`. */
    bufferedBytes(): number;
    /**
     * Resolves when all that was emitted has been sent: none of it waits for a connection, or because the server's handlers are behind. `if (socket.bufferedBytes() > 1e6) { await
     * socket.drained(); }` is as fast as they are.
     */
    drained(): Promise<void>;
    /** `socket.timeout(2000).emitWithAck("add", 1, 2)`: fails with `timeout` if there is no answer within so many milliseconds. */
    timeout(ms: number): Asks<Emit>;
    /** Connects again after the end. */
    connect(): this;
    /** Leaves the namespace, after what was emitted. The last one closes the session. */
    close(): this;
}

/** One row: `why` is empty if it works; else `unavailable` (not in this environment), `failed`, `silent`, `mute`, `died`, `buffered`, `crowded`, or a code. */
interface Diagnosis {
    /** Which one was tried. */
    transport: TransportName;
    /** An event and its answer have gone over it. */
    ok: boolean;
    /** Of a refusal, or `no_transport`. */
    code: string;
    /** What is wrong, in a word. */
    why: string;
    /** Milliseconds until the session was open; null if it did not come to that. */
    openMs: number | null;
    /** Milliseconds for an event and its answer; null if there was none. */
    rttMs: number | null;
}

export type { AnyEvents as A, BinaryForm as B, CoreOptions as C, Disconnected as D, Emits as E, LocalEvents as L, ModernName as M, Options as O, Reconnection as R, Socket as S, Transport as T, Asks as a, Auth as b, EverwireError as c, RemoteError as d, Diagnosis as e, TransportName as f, LegacyOptions as g };
