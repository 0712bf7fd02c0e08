/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
function r(r){return{url:r}}export{r as connect};
//# sourceMappingURL=everwire.min.mjs.map
