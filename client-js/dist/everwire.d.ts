/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
declare function connect(url: string): {
    url: string;
};

export { connect };
