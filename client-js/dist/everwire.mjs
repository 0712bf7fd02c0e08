/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
function connect(url) {
    return { url: url };
}

export { connect };
//# sourceMappingURL=everwire.mjs.map
