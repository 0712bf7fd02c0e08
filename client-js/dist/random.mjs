/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
/** Node 18 has no global `crypto`: for node the package takes random.node.ts instead. */
function fillRandom(bytes) {
    crypto.getRandomValues(bytes);
}

export { fillRandom };
//# sourceMappingURL=random.mjs.map
