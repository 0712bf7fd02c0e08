/*! Everwire 0.1.0 | MIT OR Apache-2.0 */
(function() {
  (function(global, factory) {
    typeof exports === "object" && typeof module !== "undefined" ? factory(exports) : typeof define === "function" && define.amd ? define([ "exports" ], factory) : (global = typeof globalThis !== "undefined" ? globalThis : global || self, 
    factory(global.everwire = {}));
  })(this, function(exports) {
    function connect(url) {
      return {
        url: url
      };
    }
    exports.connect = connect;
  });
}).call(this);
//# sourceMappingURL=everwire.js.map
