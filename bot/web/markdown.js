// A small part of Markdown as DOM nodes: paragraphs, lists, headings, code, bold, links. Never through innerHTML.

const INLINE = /`([^`\n]+)`|\*\*(\S(?:.*?\S)?)\*\*|\[([^\]\n]+)\]\((https?:\/\/[^\s()]+(?:\([^\s()]*\)[^\s()]*)*)\)|(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]}*])/;
const ITEM = /^\s*(?:[-*•]|(\d{1,9})[.)])\s+(.*)$/;
const FENCE = /^\s*```/;
const HEADING = /^#{1,6}\s+(.*)$/;

/** An element with properties and children; a child that is a string becomes a text node. */
export function node(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

/** A link that opens beside the chat; plain text where the address is not one of the web. */
export function link(address, label, properties = {}) {
  let url;
  try {
    url = new URL(address, location.origin);
  } catch {
    return node("span", {}, label);
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") return node("span", {}, label);
  return node("a", { href: url.href, target: "_blank", rel: "noopener noreferrer", title: url.href, ...properties }, label);
}

/** The nodes of a text. */
export function markdown(text) {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const blocks = [];
  let paragraph = [];
  const close = () => {
    if (paragraph.length) blocks.push(node("p", {}, ...broken(paragraph)));
    paragraph = [];
  };
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at];
    if (FENCE.test(line)) {
      close();
      const code = [];
      while (++at < lines.length && !FENCE.test(lines[at])) code.push(lines[at]);
      blocks.push(node("pre", { tabIndex: 0 }, node("code", {}, code.join("\n"))));
    } else if (ITEM.test(line)) {
      close();
      const last = blocks.at(-1);
      const number = line.match(ITEM)[1];
      const tag = number ? "OL" : "UL";
      const isNext = last?.tagName === tag && at > 0 && ITEM.test(lines[at - 1]);
      const list = isNext ? last : node(tag.toLowerCase(), number && number !== "1" ? { start: Number(number) } : {});
      list.append(node("li", {}, ...inline(line.match(ITEM)[2])));
      if (!isNext) blocks.push(list);
    } else if (HEADING.test(line)) {
      close();
      blocks.push(node("p", {}, node("strong", {}, ...inline(line.match(HEADING)[1]))));
    } else if (line.trim() === "") {
      close();
    } else {
      paragraph.push(line);
    }
  }
  close();
  return blocks;
}

function broken(lines) {
  return lines.flatMap((line, at) => (at ? [node("br"), ...inline(line)] : inline(line)));
}

function inline(text) {
  const found = text.match(INLINE);
  if (!found) return text ? [text] : [];
  const [all, code, bold, label, address, bare] = found;
  let made;
  if (code) made = node("code", {}, code);
  else if (bold) made = node("strong", {}, ...inline(bold));
  else made = link(address ?? bare, label ?? bare);
  return [text.slice(0, found.index), made, ...inline(text.slice(found.index + all.length))].filter((piece) => piece !== "");
}
