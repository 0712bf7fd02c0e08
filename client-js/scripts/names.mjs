// Short names for internal properties: those that begin with an underscore. Minifiers leave property names alone, and users'
// bundlers too, so the published files have them short already.
//
// Properties that never meet in one object may share a name, which compresses better. Which meet, the interfaces and
// object literals of the source say.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";

// In the order in which code has them anyway: fewer different letters make shorter codes.
const LETTERS = "etnroacsiulfdhbpgmyvwkxSjAMONTqJCEWzLUBDFGHIKPQRVXYZ";

/** Internal property → short name, the same for all files and every time. */
export async function shortNames(folder) {
  const uses = new Map();
  const groups = [];
  const parents = new Map();
  const interfaces = new Map();
  for (const file of await sources(folder)) {
    const source = ts.createSourceFile(file, await readFile(file, "utf8"), ts.ScriptTarget.ESNext, true);
    const visit = (node) => {
      if (ts.isIdentifier(node) && isInternal(node.text)) {
        uses.set(node.text, (uses.get(node.text) ?? 0) + 1);
      }
      const members = ts.isInterfaceDeclaration(node) ? node.members : ts.isObjectLiteralExpression(node) ? node.properties : [];
      const names = members.map((member) => member.name?.getText(source) ?? "").filter(isInternal);
      if (ts.isInterfaceDeclaration(node)) {
        const own = interfaces.get(node.name.text) ?? new Set();
        names.forEach((name) => own.add(name));
        interfaces.set(node.name.text, own);
        const extended = (node.heritageClauses ?? []).flatMap((clause) => clause.types.map((type) => type.expression.getText(source)));
        parents.set(node.name.text, extended);
      } else if (names.length > 0) {
        groups.push(new Set(names));
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  const all = (name) => [...(interfaces.get(name) ?? []), ...(parents.get(name) ?? []).flatMap(all)];
  for (const name of interfaces.keys()) {
    groups.push(new Set(all(name)));
  }
  return assign(uses, groups);
}

export function isInternal(name) {
  return /^_[a-zA-Z]/.test(name);
}

/** Replaces them, as a transformer of TypeScript's. */
export function shorten(names) {
  return (context) => (source) => {
    const short = (name) => {
      if (!names.has(name.text)) {
        throw new Error(`${source.fileName}: ${name.text} is in no interface`);
      }
      return context.factory.createIdentifier(names.get(name.text));
    };
    const visit = (node) => {
      if (ts.isBindingElement(node) && !node.propertyName && ts.isIdentifier(node.name) && isInternal(node.name.text)) {
        throw new Error(`${source.fileName}: give ${node.name.text} a name of its own`);
      }
      if (ts.isShorthandPropertyAssignment(node) && isInternal(node.name.text)) {
        throw new Error(`${source.fileName}: write ${node.name.text} out`);
      }
      return ts.isIdentifier(node) && isInternal(node.text) && node.text.length > 1 && isProperty(node)
        ? short(node)
        : ts.visitEachChild(node, visit, context);
    };
    return ts.visitNode(source, visit);
  };
}

function isProperty(node) {
  const { parent } = node;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    ((ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent)) && parent.name === node) ||
    (ts.isBindingElement(parent) && parent.propertyName === node)
  );
}

function assign(uses, groups) {
  const names = new Map();
  const often = [...uses].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  for (const [name] of often) {
    const taken = new Set();
    for (const group of groups) {
      if (group.has(name)) {
        group.forEach((other) => names.has(other) && taken.add(names.get(other)));
      }
    }
    let at = 0;
    while (taken.has(nameAt(at))) {
      at++;
    }
    names.set(name, nameAt(at));
  }
  return names;
}

function nameAt(index) {
  return index < LETTERS.length ? LETTERS[index] : LETTERS[Math.floor(index / LETTERS.length) - 1] + LETTERS[index % LETTERS.length];
}

async function sources(folder) {
  const entries = await readdir(folder, { recursive: true });
  return entries
    .filter((name) => name.endsWith(".ts"))
    .sort()
    .map((name) => join(folder, name));
}
