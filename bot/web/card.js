// The parts of a reply as DOM nodes. A button calls `press(action, target, value)`.

import { link, markdown, node } from "./markdown.js";

const MARKS = {
  done: ["✅", "Done"],
  waiting: ["⏳", "Waiting"],
  failed: ["⚠️", "Failed"],
  unknown: ["❓", "Not certain"],
  rejected: ["🚫", "Cancelled"],
  not_understood: ["💬", "Not understood"],
};

const LONG_CELL = 28;

/** The nodes of one part; `pressed` maps a target to the value that was pressed there. */
export function card(part, pressed, press) {
  const make = MAKERS[part.kind];
  return make ? make(part, pressed, press) : [];
}

const MAKERS = {
  text: (part) => markdown(part.text),
  table,
  plan,
  receipts: (part, pressed, press) => [
    node("ul", { className: "receipts" }, ...part.lines.map((line) => receipt(line, pressed, press))),
  ],
  question,
  listing,
  picture,
  connect,
  failure,
};

function plan(part, pressed, press) {
  const isGrave = part.steps.some((step) => step.effect === "destructive");
  const choice = pressed[part.approval];
  const button = (action, label, className) =>
    node("button", { type: "button", className, disabled: Boolean(choice), onclick: () => press(action, part.approval, "") }, label);
  const title = part.steps.length > 1 ? `Shall I do these ${part.steps.length} things?` : "Shall I do this?";
  return [
    node(
      "section",
      { className: isGrave ? "card plan grave" : "card plan", "aria-label": "Plan that waits for your approval" },
      node("h3", {}, title),
      node("ol", { className: "steps" }, ...part.steps.map(step)),
      node(
        "div",
        { className: "buttons" },
        button("approve", choice === "approve" ? "Approving …" : "Approve", isGrave ? "danger" : "primary"),
        button("edit", choice && choice !== "approve" && choice !== "reject" ? "Changing …" : "Edit …", ""),
        button("reject", choice === "reject" ? "Cancelling …" : "Cancel", ""),
        node("span", { className: "aside" }, "Good until ", time(part.expires_at)),
      ),
    ),
  ];
}

function step(one) {
  const isGrave = one.effect === "destructive";
  return node(
    "li",
    {},
    node("p", { className: "step" }, node("bdi", {}, one.title), isGrave ? " " : "", isGrave ? node("strong", { className: "tag" }, "Destructive") : ""),
    one.arguments.length
      ? node("dl", {}, ...one.arguments.flatMap(([name, value]) => [node("dt", {}, node("bdi", {}, name)), node("dd", {}, node("bdi", {}, value))]))
      : "",
  );
}

function receipt(line, pressed, press) {
  const [mark, word] = MARKS[line.status];
  const key = line.key && !line.text.includes(line.key) ? line.key : "";
  const wasUndone = line.undo in pressed;
  return node(
    "li",
    { className: line.status },
    node("span", { className: "mark", "aria-hidden": "true" }, mark),
    node(
      "span",
      { className: "line" },
      node("span", { className: "unseen" }, `${word}: `),
      node("bdi", {}, line.text),
      line.url ? " " : "",
      line.url ? link(line.url, key || "Open", { className: "where" }) : "",
      key && !line.url ? node("span", { className: "where" }, key) : "",
    ),
    line.undo
      ? node(
          "button",
          { type: "button", className: "small", disabled: wasUndone, "aria-label": `Undo: ${line.text}`, onclick: () => press("undo", line.undo, "") },
          wasUndone ? "Undo asked" : "Undo",
        )
      : "",
  );
}

function question(part, pressed, press) {
  const choice = pressed[part.id];
  const button = (option) =>
    node(
      "button",
      {
        type: "button",
        className: choice === option.value ? "chosen" : "",
        disabled: choice !== undefined,
        onclick: () => press("choose", part.id, option.value),
      },
      choice === option.value ? `✓ ${option.label}` : option.label,
    );
  return [
    node(
      "section",
      { className: "card question", "aria-label": "Question" },
      node("div", {}, ...markdown(part.text)),
      part.options.length ? node("div", { className: "buttons options" }, ...part.options.map(button)) : "",
    ),
  ];
}

function table(part) {
  if (!part.rows.length) return [node("p", {}, part.title ? `${part.title}: nothing found.` : "Nothing found.")];
  const cell = (text, at, row) => {
    const content = at === 0 && part.links[row] ? link(part.links[row], text || "Open") : text;
    return node("td", { className: text.length > LONG_CELL ? "long" : "" }, node("bdi", {}, content));
  };
  const caption = node("caption", {}, part.title || node("span", { className: "unseen" }, "Result"));
  return [
    node(
      "div",
      { className: "table", tabIndex: 0, role: "region", "aria-label": part.title || "Result" },
      node(
        "table",
        {},
        caption,
        node("thead", {}, node("tr", {}, ...part.columns.map((name) => node("th", { scope: "col" }, name)))),
        node("tbody", {}, ...part.rows.map((row, at) => node("tr", {}, ...row.map((text, column) => cell(text, column, at))))),
      ),
    ),
  ];
}

function listing(part, pressed, press) {
  const button = (one) =>
    node(
      "button",
      {
        type: "button",
        className: one.style === "plain" ? "small" : `small ${one.style}`,
        disabled: pressed[one.target] === (one.value || one.action),
        onclick: () => (!one.confirm || confirm(one.confirm)) && press(one.action, one.target, one.value),
      },
      one.label,
    );
  const entry = (one) =>
    node(
      "li",
      {},
      node(
        "span",
        { className: "line" },
        one.url ? link(one.url, one.text) : node("bdi", {}, one.text),
        one.detail ? node("span", { className: "aside" }, " ", node("bdi", {}, one.detail)) : "",
      ),
      ...one.buttons.map(button),
    );
  return [
    node(
      "section",
      { className: "listing" },
      part.title ? node("h3", {}, part.title) : "",
      part.entries.length ? node("ul", { className: "receipts" }, ...part.entries.map(entry)) : node("p", { className: "aside" }, part.empty),
      part.buttons.length ? node("div", { className: "buttons" }, ...part.buttons.map(button)) : "",
    ),
  ];
}

function picture(part) {
  return [
    node(
      "figure",
      {},
      part.title ? node("figcaption", {}, part.title) : "",
      node("img", { src: `data:image/png;base64,${part.png}`, alt: part.alt }),
    ),
  ];
}

function connect(part) {
  return [
    node(
      "section",
      { className: "card", "aria-label": `Connect ${part.name}` },
      node("p", {}, part.text),
      node("div", { className: "buttons" }, link(part.url, `Connect ${part.name}`, { className: "button primary" })),
    ),
  ];
}

function failure(part) {
  return [
    node(
      "section",
      { className: "card failed", "aria-label": "This did not work" },
      node("p", {}, node("span", { className: "mark", "aria-hidden": "true" }, "⚠️"), " ", part.text),
      part.next_step ? node("p", { className: "next" }, part.next_step) : "",
    ),
  ];
}

function time(moment) {
  const at = new Date(moment);
  const isToday = at.toDateString() === new Date().toDateString();
  const style = isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return node("time", { dateTime: moment }, new Intl.DateTimeFormat(undefined, style).format(at));
}
