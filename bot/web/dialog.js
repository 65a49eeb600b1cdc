// What opens above the conversation: the form of a plan that waits, and the home page.

import { card } from "./card.js";
import { node } from "./markdown.js";

/** Shows `content` until it is closed; gives focus back to where it was. */
function open(title, ...content) {
  const close = node("button", { type: "button", className: "quiet", "aria-label": "Close" }, "✕");
  const dialog = node("dialog", { "aria-label": title }, node("header", {}, node("h2", {}, title), close), ...content);
  const before = document.activeElement;
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    before?.focus?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** The form of a plan; `send` gets the texts that were changed, by key. */
export function edit(fields, send) {
  if (!fields.length) return open("Edit the plan", node("p", {}, "There is nothing in this plan that can be changed."));
  const inputs = new Map(fields.map((field) => [field, input(field)]));
  const steps = [...new Set(fields.map((field) => field.step))].map((step) => {
    const here = fields.filter((field) => field.step === step);
    return node(
      "fieldset",
      {},
      node("legend", {}, `${step}. ${here[0].title}`),
      ...here.map((field) => node("label", {}, node("span", {}, field.is_required ? `${field.label} *` : field.label), inputs.get(field))),
    );
  });
  const form = node(
    "form",
    { className: "fields" },
    ...steps,
    node("div", { className: "buttons" }, node("button", { type: "submit", className: "primary" }, "Show the changed plan")),
  );
  const dialog = open("Edit the plan", form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const changed = [...inputs].filter(([field, one]) => one.value !== field.value);
    dialog.close();
    if (changed.length) send(Object.fromEntries(changed.map(([field, one]) => [`${field.step}.${field.parameter}`, one.value])));
  });
  return dialog;
}

function input(field) {
  const common = { required: field.is_required, value: field.value };
  if (field.options.length) {
    const known = field.options.some((one) => one.value === field.value);
    const blank = field.is_required && known ? [] : [{ value: known ? "" : field.value, label: known ? "" : field.value }];
    const offered = [...blank, ...field.options];
    const made = node("select", { required: field.is_required }, ...offered.map((one) => node("option", { value: one.value }, one.label)));
    made.value = field.value;
    return made;
  }
  if (field.is_long) return node("textarea", { ...common, rows: 4 });
  const type = field.kind === "date" ? "date" : field.kind === "number" ? "number" : "text";
  return node("input", { ...common, type, ...(type === "number" ? { step: "any" } : {}) });
}

/** The home page; a button there closes it, and its answer stands in the conversation. */
export function home(parts, press) {
  const dialog = open("Home");
  const pressed = (action, target, value) => {
    dialog.close();
    press(action, target, value);
  };
  dialog.append(...parts.flatMap((part) => card(part, {}, pressed)));
  return dialog;
}
